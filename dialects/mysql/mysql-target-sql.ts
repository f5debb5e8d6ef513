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
import { quoteName, quoteQualifiedName } from './mysql-identifiers.ts';

/*
 * Statements are texts with literals, for the text protocol: rows of a multi-row INSERT have no
 * limit of parameters (S22), and a literal has the type of its column. Measured against prepared
 * statements with as many rows: see src/ARCHITECTURE.md, "The SQL sink".
 *
 * Values that are not there at all are `NULL` here, as encoders leave null alone.
 */

const names = (columns: readonly string[]): string => columns.map(quoteName).join(', ');

const qualified = ({ table: { name } }: BulkTarget): string =>
  quoteQualifiedName(name.schema, name.table);

function statement(text: string): SqlText {
  return { text, values: [] };
}

/** `(1, 'a'), (2, NULL)` */
function rowsText(columns: readonly ColumnValues[]): string {
  const count = columns[0]?.length ?? 0;
  let text = '';
  for (let row = 0; row < count; row++) {
    text += row === 0 ? '(' : ', (';
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) text += ', ';
      text += columns[i]?.[row] ?? 'NULL';
    }
    text += ')';
  }
  return text;
}

/** The bytes of a text, where the collation of its column would hold different ones equal. */
const bytesOf = (sql: string): string => `CAST(CONVERT(${sql} USING utf8mb4) AS BINARY)`;

/** `a` = literal, and by its bytes where that says more. */
function equals(column: TargetColumn, literal: string, name = quoteName(column.name)): string {
  const byIndex = `${name} = ${literal}`;
  return column.inexact === true
    ? `${byIndex} AND ${bytesOf(name)} = ${bytesOf(literal)}`
    : byIndex;
}

/** The same for values that may be null. */
function matches(column: TargetColumn, literal: string): string {
  const name = quoteName(column.name);
  if (column.inexact !== true || literal === 'NULL') return `${name} <=> ${literal}`;
  return equals(column, literal);
}

function insertHead(target: BulkTarget): string {
  const columns = names(target.columns.map(({ column }) => column.name));
  return `INSERT INTO ${qualified(target)} (${columns}) VALUES `;
}

/** Adds rows; a row that is there already is an error of its unique index. */
export function insertRows(target: BulkTarget): BulkStatement {
  const head = insertHead(target);
  return { bind: (columns) => statement(head + rowsText(columns)) };
}

/** Adds rows; those whose key is there stay. Any other unique index is an error, as below. */
export function insertMissingRows(target: BulkTarget): BulkStatement {
  const head = insertHead(target);
  const tail = ` ON DUPLICATE KEY UPDATE ${onlyByKey(target)}`;
  return { bind: (columns) => statement(head + rowsText(columns) + tail) };
}

/** True where the row has an older position than the text `next`, or none: in any collation. */
function isOlder(guard: string, next: string): string {
  const column = quoteName(guard);
  return `(${column} IS NULL OR ${column} < ${next})`;
}

/** A first assignment that changes nothing, and fails where another row than that of the key is. */
function onlyByKey(target: BulkTarget): string {
  const key = target.columns.filter(({ column }) => target.key.includes(column.name));
  const same = key.map(({ column }) => sameKey(column)).join(' AND ');
  const first = quoteName(target.key[0] ?? '');
  return `${first} = IF(${same} OR EXP(1000 + (${same})), ${first}, ${first})`;
}

/**
 * ON DUPLICATE KEY UPDATE takes a row of any unique index for the one that is meant. So its first
 * assignment looks: where the row that was found has another key than the one that was to be
 * inserted, `EXP(1000)` ends the statement (error 1690). The two branches of the IF are the column
 * itself, whose type no other value may touch. Assignments are made from left to right, under the
 * sql_mode of our sessions. The other way, an UPDATE and an INSERT of what it did not find, is two
 * statements; measured, the UPDATE of the same rows alone took 1.4 to 2 times as long as this.
 */
export function upsertRows(target: BulkTarget): BulkStatement {
  const { guard } = target;
  const settable = target.columns
    .map(({ column }) => column.name)
    .filter((name) => !target.key.includes(name));
  // Assignments see what those before them have set: the guard's own column is the last.
  const assignments = settable
    .toSorted((left, right) => Number(left === guard) - Number(right === guard))
    .map((column) => {
      const name = quoteName(column);
      if (guard === undefined) return `${name} = VALUES(${name})`;
      const older = isOlder(guard, `VALUES(${quoteName(guard)})`);
      return `${name} = IF(${older}, VALUES(${name}), ${name})`;
    });
  const head = insertHead(target);
  const tail = ` ON DUPLICATE KEY UPDATE ${[onlyByKey(target), ...assignments].join(', ')}`;
  return { bind: (columns) => statement(head + rowsText(columns) + tail) };
}

function sameKey(column: TargetColumn): string {
  const name = quoteName(column.name);
  return column.inexact === true
    ? `${bytesOf(name)} = ${bytesOf(`VALUES(${name})`)}`
    : `${name} = VALUES(${name})`;
}

