import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  BulkColumn,
  BulkStatement,
  BulkTarget,
  CellText,
  SqlText,
  StateInsert,
  TargetColumn,
  TargetTable,
} from '../dialect.ts';
import type { RowsStatement, StagingStatement } from './duckdb-cells.ts';
import { castOf, overRows } from './duckdb-cells.ts';
import { quoteDuckdbName, quoteDuckdbTable } from './duckdb-identifiers.ts';

const nameOf = ({ name }: TargetTable): string => quoteDuckdbTable(name.schema, name.table);

const names = (columns: readonly string[]): string => columns.map(quoteDuckdbName).join(', ');

/** The row of the target and the row of cells have the same key. */
function sameKey({ columns, key }: BulkTarget): string {
  return columns
    .flatMap(({ column }, i) =>
      key.includes(column.name) ? [`t.${quoteDuckdbName(column.name)} = s.c${i}`] : [],
    )
    .join(' AND ');
}

/** The same key, and the row of the target has an older position, or none. */
function sameKeyAndOlder(target: BulkTarget): string {
  const at = target.columns.findIndex(({ column }) => column.name === target.guard);
  if (at < 0 || target.guard === undefined) return sameKey(target);
  const stored = `t.${quoteDuckdbName(target.guard)}`;
  return `${sameKey(target)} AND (${stored} IS NULL OR ${stored} < s.c${at})`;
}

function insertText(target: BulkTarget, rows: string): string {
  const columns = names(target.columns.map(({ column }) => column.name));
  const cells = target.columns.map((_, i) => `s.c${i}`).join(', ');
  return `INSERT INTO ${nameOf(target.table)} (${columns}) SELECT ${cells} FROM ${rows} AS s`;
}

/** Adds rows; a row that is there already is an error of its unique index. */
export function insertDuckdbRows(target: BulkTarget): StagingStatement {
  return overRows(target.columns, { text: (rows) => insertText(target, rows) });
}

/** Adds rows; those whose key is there stay. Any other unique index is an error. */
export function insertMissingDuckdbRows(target: BulkTarget): BulkStatement {
  const conflict = `ON CONFLICT (${names(target.key)}) DO NOTHING`;
  return overRows(target.columns, { text: (rows) => `${insertText(target, rows)} ${conflict}` });
}

/**
 * Rows that are whole take the place of those with their keys: DELETE and INSERT. ON CONFLICT and
 * MERGE fetch each row that they update by its address, which took 70 to 200 times as long where
 * keys are spread over five million rows. Where the table has more columns, or other tables refer
 * to its rows, those that are there are updated, and the others added.
 */
export function upsertDuckdbRows(target: BulkTarget): BulkStatement {
  const { table, columns, guard } = target;
  const given = new Set(columns.map(({ column }) => column.name));
  const isWhole = table.columns.every(({ name, generated }) => generated || given.has(name));
  const isReplaced = isWhole && !table.referenced;
  const isThere = `EXISTS (SELECT 1 FROM ${nameOf(table)} AS t WHERE ${sameKey(target)})`;
  // Behind the DELETE of all these keys nothing is there.
  const rest = isReplaced && guard === undefined ? '' : ` WHERE NOT ${isThere}`;
  const insert = { text: (rows: string) => insertText(target, rows) + rest };
  const statement = isReplaced
    ? overRows(columns, deleteOf(target), insert)
    : overRows(columns, updateOf(target), insert);
  // Without an index of the key nothing would refuse a row that is there.
  if (!isUnique(target)) return statement;
  return { ...statement, fresh: { name: insertText(target, ''), ...insertDuckdbRows(target) } };
}

function isUnique({ table, key }: BulkTarget): boolean {
  const names = new Set(key);
  return table.uniqueKeys.some(
    (columns) => columns.length === names.size && columns.every((name) => names.has(name)),
  );
}

function deleteOf(target: BulkTarget): RowsStatement {
  const isNeeded = ({ column: { name } }: BulkColumn): boolean =>
    target.key.includes(name) || name === target.guard;
  const columns = target.columns.filter(isNeeded);
  return {
    text: (rows) => deleteText({ ...target, columns }, rows),
    columns: target.columns.flatMap((column, i) => (isNeeded(column) ? [i] : [])),
  };
}

function deleteText(target: BulkTarget, rows: string): string {
  const where = sameKeyAndOlder(target);
  return `DELETE FROM ${nameOf(target.table)} AS t USING ${rows} AS s WHERE ${where}`;
}

