import type { DescribedChange } from './described-table.ts';
import type { Lsn } from './lsn.ts';
import type { RowImage } from './row-image.ts';
import type { GapStep, SourceGap } from './source-gap.ts';
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

/** What every family of sources tells of where an event stands. */
interface EventOrigin {
  /**
   * Index of the event in its transaction, from 0; of rows that were read it tells nothing. -1: the
   * truncate in front of rows that are read beside the stream.
   */
  ordinal: number;
  /** Commit time (snapshot: time of the read), µs since 1970. */
  sourceMicros: bigint;
  snapshot: SnapshotMarker;
}

/**
 * Where an event of PostgreSQL stands. Order is (commitLsn, ordinal); `lsn` alone neither rises nor
 * is unique (PITFALLS P18, P45).
 */
export interface PostgresOrigin extends EventOrigin {
  readonly family: 'postgres';
  /** WAL position of the change itself; of a snapshot row: the snapshot's consistent point. */
  lsn: Lsn;
  /**
   * LSN of the transaction's commit record (Begin.final_lsn). Of a row that was read: all commits
   * before it have been handed over, and none from it on.
   */
  commitLsn: Lsn;
  /** commitLsn of the transaction before this one; null at the start (source.sequence). */
  previousCommitLsn: Lsn | null;
  /** Unsigned 32-bit xid; in a snapshot the first one that it does not see, or null. */
  transactionId: number | null;
  /** Oldest transaction that the slot holds the catalog for; absent or null: not asked for. */
  xmin?: bigint | null;
  /** Replication origin of the transaction, and its commit there; absent or null: made here. */
  replicatedFrom?: { readonly name: string; readonly lsn: Lsn } | null;
}

/**
 * Where an event of MySQL or MariaDB stands. Order is that of the binlog: (file, pos, row) on one
 * server, (transaction, ordinal) across servers. Of snapshot rows only file and pos are known.
 */
export interface BinlogOrigin extends EventOrigin {
  readonly family: 'binlog';
  /** The server that wrote the transaction first; 0 in a snapshot. */
  serverId: number;
  /** Of the transaction; null where the server gives none, and in a snapshot. */
  gtid: string | null;
  file: string;
  /** Where the event begins in the file; of a snapshot's rows: where it stands. */
  pos: number;
  /** Where in the file the group begins that the event is of; of a snapshot's rows: `pos`. */
  groupPos: number;
  /** Index of the row in its event; of a statement (DDL) that of the last row before it. */
  row: number;
  /** The connection that wrote it, which MySQL tells and MariaDB does not. */
  thread: number | null;
  /** The statement behind a row (include.query). */
  query: string | null;
  /** The GTID, or `file=…,pos=…` of its beginning, as Debezium names it; null: in none. */
  transactionId: string | null;
}

/** Where an event stands; a source gives those of its family alone. */
export type ChangeOrigin = PostgresOrigin | BinlogOrigin;

interface RowParts {
  op: RowOperation;
  table: TableSchema;
  /** Old row; null for c and r, and for u without an old tuple. */
  before: RowImage | null;
  /** The old image has only the identity columns (`K` tuple); others are not null but unknown. */
  beforeIsKeyOnly: boolean;
  after: RowImage | null;
}

/** A row change of PostgreSQL. */
export interface PostgresRowChange extends PostgresOrigin, RowParts {}

/** A row change of MySQL or MariaDB. */
export interface BinlogRowChange extends BinlogOrigin, RowParts {}

/** One row change. The object and its images are reused: valid only inside the receiver's call. */
export type RowChange = PostgresRowChange | BinlogRowChange;

/** A truncated table of PostgreSQL. */
export interface PostgresTruncateChange extends PostgresOrigin {
  readonly table: TableSchema;
}

/** A truncated table of MySQL or MariaDB. */
export interface BinlogTruncateChange extends BinlogOrigin {
  readonly table: TableSchema;
}

/** One truncated table; a TRUNCATE of several comes as several events. */
export type TruncateChange = PostgresTruncateChange | BinlogTruncateChange;

/** What `pg_logical_emit_message` wrote. */
export interface MessageChange extends PostgresOrigin {
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
  /** Where it holds from, as the source prints its positions. */
  readonly position: string;
  /** Of the log, and comes next; absent: the shape was read beside it, or between transactions. */
  readonly event?: ChangeOrigin;
  /** That event lies before the offset and is not handed over: the shape was told before. */
  readonly again?: boolean;
}

/** A statement that changed schemas, or one that the snapshot made up. */
export interface SchemaStatement {
  readonly origin: BinlogOrigin;
  /** Empty where it belongs to none. */
  readonly database: string;
  /** Null: about no table (CREATE DATABASE); none: about what is not told (an index). */
  readonly tables: readonly string[] | null;
  readonly ddl: string;
  readonly changes: readonly DescribedChange[];
  /** Absent: it is told, and not remembered. */
  readonly memory?: SchemaMemory;
}

