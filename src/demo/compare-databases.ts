import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteQualified } from '../../dialects/postgres/postgres-identifiers.ts';
import type { ComparableRow } from './merge-rows.ts';
import { mergeRows } from './merge-rows.ts';

/** One table in both databases. */
export interface TablePair {
  readonly sourceSchema: string;
  readonly sourceTable: string;
  readonly targetSchema: string;
  readonly targetTable: string;
}

/** What does not agree; values in PostgreSQL's own text form, as a row literal. */
export interface RowDifference {
  readonly table: string;
  /** `missing` in the target, `extra` in the target, or another content. */
  readonly kind: 'missing' | 'extra' | 'different' | 'no-table' | 'no-column';
  readonly key: string;
  readonly source?: string;
  readonly target?: string;
}

/** The outcome of a comparison; `rows` counts the source's. */
export interface DatabaseComparison {
  readonly equal: boolean;
  readonly tables: number;
  readonly rows: number;
  readonly differences: readonly RowDifference[];
}

/** What `compareDatabases` needs. */
export interface CompareOptions {
  /** Connections of its own; each side is read in one REPEATABLE READ transaction. */
  readonly source: ClientBase;
  readonly target: ClientBase;
  readonly tables: readonly TablePair[];
  /** Stops collecting per table here. Equality does not depend on it. */
  readonly maxDifferences?: number;
  readonly signal: AbortSignal;
}

/** Text forms depend on these; both sides get the same. */
const SESSION = `
  SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
  SET bytea_output = 'hex'; SET extra_float_digits = 1;
  BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`;

const FETCH_ROWS = 500;

/**
 * Compares tables row by row, by the text that the database itself prints, whatever the order of
 * rows. First by a checksum on either side; only where that differs are rows fetched, by cursors in
 * key order, so that memory does not grow with the tables. Columns that only the target has do not
 * count.
 */
export async function compareDatabases(options: CompareOptions): Promise<DatabaseComparison> {
  const { source, target, signal } = options;
  await Promise.all([source.query(SESSION), target.query(SESSION)]);
  try {
    const differences: RowDifference[] = [];
    let rows = 0;
    for (const pair of options.tables) {
      signal.throwIfAborted();
      const result = await compareTable(options, pair);
      rows += result.rows;
      differences.push(...result.differences);
    }
    return { equal: differences.length === 0, tables: options.tables.length, rows, differences };
  } finally {
    await Promise.all([source.query('ROLLBACK'), target.query('ROLLBACK')]);
  }
}

/** The tables of a schema, each with its namesake in the target. */
export async function listTablePairs(
  source: ClientBase,
  schema: string,
  targetSchema: string = schema,
): Promise<TablePair[]> {
  const { rows } = await source.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      ORDER BY relname`,
    [quoteIdentifier(schema)],
  );
  return rows.map(({ name }) => ({
    sourceSchema: schema,
    sourceTable: name,
    targetSchema,
    targetTable: name,
  }));
}

async function compareTable(
  { source, target, maxDifferences = 20, signal }: CompareOptions,
  pair: TablePair,
): Promise<{ rows: number; differences: RowDifference[] }> {
  const name = `${pair.sourceSchema}.${pair.sourceTable}`;
  const sourceTable = quoteQualified(pair.sourceSchema, pair.sourceTable);
  const targetTable = quoteQualified(pair.targetSchema, pair.targetTable);
  const columns = await readColumns(source, sourceTable);
  const targetColumns = new Set(
    (await readColumns(target, targetTable)).map((column) => column.name),
  );
  const names = columns.map((column) => column.name);
  const ours = await checksum(source, sourceTable, names);
  const rows = Number(ours.rows);
  if (targetColumns.size === 0) {
    return {
      rows,
      differences: [{ table: name, kind: 'no-table', key: targetTable }],
    };
  }
  const absent = names.filter((column) => !targetColumns.has(column));
  if (absent.length > 0) {
    const differences = absent.map((key) => ({ table: name, kind: 'no-column' as const, key }));
    return { rows, differences };
  }
  const theirs = await checksum(target, targetTable, names);
  if (ours.rows === theirs.rows && ours.sum === theirs.sum) {
    return { rows, differences: [] };
  }
  const keys = columns.filter((column) => column.key).map((column) => column.name);
  const differences: RowDifference[] = [];
  const left = readInKeyOrder(source, sourceTable, names, keys);
  const right = readInKeyOrder(target, targetTable, names, keys);
  for await (const difference of mergeRows(left, right)) {
    signal.throwIfAborted();
    differences.push({ table: name, ...difference });
    if (differences.length >= maxDifferences) break;
  }
  return { rows, differences };
}

interface Column {
  readonly name: string;
  readonly key: boolean;
}

async function readColumns(client: ClientBase, table: string): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `SELECT a.attname AS name, coalesce(a.attnum = ANY (i.indkey), false) AS key
       FROM pg_attribute AS a
       LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
    [table],
  );
  return rows;
}

/** `quote_nullable` keeps NULL apart from 'NULL' and fields apart from each other. */
function rowText(columns: readonly string[]): string {
  const fields = columns.map((name) => `quote_nullable(${quoteIdentifier(name)}::text)`);
  return fields.length === 0 ? `''` : `(${fields.join(` || ', ' || `)})`;
}

/** Sums 64 bits of each row's digest: the order does not matter, duplicates do. */
async function checksum(
  client: ClientBase,
  table: string,
  columns: readonly string[],
): Promise<{ rows: string; sum: string | null }> {
  const digest = `('x' || left(md5(${rowText(columns)}), 16))::bit(64)::bigint`;
  const { rows } = await client.query<{ rows: string; sum: string | null }>(
    `SELECT count(*) AS rows, sum(${digest}::numeric)::text AS sum FROM ${table}`,
  );
  return rows[0] ?? { rows: '0', sum: null };
}

/** Without a primary key the whole row is the key. */
async function* readInKeyOrder(
  client: ClientBase,
  table: string,
  columns: readonly string[],
  keys: readonly string[],
): AsyncGenerator<ComparableRow> {
  const key = rowText(keys.length > 0 ? keys : columns);
  // By the bytes of the text: the databases' own orders may differ.
  await client.query(
    `DECLARE compared NO SCROLL CURSOR FOR
      SELECT ${key} AS key, ${rowText(columns)} AS content FROM ${table}
       ORDER BY ${key} COLLATE "C"`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<ComparableRow>(`FETCH ${FETCH_ROWS} FROM compared`);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    await client.query('CLOSE compared');
  }
}
