import { randomUUID } from 'node:crypto';
import type {
  BulkColumn,
  BulkStatement,
  BulkTarget,
  CellText,
  ColumnValues,
  SqlText,
  StateInsert,
  TargetColumn,
  TargetTable,
} from '../dialect.ts';
import { arrayLiteral } from './postgres-array-literal.ts';
import { COPY_SOURCE, copyLine, stagingTable } from './postgres-staging.ts';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './postgres-identifiers.ts';

/*
 * Each bulk statement has one parameter per column: an array of all its values, in the server's own
 * text. So the number of rows never meets the limit of 65,535 parameters (PITFALLS S22), and one
 * text serves batches of every size. A column that is itself an array travels as text[] and is cast
 * row by row: unnest would flatten it.
 */

const names = (columns: readonly string[]): string => columns.map(quoteIdentifier).join(', ');

const qualified = (target: BulkTarget): string =>
  quoteQualified(target.table.name.schema, target.table.name.table);

/** `unnest($1::bigint[], $2::text[]) AS u(c0, c1)` */
function source(columns: readonly BulkColumn[]): string {
  return `${arrays(columns)} AS u(${columns.map((_, i) => `c${i}`).join(', ')})`;
}

/** The same with the number of each row from 1, which is called `n`. */
function numberedSource(columns: readonly BulkColumn[]): string {
  const cells = columns.map((_, i) => `c${i}`).join(', ');
  return `${arrays(columns)} WITH ORDINALITY AS u(${cells}, n)`;
}

function arrays(columns: readonly BulkColumn[]): string {
  const parameters = columns.map(({ column }, i) => `$${i + 1}::${transportType(column)}[]`);
  return `unnest(${parameters.join(', ')})`;
}

/**
 * The element type that a column's values travel as. Amounts of money travel as numbers: what their
 * text means depends on lc_monetary. The delimiter of boxes is not a comma.
 */
function transportType({ castType, isArray }: TargetColumn): string {
  if (isArray || castType === 'box') return 'text';
  return castType === 'money' ? 'numeric' : castType;
}

function value({ column }: BulkColumn, index: number): string {
  const { castType, isArray } = column;
  const name = `u.c${index}`;
  if (castType === 'money[]') return `${name}::numeric[]::money[]`;
  return isArray || transportType(column) !== castType ? `${name}::${castType}` : name;
}

/** Of a statement that may be built over any source of rows `u`. */
function stageable(
  textOver: (rows: string) => string,
  columns: readonly BulkColumn[],
): BulkStatement {
  const text = textOver(source(columns));
  const types = columns.map(({ column }) => transportType(column));
  const { table, create, copy } = stagingTable(types, text);
  const copied = { table, create, copy, apply: textOver(`${table} AS u`), line: copyLine(columns) };
  return { ...bulk(text, columns), copied };
}

/**
 * With a COPY into the table, for rows that are new. Only of an upsert: it names a conflict, so
 * that no rule stands on the table, which COPY would pass over. And only where each value goes in
 * as it is: what the text of an amount of money means depends on lc_monetary.
 */
function withAdded(statement: BulkStatement, target: BulkTarget): BulkStatement {
  const { columns, guard } = target;
  const asIs = columns.every(({ column }) => !column.castType.startsWith('money'));
  if (guard !== undefined || !asIs) return statement;
  const listed = names(columns.map(({ column }) => column.name));
  const copy = `COPY ${qualified(target)} (${listed}) ${COPY_SOURCE}`;
  return { ...statement, added: { copy, line: copyLine(columns) } };
}

function bulk(text: string, columns: readonly BulkColumn[]): BulkStatement {
  return {
    bind: (rows: readonly ColumnValues[]) => ({
      text,
      values: columns.map(({ plain }, i) => arrayLiteral(rows[i] ?? [], plain)),
    }),
  };
}

function insertText(target: BulkTarget, source: string): string {
  // What stands there already has a name of its own where it is compared.
  const alias = target.guard === undefined ? '' : ' AS old';
  const overriding = target.columns.some(({ column }) => column.identityAlways)
    ? ' OVERRIDING SYSTEM VALUE'
    : '';
  const columns = names(target.columns.map(({ column }) => column.name));
  const values = target.columns.map(value).join(', ');
  const rows = `SELECT ${values} FROM ${source}`;
  return `INSERT INTO ${qualified(target)}${alias} (${columns})${overriding} ${rows}`;
}

/** Adds rows; a row that is there already is an error of its unique index. */
export function insertStatement(target: BulkTarget): BulkStatement {
  return stageable((rows) => insertText(target, rows), target.columns);
}

/** Adds rows; those whose key is there stay. Any other unique index is an error. */
export function insertMissingStatement(target: BulkTarget): BulkStatement {
  const tail = ` ON CONFLICT (${names(target.key)}) DO NOTHING`;
  return stageable((rows) => insertText(target, rows) + tail, target.columns);
}

