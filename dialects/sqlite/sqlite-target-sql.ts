import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  BulkColumn,
  BulkStatement,
  BulkTarget,
  CellText,
  ColumnValues,
  SqlText,
  StateInsert,
  TargetTable,
} from '../dialect.ts';
import { quoteSqliteName, quoteSqliteTable } from './sqlite-identifiers.ts';

/*
 * A bulk statement is one of a single row, prepared once and run for each row with its values
 * bound: no number of rows meets the limit of 32,766 parameters (PITFALLS S22), and each value
 * comes with its storage class. Measured against the other way, all rows as one JSON parameter and
 * json_each, which has no bytes and makes doubles of whole numbers past 64 bits (SQLite 3.53, 12
 * columns, 5000 rows a transaction, flushed; two busy cores): insert 120-270k rows/s to 94-123k,
 * upsert of rows that are there 270-350k to 115-140k, delete 430-520k to 400-470k; CPU 2.2-3.8 µs a
 * row to 5.4-5.9, of deletes 1.1 to 1.3.
 *
 * OR ABORT takes the place of what the table itself says (UNIQUE ON CONFLICT REPLACE or IGNORE): a
 * row would go, or not come, without an error.
 *
 * Keys are compared by their bytes (COLLATE BINARY), whatever the column's collation.
 */

const names = (columns: readonly string[]): string => columns.map(quoteSqliteName).join(', ');

const tableOf = ({ table: { name } }: BulkTarget): string =>
  quoteSqliteTable(name.schema, name.table);

const isSame = (name: string): string => `${quoteSqliteName(name)} = ? COLLATE BINARY`;

/** A statement for each row; `order` says which column is the n-th parameter. */
function perRow(text: string, order: readonly number[]): BulkStatement {
  return { bind: (columns) => ({ text, ...rowByRow(columns, order) }) };
}

function rowByRow(
  columns: readonly ColumnValues[],
  order: readonly number[],
): Pick<SqlText, 'values' | 'times'> {
  const times = columns[0]?.length ?? 0;
  const width = order.length;
  const values = Array.from<string | null>({ length: times * width });
  order.forEach((column, place) => {
    const cells = columns[column] ?? [];
    for (let row = 0; row < times; row++) values[row * width + place] = cells[row] ?? null;
  });
  return { values, times };
}

const inOrder = (columns: readonly BulkColumn[]): readonly number[] => columns.map((_, i) => i);

function insertText(target: BulkTarget): string {
  const columns = names(target.columns.map(({ column }) => column.name));
  const values = target.columns.map(() => '?').join(', ');
  return `INSERT OR ABORT INTO ${tableOf(target)} (${columns}) VALUES (${values})`;
}

/** Adds rows; a row that is there already is an error of its unique index. */
export function insertSqliteRows(target: BulkTarget): BulkStatement {
  return perRow(insertText(target), inOrder(target.columns));
}

/** Adds rows; those whose key is there stay. Any other unique index is an error. */
export function insertMissingSqliteRows(target: BulkTarget): BulkStatement {
  const text = `${insertText(target)} ON CONFLICT (${names(target.key)}) DO NOTHING`;
  return perRow(text, inOrder(target.columns));
}

/** True where the row has an older position than the text `next`, or none. */
function isOlder(guard: string, next: string): string {
  const column = quoteSqliteName(guard);
  return `(${column} IS NULL OR ${column} COLLATE BINARY < ${next})`;
}

/** ON CONFLICT names the key: another unique index is never taken for it. */
export function upsertSqliteRows(target: BulkTarget): BulkStatement {
  const assignments = target.columns
    .filter(({ column }) => !target.key.includes(column.name))
    .map(({ column: { name } }) => `${quoteSqliteName(name)} = excluded.${quoteSqliteName(name)}`);
  const action = assignments.length === 0 ? 'NOTHING' : `UPDATE SET ${assignments.join(', ')}`;
  const { guard } = target;
  const where =
    guard === undefined ? '' : ` WHERE ${isOlder(guard, `excluded.${quoteSqliteName(guard)}`)}`;
  const text = `${insertText(target)} ON CONFLICT (${names(target.key)}) DO ${action}${where}`;
  return perRow(text, inOrder(target.columns));
}