/** Updates existing rows only; a row of nothing but its key is found, and stays as it is. */
export function updateDuckdbRows(target: BulkTarget): BulkStatement {
  return overRows(target.columns, updateOf(target));
}

function updateOf(target: BulkTarget): RowsStatement {
  const assignments = target.columns.flatMap(({ column }, i) =>
    target.key.includes(column.name) ? [] : [`${quoteDuckdbName(column.name)} = s.c${i}`],
  );
  const table = nameOf(target.table);
  const where = sameKeyAndOlder(target);
  return {
    text: (rows) =>
      assignments.length === 0
        ? `SELECT 1 FROM ${table} AS t, ${rows} AS s WHERE ${where}`
        : `UPDATE ${table} AS t SET ${assignments.join(', ')} FROM ${rows} AS s WHERE ${where}`,
  };
}

/** Removes the rows of these keys; a missing one is no error. */
export function deleteDuckdbRows(target: BulkTarget): BulkStatement {
  const names = target.columns.map(({ column }) => column.name);
  const key = names.filter((name) => name !== target.guard);
  return overRows(target.columns, { text: (rows) => deleteText({ ...target, key }, rows) });
}

/** The number of a row among those of a statement, as a column of its own. */
const NUMBER: BulkColumn = {
  plain: true,
  column: {
    name: 'n',
    type: 'INTEGER',
    castType: 'INTEGER',
    isArray: false,
    notNull: true,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  },
};

/** Says which of the rows of these keys are there, and where each stands. */
export function findDuckdbRows(target: BulkTarget): BulkStatement {
  const { columns, table, guard = '', deleted } = target;
  const gone =
    deleted === undefined ? '0' : `CASE WHEN t.${quoteDuckdbName(deleted)} THEN 1 ELSE 0 END`;
  const position = `t.${quoteDuckdbName(guard)}`;
  const asked = `s.c${columns.length} AS n, ${position} AS position, ${gone} AS gone`;
  const numbered = overRows([...columns, NUMBER], {
    text: (rows) =>
      `SELECT ${asked} FROM ${rows} AS s JOIN ${nameOf(table)} AS t ON ${sameKey(target)}`,
  });
  return {
    bind: (cells) => numbered.bind([...cells, (cells[0] ?? []).map((_, row) => String(row))]),
  };
}

/** Sets columns of all rows that have a value in another; with a guard, of those that are older. */
export function updateAllDuckdbRows(
  table: TargetTable,
  set: readonly CellText[],
  where: CellText,
  guard?: CellText,
): SqlText {
  const all = guard === undefined ? [...set, where] : [...set, guard, where];
  const cells = all.map(
    ({ column }, i) => `${quoteDuckdbName(column.name)} = ${castOf(column, `$${i + 1}`)}`,
  );
  const assignments = cells.slice(0, -1).join(', ');
  const stored = quoteDuckdbName(guard?.column.name ?? '');
  const older =
    guard === undefined ? '' : ` AND (${stored} IS NULL OR ${stored} < $${set.length + 1})`;
  return {
    text: `UPDATE ${nameOf(table)} SET ${assignments} WHERE ${cells.at(-1) ?? ''}${older}`,
    values: all.map(({ text }) => text),
  };
}

/** Moves the row of one key to another; a row that is there already stays, and the old one goes. */
export function moveDuckdbRow(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
): SqlText {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const same = (at: number): string[] =>
    key.map((name, i) => {
      const column = columns.get(name);
      const cell = column === undefined ? `$${at + i}` : castOf(column, `$${at + i}`);
      return `${quoteDuckdbName(name)} = ${cell}`;
    });
  const isOld = same(1).join(' AND ');
  const isNew = same(1 + key.length).join(' AND ');
  const values = [...from, ...to];
  // A row that does not move is no other one.
  const rest = `AND NOT (${isNew}) AND EXISTS (SELECT 1 FROM ${nameOf(table)} WHERE ${isNew})`;
  return {
    text: `DELETE FROM ${nameOf(table)} WHERE ${isOld} ${rest}`,
    values,
    next: {
      text: `UPDATE ${nameOf(table)} SET ${same(1 + key.length).join(', ')} WHERE ${isOld}`,
      values,
    },
  };
}