/** One statement for each row, all sent at once. */
function perRow(
  columns: readonly BulkColumn[],
  text: (literals: string[]) => string,
): BulkStatement {
  return {
    bind: (values) => {
      const count = values[0]?.length ?? 0;
      const statements: string[] = [];
      for (let row = 0; row < count; row++) {
        statements.push(text(columns.map((_, i) => values[i]?.[row] ?? 'NULL')));
      }
      return statement(statements.join(';'));
    },
  };
}

/** Rows that one UPDATE takes: each compares its key with half of the others' on average. */
const UPDATE_ROWS = 25;

/** `k` IN (1, 2); with several columns or by bytes where that is needed. */
function ofKeys(
  key: readonly TargetColumn[],
  values: readonly ColumnValues[],
  from: number,
  to: number,
): string {
  const [first] = key;
  if (key.some(({ inexact }) => inexact)) {
    const rows: string[] = [];
    for (let row = from; row < to; row++) rows.push(ofKey(key, values, row));
    return `(${rows.join(') OR (')})`;
  }
  if (key.length === 1 && first !== undefined) {
    return `${quoteName(first.name)} IN (${(values[0] ?? []).slice(from, to).join(', ')})`;
  }
  const rows = values.map((column) => column.slice(from, to));
  return `(${names(key.map(({ name }) => name))}) IN (${rowsText(rows)})`;
}

/** The rows of these keys that have older positions than the guard's column of the batch. */
function ofOlderKeys(
  key: readonly TargetColumn[],
  values: readonly ColumnValues[],
  guard: string,
  positions: ColumnValues,
  from: number,
  to: number,
): string {
  const rows: string[] = [];
  for (let row = from; row < to; row++) {
    rows.push(`${ofKey(key, values, row)} AND ${isOlder(guard, positions[row] ?? 'NULL')}`);
  }
  return `(${rows.join(') OR (')})`;
}

function ofKey(key: readonly TargetColumn[], values: readonly ColumnValues[], row: number): string {
  return key.map((column, i) => equals(column, values[i]?.[row] ?? 'NULL')).join(' AND ');
}

/**
 * Updates rows of these keys; those that are missing stay so. Several rows are one statement, whose
 * columns choose their value by the key: a statement for each row took twice as long.
 */
export function updateRows(target: BulkTarget): BulkStatement {
  const head = `UPDATE ${qualified(target)} SET `;
  const isKey = target.columns.map(({ column }) => target.key.includes(column.name));
  const key = target.columns.filter((_, i) => isKey[i]).map(({ column }) => column);
  const set = target.columns.filter((_, i) => isKey[i] !== true).map(({ column }) => column);
  const first = quoteName(target.key[0] ?? '');
  // With nothing to set, the statement still tells whether the rows are there.
  const nothing = `${first} = ${first}`;
  const guardAt = target.columns.findIndex(({ column }) => column.name === target.guard);
  const found = (
    columns: readonly ColumnValues[],
    keys: readonly ColumnValues[],
    from: number,
    to: number,
  ): string =>
    guardAt < 0
      ? ofKeys(key, keys, from, to)
      : ofOlderKeys(key, keys, target.guard ?? '', columns[guardAt] ?? [], from, to);
  return {
    bind: (columns) => {
      const keys = columns.filter((_, i) => isKey[i]);
      const values = columns.filter((_, i) => isKey[i] !== true);
      const count = keys[0]?.length ?? 0;
      const statements: string[] = [];
      for (let from = 0; from < count; from += UPDATE_ROWS) {
        const to = Math.min(from + UPDATE_ROWS, count);
        const when: string[] = [];
        for (let row = from; row < to; row++) when.push(`WHEN ${ofKey(key, keys, row)} THEN `);
        const assignments = set.map((column, i) => {
          const choices = when.map((text, at) => text + (values[i]?.[from + at] ?? 'NULL'));
          return `${quoteName(column.name)} = CASE ${choices.join(' ')} END`;
        });
        const all = assignments.length === 0 ? nothing : assignments.join(', ');
        statements.push(`${head}${all} WHERE ${found(columns, keys, from, to)}`);
      }
      return statement(statements.join(';'));
    },
  };
}

/** Removes the rows of these keys; a missing one is no error. */
export function deleteRows(target: BulkTarget): BulkStatement {
  const guardAt = target.columns.findIndex(({ column }) => column.name === target.guard);
  const key = target.columns.map(({ column }) => column).filter((_, i) => i !== guardAt);
  const head = `DELETE FROM ${qualified(target)} WHERE `;
  return {
    bind: (columns) => {
      const count = columns[0]?.length ?? 0;
      if (guardAt < 0) return statement(head + ofKeys(key, columns, 0, count));
      const keys = columns.filter((_, i) => i !== guardAt);
      const positions = columns[guardAt] ?? [];
      return statement(head + ofOlderKeys(key, keys, target.guard ?? '', positions, 0, count));
    },
  };
}

/**
 * Says which of the rows of these keys are there, and where each stands: a search by the key for
 * each, in one statement.
 */