/** True where the row `old` has an older position than the text `next`, or none. */
function isOlder(old: string, guard: string, next: string): string {
  const column = `${old}.${quoteIdentifier(guard)}`;
  return `(${column} IS NULL OR ${column} COLLATE "C" < ${next} COLLATE "C")`;
}

/** ON CONFLICT names the key: another unique index is never taken for it. */
export function upsertStatement(target: BulkTarget): BulkStatement {
  const settable = target.columns.filter(
    ({ column }) => !target.key.includes(column.name) && !column.identityAlways,
  );
  const assignments = settable.map(
    ({ column }) => `${quoteIdentifier(column.name)} = EXCLUDED.${quoteIdentifier(column.name)}`,
  );
  const action = assignments.length === 0 ? 'NOTHING' : `UPDATE SET ${assignments.join(', ')}`;
  const { guard } = target;
  const where =
    guard === undefined
      ? ''
      : ` WHERE ${isOlder('old', guard, `EXCLUDED.${quoteIdentifier(guard)}`)}`;
  const tail = ` ON CONFLICT (${names(target.key)}) DO ${action}${where}`;
  return withAdded(
    stageable((rows) => insertText(target, rows) + tail, target.columns),
    target,
  );
}

/** Only the columns given are set: absent values stay as the target has them (PITFALLS S4). */
export function updateStatement(target: BulkTarget): BulkStatement {
  const assignments: string[] = [];
  const conditions: string[] = [];
  target.columns.forEach((entry, i) => {
    const name = quoteIdentifier(entry.column.name);
    if (target.key.includes(entry.column.name)) conditions.push(`t.${name} = ${value(entry, i)}`);
    else if (!entry.column.identityAlways) assignments.push(`${name} = ${value(entry, i)}`);
    if (entry.column.name === target.guard) {
      conditions.push(isOlder('t', target.guard, value(entry, i)));
    }
  });
  // With nothing to set, the statement still tells whether the rows are there.
  const key = quoteIdentifier(target.key[0] ?? '');
  const set = assignments.length === 0 ? `${key} = t.${key}` : assignments.join(', ');
  const rows = `FROM ${source(target.columns)} WHERE ${conditions.join(' AND ')}`;
  const text = `UPDATE ${qualified(target)} AS t SET ${set} ${rows}`;
  return bulk(text, target.columns);
}

/** Removes the rows of these keys; a missing one is no error. */
export function deleteByKeyStatement(target: BulkTarget): BulkStatement {
  const conditions = target.columns.map((entry, i) =>
    entry.column.name === target.guard
      ? isOlder('t', target.guard, value(entry, i))
      : `t.${quoteIdentifier(entry.column.name)} = ${value(entry, i)}`,
  );
  const rows = `USING ${source(target.columns)} WHERE ${conditions.join(' AND ')}`;
  const text = `DELETE FROM ${qualified(target)} AS t ${rows}`;
  return bulk(text, target.columns);
}

/** Says which of the rows of these keys are there, and where each stands. */
export function findStatement(target: BulkTarget): BulkStatement {
  const same = target.columns.map(
    (entry, i) => `t.${quoteIdentifier(entry.column.name)} = ${value(entry, i)}`,
  );
  const gone =
    target.deleted === undefined
      ? '0'
      : `CASE WHEN t.${quoteIdentifier(target.deleted)} THEN 1 ELSE 0 END`;
  const position = `t.${quoteIdentifier(target.guard ?? '')}`;
  const rows = numberedSource(target.columns);
  const text = `SELECT u.n - 1 AS n, ${position} AS position, ${gone} AS gone
    FROM ${rows} JOIN ${qualified(target)} AS t ON ${same.join(' AND ')}`;
  return bulk(text, target.columns);
}

/** Sets columns of all rows that have a value in another; with a guard, of those that are older. */
export function updateAllStatement(
  table: TargetTable,
  set: readonly CellText[],
  where: CellText,
  guard?: CellText,
): SqlText {
  const name = quoteQualified(table.name.schema, table.name.table);
  const cells = guard === undefined ? [...set, where] : [...set, guard, where];
  const [condition, ...assignments] = cells
    .map(({ column }, i) => `${quoteIdentifier(column.name)} = $${i + 1}`)
    .toReversed();
  const older =
    guard === undefined
      ? ''
      : ` AND ${isOlder('t', guard.column.name, `$${set.length + 1}::text`)}`;
  return {
    text: `UPDATE ${name} AS t SET ${assignments.join(', ')} WHERE ${condition}${older}`,
    values: cells.map(({ text }) => text),
  };
}

/** Moves the row of one key to another. The parameters take the types of the columns. */
export function moveKeyStatement(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
): SqlText {
  const columns = key.map(quoteIdentifier);
  const set = columns.map((column, i) => `${column} = $${key.length + i + 1}`);
  const where = columns.map((column, i) => `${column} = $${i + 1}`);
  const name = quoteQualified(table.name.schema, table.name.table);
  const old = where.join(' AND ');
  const there = columns.map((column, i) => `${column} = $${key.length + i + 1}`).join(' AND ');
  const taken = `EXISTS (SELECT FROM ${name} WHERE ${there})`;
  return {
    text:
      `WITH gone AS (DELETE FROM ${name} WHERE ${old} AND ${taken}) ` +
      `UPDATE ${name} SET ${set.join(', ')} WHERE ${old} AND NOT ${taken}`,
    values: [...from, ...to],
  };
}