/**
 * What of a statement its source has to know after a restart. The source counts them; the number
 * of the last one that lies before it stands in its offset, and what came later is told again.
 */
export interface SchemaMemory {
  /** Begins with a snapshot: what stood before is of no use. */
  readonly epoch: string;
  /** From 1; the same statement, told again, has the same one. */
  readonly sequence: number;
  /** The source's own JSON. */
  readonly state: string;
  /** As the original's offset says where it stands. */
  readonly position: SourceOffset['offset'];
}

/**
 * What a source hands its events to. The row calls are synchronous and do not wait: one call a
 * row, no promise, no closure. Backpressure stands at `settle`, once per chunk of input.
 */
export interface ChangeReceiver {
  /**
   * Before the first row of a run: in which log the positions of its events are counted, as a text
   * that changes with server and timeline. `resumes`: what the reader tells as its offset may be
   * stored now, because no snapshot is made first.
   */
  logOpened?(log: string, resumes: boolean): Promise<void>;
  /** Before the first row of a snapshot; resolves when the attempt is durable (ruling 3). */
  snapshotStarted(tables: readonly TableSchema[], offset: SourceOffset): Promise<void>;
  /** After the last row; resolves when all rows and `offset` are durable. */
  snapshotCompleted(offset: SourceOffset): Promise<void>;
  /** The stream begins, and what is left of the snapshot comes beside it. */
  snapshotReleased?(): void;
  /** Resolves when the reader's offset is durable, and whoever is to know of the gap is told. */
  gapReached?(step: GapStep, gap: SourceGap): Promise<void>;
  /**
   * Before the first row of a table and after every real change of its shape. When a promise comes
   * back (a schema has to be registered), the reader hands nothing over until it resolves.
   */
  schemaChanged(change: SchemaChange): Promise<void> | undefined;
  /** A group of a binlog begins, which may have no events (transaction metadata of MariaDB). */
  began?(origin: BinlogOrigin): void;
  /** Told before the changes of shape that it makes; nothing is handed over until it resolves. */
  statement?(statement: SchemaStatement): Promise<void> | undefined;
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

/** What only a source of binlogs tells of itself; numbers are of this process. */
export interface BinlogStatus {
  /** All transactions that are done, as the server prints them; null: it has no GTIDs. */
  readonly gtids: string | null;
  /** Null: not yet connected. */
  readonly gtidMode: boolean | null;
  readonly disconnects: number;
  /** Of the schema history: read for starts, and written. */
  readonly recoveredStatements: number;
  readonly appliedStatements: number;
  readonly recoveryBeganAtMs: number | null;
  readonly sinceRecoveredMs: number | null;
  readonly sinceAppliedMs: number | null;
}

/** How the stream is known to its server. */
export interface StreamSession {
  /** `host:port` */
  readonly server: string;
  /** The server's number for the connection; null: it did not tell. */
  readonly id: number | null;
}

/** What comes in on the connection of the stream, below all events. */
export interface StreamInput {
  /** Since its last byte came. */
  readonly silentMs: number;
  /** What has come is not taken: whoever keeps the records has no room. */
  readonly isHeldUp: boolean;
}

/** A source's own view of itself; read at any time, also while it is not connected. */
export interface SourceStatus {
  readonly phase: SourcePhase;
  readonly snapshot: readonly SnapshotProgress[];
  /** Bytes between the end of the server's log as last told and the last event received. */
  readonly lagBytes: bigint | null;
  /** Between commit and receipt of the last event, ms; null before the first. */
  readonly lagMs: number | null;
  /** Positions as the source prints them: `16/B374D848`, `mysql-bin.000003:1234`. */
  readonly confirmed: string | null;
  readonly received: string | null;
  readonly connected: boolean;
  /** Absent: it reads no binlog. */
  readonly binlog?: BinlogStatus;
  /** Absent: not connected, or the server tells by itself who reads. */
  readonly stream?: StreamSession;
  /** Absent: not connected, or there is no connection. */
  readonly input?: StreamInput | undefined;
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
  /**
   * Before `run`, which may be given a later offset: what lies behind this one may be asked for
   * again, so that the source must not be told more. Absent: the source is told nothing.
   */
  keep?(offset: SourceOffset): void;
  status(): SourceStatus;
  /** Where the server's log ends, as last told and as the source prints it; null: not yet told. */
  logEnd(): string | null;
  /** All that stands before such an end, which an earlier reader may have told, has come in. */
  hasReceived(end: string): boolean;
  /** Has it call `settle` soon, also while there is nothing to hand over. */
  nudge?(): void;
  /** A signal of a channel outside of the source. Absent: this source takes none. */
  signal?(signal: SourceSignal): void;
}
