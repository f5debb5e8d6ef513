import {
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { rowKeyValues } from '../../incremental/row-key.ts';
import { overrideSource } from '../snapshot/select-override.ts';

/** Which rows of a table one window reads. */
export type WindowChunk =
  | {
      readonly kind: 'pages';
      readonly storage: TableInfo;
      readonly firstPage: number;
      /** Exclusive. */
      readonly endPage: number;
    }
  | {
      readonly kind: 'keys';
      readonly order: readonly string[];
      readonly after: readonly string[] | null;
      /** Null: all that there are. */
      readonly upTo: readonly string[] | null;
      readonly limit: number;
    }
  | {
      readonly kind: 'reread';
      readonly columns: readonly string[];
      /** As `rowKey` writes them. */
      readonly keys: readonly string[];
    };

/** What of the table is wanted besides the chunk's own range. */
export interface ChunkTable {
  readonly captured: CapturedTable;
  /** Read although they may not be captured: order and dedupe need them. */
  readonly keyColumns: readonly string[];
  readonly condition: string | null;
  /** A SELECT of the user that the rows come from; null: the table. */
  readonly statement?: string | null;
}

/**
 * The COPY of a window's chunk, with the columns of the source's tuples in their order. Keys are
 * compared by the database, in its own types and collations, never here (P70).
 */
export function windowQuery(chunk: WindowChunk, table: ChunkTable): string {
  const { captured, condition } = table;
  const conditions = rangeConditions(chunk);
  // A row that came without all values is wanted whatever the SELECT says: it was changed.
  const statement = chunk.kind === 'keys' ? (table.statement ?? null) : null;
  if (captured.rowFilter !== null && statement === null) conditions.push(`(${captured.rowFilter})`);
  if (condition !== null) conditions.push(`(${condition})`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const from = chunk.kind === 'pages' ? only(chunk.storage) : source(table, statement);
  const tail =
    chunk.kind === 'keys' ? ` ORDER BY ${names(chunk.order).join(', ')} LIMIT ${chunk.limit}` : '';
  return `COPY (SELECT ${selectList(table)} FROM ${from}${where}${tail}) TO STDOUT`;
}

/** The last key that there is now: rows that come later come by the stream. */
export function lastKeyQuery(order: readonly string[], table: ChunkTable): string {
  const list = names(order);
  const { condition, statement = null } = table;
  const where = condition === null ? '' : ` WHERE (${condition})`;
  // Named apart: ORDER BY would take the text's order where the names are the same.
  const texts = list.map((name, i) => `${name}::text AS key_${i}_text`).join(', ');
  const descending = list.map((name) => `${name} DESC`).join(', ');
  return `SELECT ${texts} FROM ${source(table, statement)}${where} ORDER BY ${descending} LIMIT 1`;
}

/** The key that is so many rows behind another one; null: behind the beginning. */
export function keyBehindQuery(
  order: readonly string[],
  table: ChunkTable,
  after: readonly string[] | null,
  rows: number,
): string {
  const list = names(order);
  const chunk = { kind: 'keys', order, after, upTo: null, limit: rows } as const;
  const { rowFilter } = table.captured;
  const conditions = [...rangeConditions(chunk), ...(rowFilter === null ? [] : [`(${rowFilter})`])];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const texts = list.map((name, i) => `${name}::text AS key_${i}_text`).join(', ');
  return (
    `SELECT ${texts} FROM ${fromTable(table.captured)}${where} ` +
    `ORDER BY ${list.join(', ')} LIMIT 1 OFFSET ${rows - 1}`
  );
}

/** All rows of a table, or of a SELECT of the user, in one statement. */
export function wholeQuery(table: ChunkTable): string {
  const { statement = null } = table;
  const from = source(table, statement);
  const conditions: string[] = [];
  if (statement === null && table.captured.rowFilter !== null) {
    conditions.push(`(${table.captured.rowFilter})`);
  }
  if (table.condition !== null) conditions.push(`(${table.condition})`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `COPY (SELECT ${selectList(table)} FROM ${from}${where}) TO STDOUT`;
}

function selectList({ captured, keyColumns }: ChunkTable): string {
  const wanted = new Set(captured.schema.columns.map((column) => column.tupleIndex));
  return captured.tupleColumns
    .map((column, i) =>
      wanted.has(i) || keyColumns.includes(column.name) ? quoteIdentifier(column.name) : 'NULL',
    )
    .join(', ');
}

function rangeConditions(chunk: WindowChunk): string[] {
  switch (chunk.kind) {
    case 'pages':
      return [`ctid >= '(${chunk.firstPage},0)'::tid`, `ctid < '(${chunk.endPage},0)'::tid`];
    case 'keys': {
      const { order, after, upTo } = chunk;
      const lower =
        after === null ? [] : [`${row(names(order))} > ${row(after.map(quoteLiteral))}`];
      if (upTo === null) return lower;
      return [...lower, `${row(names(order))} <= ${row(upTo.map(quoteLiteral))}`];
    }
    case 'reread': {
      const keys = chunk.keys.map((key) => row(rowKeyValues(key).map(quoteLiteral)));
      return [`${row(names(chunk.columns))} IN (${keys.join(', ')})`];
    }
  }
}

function row(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(', ')})`;
}

function names(columns: readonly string[]): string[] {
  return columns.map(quoteIdentifier);
}

function source({ captured, keyColumns }: ChunkTable, statement: string | null): string {
  return statement === null
    ? fromTable(captured)
    : overrideSource({ captured, keyColumns }, statement);
}

function fromTable({ info }: CapturedTable): string {
  return info.kind === 'partitioned' ? quoteQualified(info.schema, info.name) : only(info);
}

function only({ schema, name }: TableInfo): string {
  return `ONLY ${quoteQualified(schema, name)}`;
}