/**
 * Copies the row of one key to another; a row that is there stays, but for one with `gone`. The
 * rows are asked for behind the delete, which frees the key for them.
 */
export function copyRowStatement(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
  gone: CellText,
): SqlText {
  const name = quoteQualified(table.name.schema, table.name.table);
  const at = (first: number): string =>
    key.map((column, i) => `${quoteIdentifier(column)} = $${first + i}`).join(' AND ');
  const [isOld, isNew] = [at(1), at(1 + key.length)];
  const isGone = `${quoteIdentifier(gone.column.name)} = $${1 + 2 * key.length}`;
  const columns = table.columns.filter(({ generated }) => !generated);
  const values = columns.map((column) => {
    const i = key.indexOf(column.name);
    return i < 0 ? quoteIdentifier(column.name) : `$${1 + key.length + i}::${column.castType}`;
  });
  const overriding = columns.some(({ identityAlways }) => identityAlways)
    ? ' OVERRIDING SYSTEM VALUE'
    : '';
  return {
    text:
      `WITH gone AS (DELETE FROM ${name} WHERE ${isNew} AND ${isGone} AND EXISTS ` +
      `(SELECT FROM ${name} WHERE ${isOld}) RETURNING 1), ` +
      `made AS (SELECT count(*) AS way FROM gone) ` +
      `INSERT INTO ${name} (${names(columns.map((column) => column.name))})${overriding} ` +
      `SELECT ${values.join(', ')} FROM ${name}, made WHERE ${isOld} ` +
      `AND (made.way > 0 OR NOT EXISTS (SELECT FROM ${name} WHERE ${isNew}))`,
    values: [...from, ...to, gone.text],
  };
}

/**
 * What the server quotes in its error where a table is not as its statement was made for. No value
 * of a row has it, which the server would quote, too.
 */
export const TABLE_HAS_CHANGED = `tidemark: the table has changed ${randomUUID()}`;

/**
 * True, or an error: where a column has got another type since the table was read, its text may be
 * another (1.10 is 1.1000), no row would be found equal, and a delete be lost without a word. The
 * statement has its lock on the table before it looks.
 */
function asItWasRead({ table, columns }: BulkTarget): string {
  const name = quoteQualified(table.name.schema, table.name.table);
  const types = columns.map(
    ({ column }) => `(${quoteLiteral(column.name)}, ${quoteLiteral(column.type)})`,
  );
  return `(SELECT CASE WHEN count(*) = ${types.length} THEN '1'
      ELSE ${quoteLiteral(TABLE_HAS_CHANGED)} END FROM pg_attribute
    WHERE attrelid = ${quoteLiteral(name)}::regclass AND NOT attisdropped
      AND (attname, format_type(atttypid, atttypmod)) IN (${types.join(', ')}))::integer = 1`;
}

/**
 * Removes one equal row for each row given, by its ctid; further duplicates stay (ruling 14). Rows
 * are compared by the text of the whole row, which is null-safe, works for types without equality
 * (json), tells -0 from 0, and lets one scan serve a whole batch.
 */
export function deleteOneEachStatement(target: BulkTarget): BulkStatement {
  const theirs = names(target.columns.map(({ column }) => column.name));
  // The column's full type, so that both sides print alike: char(3) pads, numeric(10,2) rounds.
  const ours = target.columns
    .map((entry, i) => `${value(entry, i)}::${entry.column.type}`)
    .join(', ');
  const text = `DELETE FROM ${qualified(target)} AS t USING (
  SELECT have.id FROM (
    SELECT r.id, r.k, row_number() OVER (PARTITION BY r.k) AS n
    FROM (SELECT ctid AS id, ROW(${theirs})::text AS k FROM ${qualified(target)}) r) have
  JOIN (
    SELECT w.k, row_number() OVER (PARTITION BY w.k) AS n
    FROM (SELECT ROW(${ours})::text AS k FROM ${source(target.columns)}
      WHERE ${asItWasRead(target)}) w) gone
  ON have.k = gone.k AND have.n = gone.n) AS d
WHERE t.ctid = d.id`;
  return bulk(text, target.columns);
}

/** Rows of the sink's own tables; those that are there count on, or stay. */
export function insertStateStatement({ table, columns, rows, key, count }: StateInsert): string {
  const name = quoteQualified(table.schema, table.table);
  const into = `INSERT INTO ${name} AS stored (${names(columns)})`;
  const counted = quoteIdentifier(count ?? '');
  const action = count === null ? 'NOTHING' : `UPDATE SET ${counted} = stored.${counted} + 1`;
  return `${into} VALUES ${rows.join(', ')} ON CONFLICT (${names(key)}) DO ${action}`;
}
