import type { Connection, RowDataPacket } from 'mysql2/promise';
import { quoteName, quoteQualifiedName } from '../../dialects/mysql/mysql-identifiers.ts';
import type { DatabaseComparison, RowDifference } from './compare-databases.ts';
import type { ComparableRow } from './merge-rows.ts';
import { mergeRows } from './merge-rows.ts';

/** What is compared: two databases of MySQL or MariaDB, over connections of their own. */
export interface MysqlCompareOptions {
  readonly source: Connection;
  readonly target: Connection;
  readonly sourceDatabase: string;
  readonly targetDatabase: string;
  /** Stops collecting per table here. Equality does not depend on it. */
  readonly maxDifferences?: number;
  readonly signal: AbortSignal;
}

/** Text forms depend on these; both sides get the same. */
const SESSION = [
  `SET SESSION time_zone = '+00:00', sql_mode = '', group_concat_max_len = 1048576`,
  'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT',
];

const FETCH_ROWS = 500;

/**
 * Compares the tables of a database with their namesakes, by the text that the server itself
 * prints, whatever the order of rows. First by a checksum on either side; only where that differs
 * are rows fetched. Columns that only the target has do not count.
 */
export async function compareMysqlDatabases(
  options: MysqlCompareOptions,
): Promise<DatabaseComparison> {
  const { source, target, signal } = options;
  for (const client of [source, target]) for (const sql of SESSION) await client.query(sql);
  const differences: RowDifference[] = [];
  let rows = 0;
  const tables = await tablesOf(options);
  for (const table of tables) {
    signal.throwIfAborted();
    const result = await compareTable(options, table);
    rows += result.rows;
    differences.push(...result.differences);
  }
  for (const client of [source, target]) await client.query('ROLLBACK');
  return { equal: differences.length === 0, tables: tables.length, rows, differences };
}

async function tablesOf({ source, sourceDatabase }: MysqlCompareOptions): Promise<string[]> {
  const [rows] = await source.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1`,
    [sourceDatabase],
  );
  return rows.map((row) => String(row['name']));
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
}

async function columnsOf(client: Connection, database: string, table: string): Promise<Column[]> {
  const [rows] = await client.query<RowDataPacket[]>(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_KEY AS keyed
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
      ORDER BY ORDINAL_POSITION`,
    [database, table],
  );
  return rows.map((row) => ({
    name: String(row['name']),
    type: String(row['type']),
    isKey: row['keyed'] === 'PRI',
  }));
}

async function compareTable(
  options: MysqlCompareOptions,
  table: string,
): Promise<{ rows: number; differences: RowDifference[] }> {
  const { source, target, sourceDatabase, targetDatabase, maxDifferences = 20 } = options;
  const name = `${sourceDatabase}.${table}`;
  const columns = await columnsOf(source, sourceDatabase, table);
  const ours = await checksum(source, quoteQualifiedName(sourceDatabase, table), columns);
  const present = await columnsOf(target, targetDatabase, table);
  if (present.length === 0) {
    const key = `${targetDatabase}.${table}`;
    return { rows: ours.rows, differences: [{ table: name, kind: 'no-table', key }] };
  }
  const known = new Set(present.map((column) => column.name));
  const absent = columns.filter((column) => !known.has(column.name));
  if (absent.length > 0) {
    const kind = 'no-column' as const;
    const differences = absent.map((column) => ({ table: name, kind, key: column.name }));
    return { rows: ours.rows, differences };
  }
  const theirs = await checksum(target, quoteQualifiedName(targetDatabase, table), columns);
  if (ours.rows === theirs.rows && ours.sum === theirs.sum) {
    return { rows: ours.rows, differences: [] };
  }
  const differences: RowDifference[] = [];
  const left = inKeyOrder(source, quoteQualifiedName(sourceDatabase, table), columns);
  const right = inKeyOrder(target, quoteQualifiedName(targetDatabase, table), columns);
  for await (const difference of mergeRows(left, right)) {
    options.signal.throwIfAborted();
    differences.push({ table: name, ...difference });
    if (differences.length >= maxDifferences) break;
  }
  return { rows: ours.rows, differences };
}

const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);

/** QUOTE keeps NULL apart from 'NULL' and fields apart from each other. */
function rowText(columns: readonly Column[]): string {
  const fields = columns.map(({ name, type }) => {
    const column = quoteName(name);
    if (BYTES.has(type)) return `QUOTE(HEX(${column}))`;
    // Six digits would be printed otherwise, which many numbers share.
    if (type === 'float') return `QUOTE(CAST(${column} + 0e0 AS CHAR))`;
    if (type === 'bit') return `QUOTE(CAST(${column} + 0 AS CHAR))`;
    return `QUOTE(CAST(${column} AS CHAR CHARACTER SET utf8mb4))`;
  });
  return `CONCAT_WS(', ', ${fields.join(', ')})`;
}

/** Sums 64 bits of each row's digest (MySQL 9.7 has no MD5): duplicates count, the order not. */
async function checksum(
  client: Connection,
  table: string,
  columns: readonly Column[],
): Promise<{ rows: number; sum: string }> {
  const digest = `CAST(CONV(LEFT(SHA2(${rowText(columns)}, 256), 16), 16, 10) AS UNSIGNED)`;
  const [rows] = await client.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count, CAST(SUM(${digest}) AS CHAR) AS sum FROM ${table}`,
  );
  return { rows: Number(rows[0]?.['count'] ?? 0), sum: String(rows[0]?.['sum']) };
}

/** Without a primary key the whole row is the key. */
async function* inKeyOrder(
  client: Connection,
  table: string,
  columns: readonly Column[],
): AsyncGenerator<ComparableRow> {
  const keys = columns.filter(({ isKey }) => isKey);
  const key = rowText(keys.length > 0 ? keys : columns);
  // By the bytes of the text, whatever collations the columns have.
  const sql =
    `SELECT ${key} AS \`key\`, ${rowText(columns)} AS content FROM ${table} ` +
    `ORDER BY CAST(${key} AS BINARY) LIMIT ${FETCH_ROWS} OFFSET `;
  for (let offset = 0; ; offset += FETCH_ROWS) {
    const [rows] = await client.query<RowDataPacket[]>(sql + String(offset));
    for (const row of rows) yield { key: String(row['key']), content: String(row['content']) };
    if (rows.length < FETCH_ROWS) return;
  }
}
