import type { Lsn } from './lsn.ts';
import type { RowImage } from './row-image.ts';
import type { SourceSignal } from './source-signal.ts';
import type { TableId, TableSchema } from './table-schema.ts';

/** Debezium's source.snapshot values. */
export type SnapshotMarker =
  | 'true'
  | 'first'
  | 'first_in_data_collection'
  | 'last_in_data_collection'
  | 'last'
  | 'false'
  | 'incremental';

/** c insert, u update, d delete, r snapshot read. */
export type RowOperation = 'c' | 'u' | 'd' | 'r';

/**
 * Where an event stands. Order is (commitLsn, ordinal); `lsn` alone neither rises nor is unique
 * (PITFALLS P18, P45).
 */
export interface ChangeOrigin {
  /** WAL position of the change itself; of a snapshot row: the snapshot's consistent point. */
  lsn: Lsn;
  /** LSN of the transaction's commit record (Begin.final_lsn). */
  commitLsn: Lsn;
  /** commitLsn of the transaction before this one; null at the start (source.sequence). */
  previousCommitLsn: Lsn | null;
  /** Index of the event in its transaction, from 0. */
  ordinal: number;
  /** Unsigned 32-bit xid; in a snapshot the first one that it does not see, or null. */
  transactionId: number | null;
  /** Oldest transaction that the slot holds the catalog for; absent or null: not asked for. */
  xmin?: bigint | null;
  /** Replication origin of the transaction, and its commit there; absent or null: made here. */
  replicatedFrom?: { readonly name: string; readonly lsn: Lsn } | null;
  /** Commit time (snapshot: time of the read), µs since 1970. */
  sourceMicros: bigint;
  snapshot: SnapshotMarker;
}

/** One row change. The object and its images are reused: valid only inside the receiver's call. */
export interface RowChange extends ChangeOrigin {
  op: RowOperation;
  table: TableSchema;
  /** Old row; null for c and r, and for u without an old tuple. */
  before: RowImage | null;
  /** The old image has only the identity columns (`K` tuple); others are not null but unknown. */
  beforeIsKeyOnly: boolean;
  after: RowImage | null;
}

/** One truncated table; a TRUNCATE of several comes as several events. */
export interface TruncateChange extends ChangeOrigin {
  table: TableSchema;
}

/** What `pg_logical_emit_message` wrote. */
export interface MessageChange extends ChangeOrigin {
  readonly prefix: string;
  /** A copy: may be kept. */
  readonly content: Buffer;
  /** False: it stands in the log by itself, between transactions, and was not rolled back. */
  readonly transactional: boolean;
}

/** A table's shape as first seen or changed. `previous` is null at the first sight in this run. */
export interface SchemaChange {
  readonly table: TableSchema;
  readonly previous: TableSchema | null;
  readonly lsn: Lsn;
}

/**
 * What a source hands its events to. The row calls are synchronous and do not wait: one call a
 * row, no promise, no closure. Backpressure stands at `settle`, once per chunk of input.
 */
export interface ChangeReceiver {
  /** Before the first row of a snapshot; resolves when the attempt is durable (ruling 3). */
  snapshotStarted(tables: readonly TableSchema[], offset: SourceOffset): Promise<void>;
  /** After the last row; resolves when all rows and `offset` are durable. */
  snapshotCompleted(offset: SourceOffset): Promise<void>;
  /** The stream begins, and what is left of the snapshot comes beside it. */
  snapshotReleased?(): void;
  /**
   * Before the first row of a table and after every real change of its shape. When a promise comes
   * back (a schema has to be registered), the reader hands nothing over until it resolves.
   */
  schemaChanged(change: SchemaChange): Promise<void> | undefined;
  row(change: RowChange): void;
  truncate(change: TruncateChange): void;
  /** A promise comes back where its topic has to be made; nothing is handed over until then. */
  message(change: MessageChange): Promise<void> | undefined;
  /** The transaction's last event has been handed over; `reader.offset()` now stands after it. */
  committed(origin: ChangeOrigin): void;
  /**
   * End of a chunk. A promise is returned only when the reader has to wait for room;
   * `more` says that further input is already there.
   */
  settle(more: boolean): Promise<void> | undefined;
}

/** Connect's source offset: partition and offset map, JSON values only. */
export interface SourceOffset {
  readonly partition: Readonly<Record<string, string>>;
  readonly offset: Readonly<Record<string, string | number | boolean | null>>;
  /** True: a part of a transaction lies before it, the rest behind. Not stored. */
  readonly midTransaction?: boolean;
}

/** How far the snapshot of one table is. */
export interface SnapshotProgress {
  readonly table: TableId;
  readonly rowsDone: number;
  /** From the planner's statistics; may be lower than rowsDone. */
  readonly rowsEstimated: number;
  readonly bytesDone: number;
  readonly completed: boolean;
}

export type SourcePhase = 'starting' | 'snapshot' | 'streaming' | 'stopped';

/** A source's own view of itself; read at any time, also while it is not connected. */
export interface SourceStatus {
  readonly phase: SourcePhase;
  readonly snapshot: readonly SnapshotProgress[];
  /** Bytes between the server's WAL end as last told and the last event received. */
  readonly lagBytes: bigint | null;
  /** Between commit and receipt of the last event, ms; null before the first. */
  readonly lagMs: number | null;
  readonly confirmedLsn: Lsn | null;
  readonly receivedLsn: Lsn | null;
  readonly connected: boolean;
}

/** A source task's reader: snapshot if needed, then stream, until the signal aborts. */
export interface SourceReader extends AsyncDisposable {
  /** Ends quietly on abort, throws TidemarkError otherwise. `stored`: what the transport holds. */
  run(receiver: ChangeReceiver, stored: SourceOffset | null, signal: AbortSignal): Promise<void>;
  /** The offset after the last event handed over: what becomes durable with these events. */
  offset(): SourceOffset;
  /**
   * The offset is durable in the transport: the source may be told that it can discard what lies
   * before it. Never called with anything that is not durable (DESIGN section 1).
   */
  confirm(offset: SourceOffset): void;
  status(): SourceStatus;
  /** A signal of a channel outside of the source. Absent: this source takes none. */
  signal?(signal: SourceSignal): void;
}