/** Only the columns given are set: absent values stay as the target has them (PITFALLS S4). */
export function updateSqliteRows(target: BulkTarget): BulkStatement {
  const isKey = target.columns.map(({ column }) => target.key.includes(column.name));
  const all = inOrder(target.columns);
  const set = all.filter((i) => isKey[i] !== true);
  const key = all.filter((i) => isKey[i]);
  const nameOf = (i: number): string => target.columns[i]?.column.name ?? '';
  const first = quoteSqliteName(target.key[0] ?? '');
  // With nothing to set, the statement still tells whether the rows are there.
  const nothing = `${first} = ${first}`;
  const assignments = set.map((i) => `${quoteSqliteName(nameOf(i))} = ?`).join(', ');
  const guards = all.filter((i) => nameOf(i) === target.guard);
  const where = [
    ...key.map((i) => isSame(nameOf(i))),
    ...guards.map((i) => isOlder(nameOf(i), '?')),
  ].join(' AND ');
  const text = `UPDATE OR ABORT ${tableOf(target)} SET ${assignments || nothing} WHERE ${where}`;
  return perRow(text, [...set, ...key, ...guards]);
}

/** Removes the rows of these keys; a missing one is no error. */
export function deleteSqliteRows(target: BulkTarget): BulkStatement {
  const where = target.columns
    .map(({ column: { name } }) => (name === target.guard ? isOlder(name, '?') : isSame(name)))
    .join(' AND ');
  return perRow(`DELETE FROM ${tableOf(target)} WHERE ${where}`, inOrder(target.columns));
}

/** Says which of the rows of these keys are there, and where each stands. */
export function findSqliteRows(target: BulkTarget): BulkStatement {
  const names = target.columns.map(({ column }) => quoteSqliteName(column.name));
  const same = names.map((name, i) => `t.${name} = k.c${i} COLLATE BINARY`).join(' AND ');
  const gone =
    target.deleted === undefined
      ? '0'
      : `CASE WHEN t.${quoteSqliteName(target.deleted)} THEN 1 ELSE 0 END`;
  const position = `t.${quoteSqliteName(target.guard ?? '')}`;
  const head = `WITH k(n, ${names.map((_, i) => `c${i}`).join(', ')}) AS (VALUES `;
  const tail = `) SELECT k.n AS n, ${position} AS position, ${gone} AS gone
    FROM k CROSS JOIN ${tableOf(target)} AS t WHERE ${same}`;
  const cells = names.map(() => ', ?').join('');
  return {
    bind: (columns) => {
      const numbers = (columns[0] ?? []).map((_, row) => row);
      const rows = numbers.map((row) => `(${row}${cells})`).join(', ');
      const values = numbers.flatMap((row) => columns.map((column) => column[row] ?? null));
      return { text: head + rows + tail, values };
    },
  };
}

/** Sets columns of all rows that have a value in another; with a guard, of those that are older. */
export function updateAllSqliteRows(
  { name }: TargetTable,
  set: readonly CellText[],
  where: CellText,
  guard?: CellText,
): SqlText {
  const cell = ({ column }: CellText): string => `${quoteSqliteName(column.name)} = ?`;
  const table = quoteSqliteTable(name.schema, name.table);
  const [all, guards] = guard === undefined ? [set, []] : [[...set, guard], [guard]];
  const older = guards.map(({ column }) => ` AND ${isOlder(column.name, '?')}`).join('');
  return {
    text: `UPDATE ${table} SET ${all.map(cell).join(', ')} WHERE ${cell(where)}${older}`,
    values: [...all, where, ...guards].map(({ text }) => text),
  };
}

