import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  TargetColumn,
  TargetName,
  TargetTable,
  WantedColumn,
  WantedType,
} from '../dialect.ts';
import { sqliteEncoder } from './sqlite-cell-encoder.ts';
import { literalOfCell } from './sqlite-cells.ts';
import { quoteSqliteName, quoteSqliteTable } from './sqlite-identifiers.ts';

const tableOf = (name: TargetName): string => quoteSqliteTable(name.schema, name.table);

/** SQLITE_MAX_COLUMN, as SQLite is built everywhere. */
const COLUMNS_MAX = 2000;

/** The one schema of a file. Others would be other files, which no transaction writes at once. */
export const SQLITE_SCHEMA = 'main';

/** There is nothing to make for `main`. Throws SINK_SCHEMA for any other. */
export function createSqliteSchema(schema: string): null {
  if (schema === SQLITE_SCHEMA) return null;
  throw new TidemarkError('SINK_SCHEMA', `a SQLite file has no schemas, so no ${schema}`, {
    cure: 'Set table.name.format (collection.name.format) without one: ${source.table}.',
  });
}

function defaultClause({ name, schema, type }: WantedColumn): string {
  const value = schema.default;
  if (value === undefined || value === null) return '';
  const column: TargetColumn = {
    name,
    type: type.ddl,
    castType: type.ddl,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
  const cell = sqliteEncoder(schema, column).encode(value);
  return cell === null ? '' : ` DEFAULT ${literalOfCell(cell)}`;
}

/**
 * Only columns of the key are NOT NULL. What the source holds to needs no second guard, and when it
 * lets a null in, nothing has to be altered: before 3.53 SQLite could only copy the table for that.
 */
function columnClause(column: WantedColumn, isKey: boolean): string {
  const rest = isKey ? ' NOT NULL' : defaultClause(column);
  return `${quoteSqliteName(column.name)} ${column.type.ddl}${rest}`;
}

/** SQLite holds names equal that differ by the case of ASCII letters only. */
function checkNames(name: TargetName, columns: readonly WantedColumn[]): void {
  const folded = new Map<string, string>();
  for (const column of columns) {
    const low = column.name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
    const other = folded.get(low);
    if (other !== undefined) throw sameName(`${other} and ${column.name} of ${tableOf(name)}`);
    folded.set(low, column.name);
  }
}

function sameName(columns: string): TidemarkError {
  const reason = 'differ only by upper and lower case, which SQLite does not tell apart';
  return new TidemarkError('SINK_SCHEMA', `the columns ${columns} ${reason}`, {
    cure: 'Leave one of them out with column.exclude.list, or rename it with a transform.',
  });
}

/** CREATE TABLE. A single key of whole numbers is the rowid itself, and needs no index. */
export function createSqliteTable(
  name: TargetName,
  columns: readonly WantedColumn[],
  key: readonly string[],
): readonly string[] {
  checkNames(name, columns);
  if (columns.length > COLUMNS_MAX) {
    const message = `${tableOf(name)} would have ${columns.length} columns, SQLite has 2000`;
    throw new TidemarkError('SINK_SCHEMA', message, {
      cure: 'Leave columns out with column.exclude.list.',
    });
  }
  const clauses = columns.map((column) => columnClause(column, key.includes(column.name)));
  if (key.length > 0) clauses.push(`PRIMARY KEY (${key.map(quoteSqliteName).join(', ')})`);
  return [`CREATE TABLE IF NOT EXISTS ${tableOf(name)} (\n  ${clauses.join(',\n  ')}\n) STRICT`];
}

/**
 * ADD COLUMN with its constant default, so that rows already there get it: the source gave it to
 * its rows without a row event (ruling 5).
 */
export function addSqliteColumn(name: TargetName, column: WantedColumn): string {
  return `ALTER TABLE ${tableOf(name)} ADD COLUMN ${columnClause(column, false)}`;
}

/** Lets a column take null; from SQLite 3.53 on. Tables of the sink never need it. */
export function dropSqliteNotNull(name: TargetName, column: TargetColumn): string {
  return `ALTER TABLE ${tableOf(name)} ALTER COLUMN ${quoteSqliteName(column.name)} DROP NOT NULL`;
}

/**
 * Gives a column another type, by a new column with the same values: it becomes the last one. A
 * column of a key or an index, or with constraints of its own, SQLite does not let go.
 */
export function changeSqliteType(name: TargetName, column: TargetColumn, type: WantedType): string {
  const table = tableOf(name);
  const old = quoteSqliteName(column.name);
  const copy = quoteSqliteName(`${column.name} as ${type.ddl}`);
  return [
    `ALTER TABLE ${table} ADD COLUMN ${copy} ${type.ddl}`,
    `UPDATE ${table} SET ${copy} = ${old}`,
    `ALTER TABLE ${table} DROP COLUMN ${old}`,
    `ALTER TABLE ${table} RENAME COLUMN ${copy} TO ${old};`,
  ].join(';\n');
}

const STRICT_TYPES = new Set(['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY']);

/** The statements that a person may run where the key has changed: SQLite alters none. */
export function changeSqliteKey(table: TargetTable, key: readonly string[]): string {
  const copy = { ...table.name, table: `${table.name.table} with another key` };
  const columns = table.columns.filter(({ generated }) => !generated);
  const clauses = columns.map((column) => {
    const notNull = key.includes(column.name) ? ' NOT NULL' : '';
    const initial = column.definition === undefined ? '' : ` DEFAULT ${column.definition}`;
    return `${quoteSqliteName(column.name)} ${column.type}${notNull}${initial}`;
  });
  if (key.length > 0) clauses.push(`PRIMARY KEY (${key.map(quoteSqliteName).join(', ')})`);
  const isStrict = columns.every(({ type }) => STRICT_TYPES.has(type.toUpperCase()));
  const all = columns.map(({ name }) => quoteSqliteName(name)).join(', ');
  return [
    'BEGIN IMMEDIATE',
    `CREATE TABLE ${tableOf(copy)} (${clauses.join(', ')})${isStrict ? ' STRICT' : ''}`,
    `INSERT INTO ${tableOf(copy)} (${all}) SELECT ${all} FROM ${tableOf(table.name)}`,
    `DROP TABLE ${tableOf(table.name)}`,
    `ALTER TABLE ${tableOf(copy)} RENAME TO ${quoteSqliteName(table.name.table)}`,
    'COMMIT;',
  ].join(';\n');
}
