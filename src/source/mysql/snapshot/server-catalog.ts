import { canonicalCharset } from '../../../../dialects/mysql/ddl/character-sets.ts';
import type {
  DatabaseDefinition,
  QualifiedName,
} from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { capturedShapeOf } from '../capture/captured-shape.ts';
import type { ServerTable } from '../capture/server-tables.ts';
import { readServerTables, readToldTable } from '../capture/server-tables.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** A table as the server tells it, and what else is known of it. */
export interface ToldServerTable extends ServerTable {
  readonly definition: TableDefinition;
  /** SHOW CREATE TABLE. */
  readonly statement: string;
  readonly isCaptured: boolean;
  /** Of this incarnation of the table: when it was made. */
  readonly stamp: string;
}

/** Everything that statements of the binlog stand on. */
export interface ServerCatalog {
  /** `character_set_server=utf8mb4, collation_server=…`, as it is set. */
  readonly charset: string;
  readonly collation: string;
  readonly databases: readonly DatabaseDefinition[];
  readonly tables: readonly ToldServerTable[];
  readonly catalog: TableCatalog;
}

const SYSTEM_DATABASES = `('mysql', 'sys', 'information_schema', 'performance_schema')`;

/** The tables as the server has them now, with what is to be remembered of them. */
export async function readCatalog(
  session: MysqlQuerier,
  options: MysqlSourceOptions,
  facts: MysqlServerFacts,
  signal: AbortSignal,
): Promise<TableCatalog> {
  return (await readServerCatalog(session, options, facts, signal)).catalog;
}

/**
 * As `readCatalog`, with the statements. A table that is not captured may be one tomorrow, by a
 * rename (PITFALLS B105, B122); one that cannot be read is left out, if it is not captured.
 */
export async function readServerCatalog(
  session: MysqlQuerier,
  options: MysqlSourceOptions,
  facts: MysqlServerFacts,
  signal: AbortSignal,
): Promise<ServerCatalog> {
  const { wantsTable } = capturedShapeOf(options);
  const { databaseInclude, databaseExclude, history } = options;
  const wantsDatabase = (name: string): boolean =>
    (databaseInclude.length === 0 || databaseInclude.some((pattern) => pattern.test(name))) &&
    !databaseExclude.some((pattern) => pattern.test(name));
  const [charset, collation] = await serverCharset(session, signal);
  const databases = await readDatabases(session, signal);
  const tables: ToldServerTable[] = [];
  const stamps = await readStamps(session, signal);
  for (const table of (await readServerTables(session, signal)).toSorted(byName)) {
    const isCaptured = wantsTable(table.database, table.name);
    if (!isCaptured && history.capturedTablesOnly) continue;
    if (!isCaptured && history.capturedDatabasesOnly && !wantsDatabase(table.database)) continue;
    const told = await toldTable(session, facts, table, isCaptured, signal);
    // It was dropped since the list was made; if it is captured, the next look tells.
    const stamp = stamps.get(nameOf(table)) ?? '';
    if (told !== null) tables.push({ ...table, ...told, isCaptured, stamp });
  }
  const { lowerCaseTableNames: mode } = facts;
  const catalog = new TableCatalog(mode === 1 || mode === 2 ? mode : 0);
  for (const database of databases) catalog.putDatabase(database);
  for (const { definition } of tables) catalog.putTable(definition);
  return { charset, collation, databases, tables, catalog };
}

async function toldTable(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  table: ServerTable,
  isCaptured: boolean,
  signal: AbortSignal,
): ReturnType<typeof readToldTable> {
  try {
    return await readToldTable(session, facts, table, signal);
  } catch (error) {
    const isOurs = error instanceof TidemarkError && error.code !== 'MYSQL_CONNECTION_LOST';
    if (isCaptured || !isOurs) throw error;
    return null;
  }
}

async function serverCharset(
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<readonly [string, string]> {
  const sql = 'SELECT @@global.character_set_server, @@global.collation_server';
  const [row = []] = (await session.query(sql, signal)).rows;
  return [row[0] ?? 'utf8mb4', row[1] ?? 'utf8mb4_general_ci'];
}

async function readDatabases(
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<readonly DatabaseDefinition[]> {
  const sql =
    'SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM ' +
    `information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ${SYSTEM_DATABASES} ORDER BY 1`;
  const { rows } = await session.query(sql, signal);
  return rows.map(([name, charset, collation]) => ({
    name: name ?? '',
    charset: canonicalCharset(charset ?? 'utf8mb4'),
    collation: canonicalCharset(collation ?? 'utf8mb4_general_ci'),
  }));
}

/** As the original has them; how a server sorts names differs from one to the next. */
function byName(left: ServerTable, right: ServerTable): number {
  if (left.database !== right.database) return left.database < right.database ? -1 : 1;
  return left.name === right.name ? 0 : left.name < right.name ? -1 : 1;
}

/** What differs between two looks, as names; none: nothing was changed in between. */
export function changedTables(
  before: readonly ToldServerTable[],
  after: readonly ToldServerTable[],
): readonly string[] {
  const then = new Map(before.map((table) => [nameOf(table), shapeOf(table)]));
  const now = new Map(after.map((table) => [nameOf(table), shapeOf(table)]));
  return [...new Set([...then.keys(), ...now.keys()])].filter(
    (name) => then.get(name) !== now.get(name),
  );
}

function nameOf({ database, name }: QualifiedName): string {
  return `${database}.${name}`;
}

/** The counter of AUTO_INCREMENT rises with the rows. */
function shapeOf({ statement, stamp }: ToldServerTable): string {
  return `${stamp} ${statement.replace(/ AUTO_INCREMENT=\d+/, '')}`;
}

/** When tables were made: one that was truncated, rebuilt or exchanged is another. */
async function readStamps(
  session: MysqlQuerier,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const sql =
    'SELECT TABLE_SCHEMA, TABLE_NAME, CREATE_TIME FROM information_schema.TABLES WHERE ' +
    `TABLE_SCHEMA NOT IN ${SYSTEM_DATABASES}`;
  const { rows } = await session.query(sql, signal);
  return new Map(
    rows.map(([database, name, stamp]) => [
      nameOf({ database: database ?? '', name: name ?? '' }),
      stamp ?? '',
    ]),
  );
}

/** The stamp of one table now; null: there is none of this name. */
export async function readStamp(
  session: MysqlQuerier,
  { database, name }: QualifiedName,
  signal: AbortSignal,
): Promise<string | null> {
  const sql =
    'SELECT CREATE_TIME FROM information_schema.TABLES WHERE ' +
    `TABLE_SCHEMA = ${quotedText(database)} AND TABLE_NAME = ${quotedText(name)}`;
  const [row] = (await session.query(sql, signal)).rows;
  return row === undefined ? null : (row[0] ?? '');
}

/** The session's mode lets a backslash stand for itself or not: hexadecimal has neither. */
function quotedText(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
}
