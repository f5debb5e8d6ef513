import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import {
  quoteIdentifier,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { overrideSource } from './select-override.ts';

/** 32 MB of 8 kB blocks: of tables with large rows. */
const MOST_PAGES = 4096;
/** Of a table that was never analysed. */
const ROWS_PER_PAGE = 100;

/** Size of one stored table, taken after it was locked. */
export interface StorageSize {
  /** Blocks of the heap, without TOAST. */
  readonly pages: number;
  /** ctid ranges can be scanned; false for table access methods other than heap. */
  readonly heap: boolean;
  /** The planner's estimate; 0: none. */
  readonly rows?: number;
}

/** A range of blocks of one stored table, read by one COPY; or all that a SELECT gives. */
export interface SnapshotChunk {
  /** Index into the captured tables. */
  readonly table: number;
  /** Where the blocks are; with a statement the table itself. */
  readonly storage: TableInfo;
  readonly firstPage: number;
  /** Exclusive; null: to the end, however far the table has grown. */
  readonly endPage: number | null;
  /** Of snapshot.select.statement.overrides: it has no ctid, so it is read in one piece. */
  readonly statement?: string;
}

/**
 * Cuts the tables into chunks, in the order of the tables. The last range of each is open: blocks
 * that were added since cannot hold rows of the snapshot, but an estimate that is too low must not
 * lose any. Chunks are valid only inside the one exported snapshot (DESIGN ruling 1).
 */
export function planChunks(
  tables: readonly Pick<CapturedTable, 'storage'>[],
  sizes: ReadonlyMap<number, StorageSize>,
  chunk: { readonly rows: number } | { readonly pages: number },
  statementOf: (table: number) => { statement: string; storage: TableInfo } | null = () => null,
): SnapshotChunk[] {
  return tables.flatMap(({ storage }, table) => {
    const chosen = statementOf(table);
    if (chosen !== null) return [{ table, ...chosen, firstPage: 0, endPage: null }];
    return storage.flatMap((part) => {
      const size = sizes.get(part.oid);
      const pages = size === undefined || !size.heap ? 0 : size.pages;
      const step = 'pages' in chunk ? chunk.pages : pagesOf(chunk.rows, pages, size?.rows ?? 0);
      const count = Math.max(1, Math.ceil(pages / step));
      return Array.from({ length: count }, (_, i) => ({
        table,
        storage: part,
        firstPage: i * step,
        endPage: i === count - 1 ? null : (i + 1) * step,
      }));
    });
  });
}

/** How many blocks hold about so many rows. */
export function pagesOf(wantedRows: number, pages: number, rows: number): number {
  const density = pages > 0 && rows > 0 ? rows / pages : ROWS_PER_PAGE;
  return Math.max(1, Math.min(MOST_PAGES, Math.floor(wantedRows / density)));
}

/**
 * The COPY of a chunk. Columns stand in the order of the source's tuples; one that is not captured
 * is read as NULL, so that positions are those of the stream and its value never leaves the server.
 */
export function chunkQuery(chunk: SnapshotChunk, table: CapturedTable): string {
  const { storage, firstPage, endPage, statement } = chunk;
  const captured = new Set(table.schema.columns.map((column) => column.tupleIndex));
  const columns = table.tupleColumns.map((column, i) =>
    captured.has(i) ? quoteIdentifier(column.name) : 'NULL',
  );
  if (statement !== undefined) {
    const from = overrideSource({ captured: table, keyColumns: [] }, statement);
    return `COPY (SELECT ${columns.join(', ')} FROM ${from}) TO STDOUT`;
  }
  const conditions: string[] = [];
  if (firstPage > 0) conditions.push(`ctid >= '(${firstPage},0)'::tid`);
  if (endPage !== null) conditions.push(`ctid < '(${endPage},0)'::tid`);
  if (table.rowFilter !== null) conditions.push(`(${table.rowFilter})`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const from = quoteQualified(storage.schema, storage.name);
  return `COPY (SELECT ${columns.join(', ')} FROM ONLY ${from}${where}) TO STDOUT`;
}
