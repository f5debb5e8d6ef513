import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { quoteQualified } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { copiedRows } from './copied-rows.ts';
import type { SnapshotChunk } from './snapshot-chunks.ts';
import { chunkQuery } from './snapshot-chunks.ts';
import type { SnapshotLedger } from './snapshot-ledger.ts';
import { FetchedRows } from '../../snapshot/fetched-rows.ts';
import { ReceiverPace } from '../../snapshot/receiver-pace.ts';
import type { ChunkRows } from '../../snapshot/snapshot-rows.ts';
import { SnapshotRows } from '../../snapshot/snapshot-rows.ts';
import type { SnapshotRequest } from './snapshot-request.ts';

/** What is to be read, and what is known of it. */
export interface QueuedChunks {
  readonly tables: readonly CapturedTable[];
  readonly chunks: readonly SnapshotChunk[];
  readonly ledger: SnapshotLedger;
  readonly consistentPoint: Lsn;
  readonly transactionId: number | null;
  /** Aborts when no further chunk is to be begun. */
  readonly released: AbortSignal;
}

/** Shares the chunks of a snapshot among its connections and keeps the receiver's pace. */
export class ChunkQueue {
  readonly #request: SnapshotRequest;
  readonly #what: QueuedChunks;
  readonly #rows: SnapshotRows;
  readonly #pace: ReceiverPace;
  #next = 0;
  #left: number;
  /** Chunks that a connection had taken and could not read. */
  readonly #returned: SnapshotChunk[] = [];

  constructor(request: SnapshotRequest, what: QueuedChunks) {
    this.#request = request;
    this.#what = what;
    this.#left = what.chunks.length;
    const tables = what.tables.map((table, index) => ({
      schema: table.schema,
      tupleColumns: table.tupleColumns.length,
      chunks: what.chunks.filter((chunk) => chunk.table === index).length,
      rowsEstimated: table.storage.reduce((sum, part) => sum + Math.max(0, part.estimatedRows), 0),
    }));
    const { receiver, clock, options } = request;
    const { consistentPoint, transactionId } = what;
    const source = copiedRows(consistentPoint, clock, transactionId);
    this.#rows = new SnapshotRows(tables, receiver, source);
    this.#pace = new ReceiverPace(request, this.#rows, options.snapshots.rowsPerSecond);
    this.#pace.tell();
  }

  /**
   * Reads until no chunk is left, the snapshot is let go, or a lock cannot be had: then the chunk
   * goes back.
   */
  async read(wire: PostgresWire, holdsLocks: boolean, signal: AbortSignal): Promise<void> {
    const locked = new Set<number>();
    while (!this.#what.released.aborted) {
      const chunk = this.#returned.pop() ?? this.#what.chunks[this.#next++];
      if (chunk === undefined) return;
      const table = this.#what.tables[chunk.table] as CapturedTable;
      const parts = chunk.statement === undefined ? [chunk.storage] : table.storage;
      for (const part of parts) {
        if (holdsLocks || locked.has(part.oid)) continue;
        if (!(await lockAtOnce(wire, part, signal))) {
          this.#returned.push(chunk);
          this.#request.onNote(
            `${part.schema}.${part.name}: somebody waits for an exclusive lock; ` +
              'the snapshot goes on with a connection less',
          );
          return;
        }
        locked.add(part.oid);
      }
      if (!(await this.#chunk(wire, chunk, table, signal))) return;
      this.#pace.tell();
      await this.#pace.settle(signal);
    }
  }

  /** False: the snapshot was let go in the middle of a SELECT, which is to be read anew. */
  async #chunk(
    wire: PostgresWire,
    chunk: SnapshotChunk,
    table: CapturedTable,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { released, ledger } = this.#what;
    const rows = this.#rows.openChunk(chunk.table, () => {
      ledger.done(chunk, this.#rows.handedOver(chunk.table));
    });
    // A range of blocks is soon read; a SELECT may take as long as its table is large.
    const until = chunk.statement === undefined ? signal : AbortSignal.any([signal, released]);
    try {
      await wire.copyOut(chunkQuery(chunk, table), this.#fetched(rows, until), until);
    } catch (error) {
      if (signal.aborted || !released.aborted || chunk.statement === undefined) throw error;
      return false;
    }
    rows.close();
    this.#left--;
    return true;
  }

  #fetched(rows: ChunkRows, signal: AbortSignal): FetchedRows {
    return new FetchedRows(rows, {
      size: this.#request.options.snapshots.fetchSize,
      settle: (count) => {
        this.#pace.count(count);
        return this.#pace.settle(signal);
      },
    });
  }

  /** No more rows follow, or none in this snapshot. True: all have been read. */
  finish(): boolean {
    if (this.#left === 0) this.#rows.finish();
    else this.#rows.letGo();
    this.#pace.tell();
    return this.#left === 0;
  }
}

/** False when it would have to wait; the transaction is broken then, and can read no more. */
async function lockAtOnce(
  wire: PostgresWire,
  { schema, name }: TableInfo,
  signal: AbortSignal,
): Promise<boolean> {
  const table = quoteQualified(schema, name);
  try {
    await wire.query(`LOCK TABLE ONLY ${table} IN ACCESS SHARE MODE NOWAIT`, signal);
    return true;
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'PG_LOCK_TIMEOUT') return false;
    throw error;
  }
}
