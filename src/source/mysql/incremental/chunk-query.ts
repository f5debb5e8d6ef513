import type { ColumnDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { rowKeyValues } from '../../incremental/row-key.ts';
import { beyondKey, keyLiteral, keyOrder, keySelectList, upToKey } from '../snapshot/key-range.ts';
import { quotedTable, selectExpression } from '../snapshot/mysql-select-list.ts';
import { quotedName } from '../capture/server-tables.ts';
import type { KnownTable, TableReading } from './table-reading.ts';

/** Which rows of a table one window reads. */
export type WindowChunk =
  | {
      readonly kind: 'keys';
      /** As `keySelectList` gives them. */
      readonly after: readonly string[] | null;
      /** Null: all that there are. */
      readonly upTo: readonly string[] | null;
      readonly limit: number;
    }
  /** Rows that came without all values; keys as `rowKey` writes them. */
  | { readonly kind: 'reread'; readonly keys: readonly string[] };

/** What of the table is wanted besides the chunk's own range. */
export interface ChunkFilter {
  readonly condition: string | null;
  /** A SELECT of the user that the rows come from; null: the table. */
  readonly statement: string | null;
}

/**
 * The SELECT of a window's chunk: the columns of the table in their order, and behind them those of
 * the order as `keySelectList` has them. Keys are compared by the server, in its own types and
 * collations, never here (PITFALLS B118).
 */
export function windowQuery(
  chunk: WindowChunk,
  reading: TableReading,
  { condition, statement }: ChunkFilter,
): string {
  const { key, order } = reading;
  const columns = `${rowList(reading, [...key, ...order])}, ${keySelectList({ columns: order })}`;
  if (chunk.kind === 'reread') {
    const rows = chunk.keys.map((text) => keyEquals(key, text));
    return `SELECT ${columns} FROM ${quotedTable(reading.definition)} WHERE ${rows.join(' OR ')}`;
  }
  const { after, upTo } = chunk;
  const conditions = [
    ...(after === null ? [] : [beyondKey({ columns: order }, after)]),
    ...(upTo === null ? [] : [upToKey({ columns: order }, upTo)]),
    ...conditionOf(condition),
  ];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return (
    `SELECT ${columns} FROM ${source(reading, statement)}${filter}` +
    ` ORDER BY ${keyOrder({ columns: order })} LIMIT ${chunk.limit}`
  );
}

/** The last key that there is now: rows that come later come by the stream. */
export function lastKeyQuery(reading: TableReading, filter: ChunkFilter): string {
  const { order } = reading;
  const descending = order.map(({ name }) => `${quotedName(name)} DESC`).join(', ');
  return (
    `SELECT ${keySelectList({ columns: order })} FROM ${source(reading, filter.statement)}` +
    `${where(filter.condition)} ORDER BY ${descending} LIMIT 1`
  );
}

/** The key that is so many rows behind another one; null: behind the beginning. */
export function keyBehindQuery(
  { definition, order }: TableReading,
  after: readonly string[] | null,
  rows: number,
): string {
  const key = { columns: order };
  return (
    `SELECT ${keySelectList(key)} FROM ${quotedTable(definition)}` +
    `${where(after === null ? null : beyondKey(key, after))} ` +
    `ORDER BY ${keyOrder(key)} LIMIT ${rows - 1}, 1`
  );
}

/** All rows of a table, or of a SELECT of the user, in one statement. */
export function wholeQuery(table: KnownTable, { condition, statement }: ChunkFilter): string {
  return `SELECT ${rowList(table, [])} FROM ${source(table, statement)}${where(condition)}`;
}

/** A column that is not captured is NULL, unless rows are told apart or ordered by it. */
function rowList({ definition, schema }: KnownTable, needed: readonly ColumnDefinition[]): string {
  const captured = new Set(schema.columns.map(({ tupleIndex }) => tupleIndex));
  return definition.columns
    .map((column, i) =>
      captured.has(i) || needed.includes(column) ? selectExpression(column) : 'NULL',
    )
    .join(', ');
}

function source({ definition }: KnownTable, statement: string | null): string {
  return statement === null
    ? quotedTable(definition)
    : `(${statement.replace(/[;\s]+$/, '')}\n) AS ${quotedName(definition.name)}`;
}

function where(condition: string | null): string {
  return conditionOf(condition)
    .map((text) => ` WHERE ${text}`)
    .join('');
}

/** The bracket stands on a line of its own: the condition may end in a comment. */
function conditionOf(condition: string | null): string[] {
  return condition === null ? [] : [`(${condition}\n)`];
}

function keyEquals(columns: readonly ColumnDefinition[], text: string): string {
  const parts = rowKeyValues(text).map((value, i) => {
    const column = columns[i] as ColumnDefinition;
    return `${quotedName(column.name)} = ${rowLiteral(column, Buffer.from(value, 'latin1'))}`;
  });
  return `(${parts.join(' AND ')})`;
}

/** A value as it stands in a row: binary ones and bits as bytes, members by their names. */
function rowLiteral(column: ColumnDefinition, bytes: Buffer): string {
  switch (column.type.base) {
    case 'bit':
      return BigInt(`0x0${bytes.toString('hex')}`).toString();
    case 'enum':
    case 'set':
      return `_utf8mb4 x'${bytes.toString('hex')}'`;
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return `x'${bytes.toString('hex')}'`;
    default:
      return keyLiteral(column, bytes.toString('utf8'));
  }
}
