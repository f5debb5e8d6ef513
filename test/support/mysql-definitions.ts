import { ddlDialect } from '../../dialects/mysql/ddl/ddl-dialect.ts';
import type { ServerVersion } from '../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../dialects/mysql/ddl/ddl-statement.ts';
import type { StatementContext } from '../../dialects/mysql/ddl/statement-context.ts';
import { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../dialects/mysql/ddl/table-definition.ts';

export const MARIADB: ServerVersion = { flavor: 'mariadb', version: 101_119 };
export const MYSQL: ServerVersion = { flavor: 'mysql', version: 90_704 };

/** A catalog after some statements, run in the database `g`. */
export function catalogOf(statements: readonly string[], server = MARIADB): TableCatalog {
  const catalog = new TableCatalog(0);
  for (const sql of statements) runIn(catalog, sql, server);
  return catalog;
}

export function runIn(catalog: TableCatalog, sql: string, server = MARIADB): void {
  const dialect = ddlDialect(server, 0);
  const context: StatementContext = {
    dialect,
    database: 'g',
    serverCharset: { charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    defaultCollations: {},
    explicitDefaultsForTimestamp: true,
  };
  catalog.apply(parseDdlStatement(sql, dialect), context);
}

/** The only table of a statement. */
export function tableDefinition(sql: string, server = MARIADB): TableDefinition {
  const [table] = catalogOf([sql], server).tables();
  if (table === undefined) throw new Error(`no table: ${sql}`);
  return table;
}
