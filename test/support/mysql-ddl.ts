import { columnTypeText } from '../../dialects/mysql/ddl/column-types.ts';
import { DdlCursor } from '../../dialects/mysql/ddl/ddl-cursor.ts';
import type { DdlDialect } from '../../dialects/mysql/ddl/ddl-dialect.ts';
import { ddlDialect } from '../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../dialects/mysql/ddl/ddl-statement.ts';
import type { StatementContext } from '../../dialects/mysql/ddl/statement-context.ts';
import type { CatalogChange } from '../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import type {
  ColumnDefinition,
  TableDefinition,
} from '../../dialects/mysql/ddl/table-definition.ts';

export const MYSQL: DdlDialect = ddlDialect({ flavor: 'mysql', version: 90_704 }, 0);
export const MYSQL57: DdlDialect = ddlDialect({ flavor: 'mysql', version: 50_722 }, 0);
export const MARIADB: DdlDialect = ddlDialect({ flavor: 'mariadb', version: 101_119 }, 0);

/** A statement in the database `shop` of a server with latin1, where nothing else is said. */
export function statementContext(
  dialect: DdlDialect,
  given: Partial<StatementContext> = {},
): StatementContext {
  return {
    dialect,
    database: 'shop',
    serverCharset: { charset: 'latin1', collation: 'latin1_swedish_ci' },
    defaultCollations: {},
    explicitDefaultsForTimestamp: true,
    ...given,
  };
}

/** Applies statements one after the other; returns what the last one did. */
export function applyAll(
  catalog: TableCatalog,
  statements: readonly string[],
  context: StatementContext,
): CatalogChange[] {
  let changes: CatalogChange[] = [];
  for (const text of statements) {
    changes = catalog.apply(parseDdlStatement(text, context.dialect), context);
  }
  return changes;
}

/** The table `t` of `shop` after these statements. */
export function tableAfter(
  statements: readonly string[],
  dialect: DdlDialect,
  given: Partial<StatementContext> = {},
): TableDefinition {
  const catalog = new TableCatalog(0);
  applyAll(catalog, statements, statementContext(dialect, given));
  const table = catalog.table('shop', 't');
  if (table === undefined) throw new Error('there is no table t');
  return table;
}

/** A table in the words of SHOW CREATE TABLE, a line for each column and key. */
export function described(table: TableDefinition, dialect: DdlDialect): string[] {
  return [
    ...table.columns.map((column) => describedColumn(column, table, dialect)),
    ...table.keys.map(({ kind, name, parts }) => {
      const columns = parts.map(({ column, length }) =>
        length === null ? column : `${column}(${length})`,
      );
      return `${kind} ${name} (${columns.join(',')})`;
    }),
  ];
}

function describedColumn(
  column: ColumnDefinition,
  table: TableDefinition,
  dialect: DdlDialect,
): string {
  const { type, default: value } = column;
  const words = [column.name, columnTypeText(type, dialect)];
  if (type.collation !== null && type.collation !== table.collation) words.push(type.collation);
  if (column.generated !== null) words.push(column.generated);
  if (!column.nullable) words.push('not null');
  if (value?.kind === 'now') words.push(`default now(${value.fraction})`);
  else if (value?.kind === 'expression') words.push(`default (${value.text})`);
  else if (value !== null) words.push(`default '${value.text}'`);
  if (column.onUpdateNow !== null) words.push(`on update now(${column.onUpdateNow})`);
  if (column.autoIncrement) words.push('auto_increment');
  if (column.invisible) words.push('invisible');
  if (column.comment !== '') words.push(`comment ${column.comment}`);
  return words.join(' ');
}

/** A cursor at the beginning of a text. */
export function cursorOn(text: string, dialect: DdlDialect = MYSQL): DdlCursor {
  return new DdlCursor(text, dialect);
}
