import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import type { QualifiedName } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { named } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** A table of the server, as its statistics have it. */
export interface ServerTable extends QualifiedName {
  /** Null: the server cannot open the table. */
  readonly engine: string | null;
  /** An estimate of most engines. */
  readonly estimatedRows: number;
}

const SYSTEM_DATABASES = `('mysql', 'sys', 'information_schema', 'performance_schema')`;
const NO_SUCH_TABLE = '(error 1146,';

/** The tables that the account can see, without those of the system, by their names. */
export async function readServerTables(
  session: MysqlQuerier,
  signal?: AbortSignal,
): Promise<readonly ServerTable[]> {
  const sql =
    'SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_ROWS FROM information_schema.TABLES WHERE ' +
    `TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ` +
    `${SYSTEM_DATABASES} ORDER BY 1, 2`;
  const { rows } = await session.query(sql, signal);
  return rows.map(([database, name, engine = null, estimate]) => ({
    database: database ?? '',
    name: name ?? '',
    engine,
    estimatedRows: Number(estimate ?? 0),
  }));
}

/**
 * A table's definition as the server tells it now, through the same parser that reads statements of
 * the binlog, so that both ways lead to the same definition; null: there is no such table any more.
 * @throws MYSQL_PERMISSION, and CONFIG_UNSUPPORTED where it is not understood
 */
export async function readDefinition(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  { database, name }: QualifiedName,
  signal?: AbortSignal,
): Promise<TableDefinition | null> {
  const told = await readToldTable(session, facts, { database, name }, signal);
  return told?.definition ?? null;
}

/** A definition with the statement that the server tells it by. */
export interface ToldTable {
  readonly definition: TableDefinition;
  readonly statement: string;
}

/** As `readDefinition`, with the statement. */
export async function readToldTable(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  { database, name }: QualifiedName,
  signal?: AbortSignal,
): Promise<ToldTable | null> {
  const sql = `SHOW CREATE TABLE ${quotedName(database)}.${quotedName(name)}`;
  const statement = await createStatement(session, sql, signal);
  if (statement === null) return null;
  const catalog = new TableCatalog(lowerCaseOf(facts));
  const dialect = ddlDialect(facts, 0);
  const [change] = catalog.apply(parseDdlStatement(statement, dialect), {
    dialect,
    database,
    // All that a table has is said in the statement; this stands where it says nothing.
    serverCharset: { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    defaultCollations: {},
    explicitDefaultsForTimestamp: true,
  });
  if (change?.kind === 'created') {
    return { definition: { ...change.table, database, name }, statement };
  }
  const reason = change?.kind === 'uncertain' ? change.reason : 'it is no table';
  throw new TidemarkError(
    'CONFIG_UNSUPPORTED',
    `the definition of ${database}.${name} is not understood: ${reason}`,
    { cure: 'Leave the table out (table.exclude.list), and report the output of ' + sql },
  );
}

async function createStatement(
  session: MysqlQuerier,
  sql: string,
  signal?: AbortSignal,
): Promise<string | null> {
  try {
    const [row] = named(await session.query(sql, signal));
    return row?.get('create table') ?? null;
  } catch (error) {
    if (error instanceof TidemarkError && error.message.includes(NO_SUCH_TABLE)) return null;
    throw error;
  }
}

function lowerCaseOf({ lowerCaseTableNames }: MysqlServerFacts): 0 | 1 | 2 {
  return lowerCaseTableNames === 1 || lowerCaseTableNames === 2 ? lowerCaseTableNames : 0;
}

/** A name in backquotes. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