/** Moves the row of one key to another; a row that is there already stays, and the old one goes. */
export function moveSqliteRow(
  { name }: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
): SqlText {
  const table = quoteSqliteTable(name.schema, name.table);
  const where = key.map(isSame).join(' AND ');
  const set = key.map((column) => `${quoteSqliteName(column)} = ?`).join(', ');
  // The row that does not move is no other one.
  const isOther = key.map((column) => `${quoteSqliteName(column)} IS NOT ?`).join(' OR ');
  return {
    text:
      `DELETE FROM ${table} WHERE ${where} AND (${isOther}) ` +
      `AND EXISTS (SELECT 1 FROM ${table} WHERE ${where})`,
    values: [...from, ...to, ...to],
    next: {
      text: `UPDATE OR ABORT ${table} SET ${set} WHERE ${where}`,
      values: [...to, ...from],
    },
  };
}

/** Copies the row of one key to another; a row that is there stays, but for one with `gone`. */
export function copySqliteRow(
  { name, columns }: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
  gone: CellText,
): SqlText {
  const table = quoteSqliteTable(name.schema, name.table);
  const where = key.map(isSame).join(' AND ');
  const own = columns.filter(({ generated }) => !generated).map((column) => column.name);
  const values = own.map((column) => (key.includes(column) ? '?' : quoteSqliteName(column)));
  const given = own.flatMap((column) => {
    const i = key.indexOf(column);
    return i < 0 ? [] : [to[i] ?? null];
  });
  return {
    text:
      `DELETE FROM ${table} WHERE ${where} AND ${quoteSqliteName(gone.column.name)} = ? ` +
      `AND EXISTS (SELECT 1 FROM ${table} WHERE ${where})`,
    values: [...to, gone.text, ...from],
    next: {
      text:
        `INSERT INTO ${table} (${own.map(quoteSqliteName).join(', ')}) ` +
        `SELECT ${values.join(', ')} FROM ${table} WHERE ${where} ` +
        `AND NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where})`,
      values: [...given, ...from, ...to],
    },
  };
}

/**
 * Removes one equal row for each row given (ruling 14), by its rowid; each takes a scan, which ends
 * at the first row that is equal. Texts are compared by their bytes, nulls are equal.
 */
export function deleteOneOfEachSqliteRow(target: BulkTarget): BulkStatement {
  const table = tableOf(target);
  const address = addressOf(target.table);
  const equal = target.columns
    .map(({ column }) => `${quoteSqliteName(column.name)} IS ? COLLATE BINARY`)
    .join(' AND ');
  const first = `SELECT ${address} FROM ${table} WHERE ${equal} LIMIT 1`;
  const text = `DELETE FROM ${table} WHERE (${address}) = (${first})`;
  return perRow(text, inOrder(target.columns));
}

/**
 * What tells rows of a table apart of which the records have no key: the key that somebody gave it,
 * or the rowid, by one of its names that no column has.
 */
function addressOf({ name, columns, primaryKey }: TargetTable): string {
  if (primaryKey.length > 0) return names(primaryKey);
  const taken = new Set(columns.map((column) => column.name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((one) => !taken.has(one));
  if (free !== undefined) return free;
  const table = quoteSqliteTable(name.schema, name.table);
  throw new TidemarkError('SINK_SCHEMA', `rows of ${table} have no address: it has no key`, {
    cure: 'Give the table of the source a primary key; or rename its column rowid, _rowid_ or oid.',
  });
}

/** Rows of the sink's own tables; those that are there count on, or stay. */
export function insertSqliteState({ table, columns, rows, key, count }: StateInsert): string {
  const into = `INSERT INTO ${quoteSqliteTable(table.schema, table.table)} (${names(columns)})`;
  const counted = quoteSqliteName(count ?? '');
  const action = count === null ? 'NOTHING' : `UPDATE SET ${counted} = ${counted} + 1`;
  return `${into} VALUES ${rows.join(', ')} ON CONFLICT (${names(key)}) DO ${action}`;
}