/** Copies the row of one key to another; a row that is there stays, but for one with `gone`. */
export function copyDuckdbRow(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
  gone: CellText,
): SqlText {
  const own = table.columns.filter(({ generated }) => !generated);
  const cellOf = (column: TargetColumn, at: number): string =>
    castOf(column, `$${at + key.indexOf(column.name)}`);
  const same = (at: number): string =>
    own
      .filter(({ name }) => key.includes(name))
      .map((column) => `${quoteDuckdbName(column.name)} = ${cellOf(column, at)}`)
      .join(' AND ');
  const [isOld, isNew] = [same(1), same(1 + key.length)];
  const isGone =
    `${quoteDuckdbName(gone.column.name)} = ` + castOf(gone.column, `$${1 + 2 * key.length}`);
  const columns = own.map(({ name }) => quoteDuckdbName(name)).join(', ');
  const values = own.map((column) =>
    key.includes(column.name) ? cellOf(column, 1 + key.length) : quoteDuckdbName(column.name),
  );
  return {
    text:
      `DELETE FROM ${nameOf(table)} WHERE ${isNew} AND ${isGone} ` +
      `AND EXISTS (SELECT 1 FROM ${nameOf(table)} WHERE ${isOld})`,
    values: [...from, ...to, gone.text],
    next: {
      text:
        `INSERT INTO ${nameOf(table)} (${columns}) ` +
        `SELECT ${values.join(', ')} FROM ${nameOf(table)} WHERE ${isOld} ` +
        `AND NOT EXISTS (SELECT 1 FROM ${nameOf(table)} WHERE ${isNew})`,
      values: [...from, ...to],
    },
  };
}

/** Values that DuckDB holds equal and that are not: 0 and -0, a month and thirty days. */
const EQUAL_BUT_OTHER = /FLOAT|DOUBLE|INTERVAL/;

function isEqual({ name, type }: TargetColumn, i: number): string {
  const [mine, theirs] = [`b.${quoteDuckdbName(name)}`, `s.c${i}`];
  const text = (value: string): string =>
    EQUAL_BUT_OTHER.test(type) ? `CAST(${value} AS VARCHAR)` : value;
  return `${text(mine)} IS NOT DISTINCT FROM ${text(theirs)}`;
}

/**
 * Removes one equal row for each row given (ruling 14), by its rowid: as many of the equal rows of
 * the table as there are equal rows given. Nulls are equal.
 */
export function deleteOneOfEachDuckdbRow(target: BulkTarget): BulkStatement {
  const { table, columns } = target;
  checkAddress(table);
  const cells = columns.map((_, i) => `c${i}`).join(', ');
  const groups = columns.map(({ column: { type } }, i) =>
    EQUAL_BUT_OTHER.test(type) ? `CAST(c${i} AS VARCHAR)` : `c${i}`,
  );
  const given = (rows: string): string =>
    `(SELECT ${columns.map((_, i) => `first(c${i}) AS c${i}`).join(', ')},
    count(*) AS m, row_number() OVER () AS g FROM (SELECT ${cells} FROM ${rows})
    GROUP BY ${groups.join(', ')})`;
  const equal = columns.map(({ column }, i) => isEqual(column, i)).join(' AND ');
  const text = (
    rows: string,
  ): string => `DELETE FROM ${nameOf(table)} WHERE rowid IN (SELECT r FROM (
  SELECT b.rowid AS r, s.m, row_number() OVER (PARTITION BY s.g ORDER BY b.rowid) AS n
  FROM ${nameOf(table)} AS b JOIN ${given(rows)} AS s ON ${equal}) WHERE n <= m)`;
  return overRows(columns, { text });
}

/** A column of that name would stand before the address. */
function checkAddress(table: TargetTable): void {
  if (!table.columns.some(({ name }) => name.toLowerCase() === 'rowid')) return;
  throw new TidemarkError(
    'SINK_SCHEMA',
    `rows of ${nameOf(table)} have no address: it has no key`,
    {
      cure: 'Give the table of the source a primary key; or rename its column rowid.',
    },
  );
}

/** Rows of the sink's own tables; those that are there count on, or stay. */
export function insertDuckdbState({ table, columns, rows, key, count }: StateInsert): string {
  const name = quoteDuckdbTable(table.schema, table.table);
  const counted = quoteDuckdbName(count ?? '');
  const action = count === null ? 'NOTHING' : `UPDATE SET ${counted} = t.${counted} + 1`;
  const into = `INSERT INTO ${name} AS t (${names(columns)}) VALUES ${rows.join(', ')}`;
  return `${into} ON CONFLICT (${names(key)}) DO ${action}`;
}