export function findRows(target: BulkTarget): BulkStatement {
  const key = target.columns.map(({ column }) => column);
  const gone =
    target.deleted === undefined ? '0' : `CASE WHEN ${quoteName(target.deleted)} THEN 1 ELSE 0 END`;
  const position = quoteName(target.guard ?? '');
  const tail = `${position} AS position, ${gone} AS gone FROM ${qualified(target)} WHERE `;
  return {
    bind: (columns) => {
      const selects = (columns[0] ?? []).map(
        (_, row) => `SELECT ${row} AS n, ${tail}${ofKey(key, columns, row)}`,
      );
      return statement(selects.join(' UNION ALL '));
    },
  };
}

/** Sets columns of all rows that have a value in another; with a guard, of those that are older. */
export function updateAllRows(
  table: TargetTable,
  set: readonly CellText[],
  where: CellText,
  guard?: CellText,
): SqlText {
  const cell = ({ column, text }: CellText): string =>
    `${quoteName(column.name)} = ${text ?? 'NULL'}`;
  const name = quoteQualifiedName(table.name.schema, table.name.table);
  const all = guard === undefined ? set : [...set, guard];
  const older =
    guard === undefined ? '' : ` AND ${isOlder(guard.column.name, guard.text ?? 'NULL')}`;
  return statement(`UPDATE ${name} SET ${all.map(cell).join(', ')} WHERE ${cell(where)}${older}`);
}

/** Moves the row of one key to another; a row that is there already stays, and the old one goes. */
export function moveRow(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
): SqlText {
  const columns = key.map((name) => columnOf(table, name));
  const name = quoteQualifiedName(table.name.schema, table.name.table);
  const at = (alias: string, literals: readonly (string | null)[]): string =>
    columns
      .map((column, i) => {
        const own = alias === '' ? '' : `${alias}.`;
        return equals(column, literals[i] ?? 'NULL', `${own}${quoteName(column.name)}`);
      })
      .join(' AND ');
  const set = key.map((column, i) => `${quoteName(column)} = ${to[i] ?? 'NULL'}`).join(', ');
  return statement(
    `DELETE o FROM ${name} AS o JOIN ${name} AS n ON ${at('n', to)} WHERE ${at('o', from)};` +
      `UPDATE ${name} SET ${set} WHERE ${at('', from)}`,
  );
}

/** Copies the row of one key to another; a row that is there stays, but for one with `gone`. */
export function copyRow(
  table: TargetTable,
  key: readonly string[],
  from: readonly (string | null)[],
  to: readonly (string | null)[],
  gone: CellText,
): SqlText {
  const keys = key.map((name) => columnOf(table, name));
  const name = quoteQualifiedName(table.name.schema, table.name.table);
  const at = (alias: string, literals: readonly (string | null)[]): string =>
    keys
      .map((column, i) =>
        equals(column, literals[i] ?? 'NULL', `${alias}.${quoteName(column.name)}`),
      )
      .join(' AND ');
  const columns = table.columns.filter(({ generated }) => !generated);
  const values = columns.map((column) => {
    const i = key.indexOf(column.name);
    return i < 0 ? `o.${quoteName(column.name)}` : (to[i] ?? 'NULL');
  });
  const isGone = equals(gone.column, gone.text ?? 'NULL', `n.${quoteName(gone.column.name)}`);
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  return statement(
    `DELETE n FROM ${name} AS n JOIN ${name} AS o ON ${at('o', from)} ` +
      `WHERE ${at('n', to)} AND ${isGone};` +
      `INSERT INTO ${name} (${names}) SELECT ${values.join(', ')} FROM ${name} AS o ` +
      `LEFT JOIN ${name} AS n ON ${at('n', to)} ` +
      `WHERE ${at('o', from)} AND n.${quoteName(key[0] ?? '')} IS NULL`,
  );
}

function columnOf({ columns }: TargetTable, name: string): TargetColumn {
  const found = columns.find((column) => column.name === name);
  if (found === undefined) throw new Error(`the key's column ${name} is not in the table`);
  return found;
}

/**
 * Removes one equal row for each row given (ruling 14). Rows of such tables have no address here,
 * so each takes a scan: LIMIT 1 ends it at the first that is equal.
 */
export function deleteOneOfEach(target: BulkTarget): BulkStatement {
  const head = `DELETE FROM ${qualified(target)} WHERE `;
  return perRow(target.columns, (literals) => {
    const conditions = target.columns.map(({ column }, i) =>
      matches(column, literals[i] as string),
    );
    return `${head}${conditions.join(' AND ')} LIMIT 1`;
  });
}

/** Rows of the sink's own tables; those that are there count on, or stay, locked at once. */
export function insertState({ table, columns, rows, key, count }: StateInsert): string {
  const into = `INSERT INTO ${quoteQualifiedName(table.schema, table.table)} (${names(columns)})`;
  const kept = quoteName(key[0] ?? '');
  const counted = quoteName(count ?? '');
  const action = count === null ? `${kept} = ${kept}` : `${counted} = ${counted} + 1`;
  return `${into} VALUES ${rows.join(', ')} ON DUPLICATE KEY UPDATE ${action}`;
}
