import type { BinlogFlavor } from '../../../../dialects/mysql/binlog-column.ts';
import type { GtidSet } from '../../../model/gtid-set.ts';
import type { MariadbGtid } from '../../../model/mariadb-gtid.ts';
import type { BinlogTable } from './binlog-table.ts';

/** How events end: with four bytes of CRC32, or with nothing (PITFALLS B3). */
export type BinlogChecksum = 'none' | 'crc32';

/** The head of each file, and what the events behind it look like. */
export interface FormatDescriptionEvent {
  readonly kind: 'format-description';
  readonly serverVersion: string;
  readonly flavor: BinlogFlavor;
  readonly createdSeconds: number;
  readonly checksum: BinlogChecksum;
  /** Fixed bytes of each event type, from type 1 on; what is not listed is unknown here. */
  readonly postHeaderLengths: Buffer;
}

/** The next file; an artificial one only names the file that follows (PITFALLS B10). */
export interface RotateEvent {
  readonly kind: 'rotate';
  readonly file: string;
  readonly position: number;
}

/** What the session of a statement looked like, as far as the event says. */
export interface QueryContext {
  readonly sqlMode: bigint | null;
  readonly autocommit: boolean | null;
  readonly clientCollation: number | null;
  readonly connectionCollation: number | null;
  readonly serverCollation: number | null;
  readonly databaseCollation: number | null;
  /** What utf8mb4 without a collation means; MySQL 8.0 replicating from 5.7 (PITFALLS B104). */
  readonly utf8mb4Collation: number | null;
  readonly timeZone: string | null;
  /** The fraction of the event's second (PITFALLS B30). */
  readonly microseconds: number;
  /** XID of the transaction that a DDL statement is. */
  readonly ddlXid: bigint | null;
  /** Databases that the statement changes; null: not told, or more than fit. */
  readonly databases: readonly string[] | null;
  /** MariaDB: phases of a two-phase ALTER (PITFALLS B108). */
  readonly alterFlags: number;
}

/** A statement: BEGIN, COMMIT, DDL, or DML that was logged as text (PITFALLS B41). */
export interface QueryEvent {
  readonly kind: 'query';
  readonly threadId: number;
  readonly executionSeconds: number;
  readonly errorCode: number;
  readonly schema: string;
  readonly context: QueryContext;
  /** Decoded by the client's character set (PITFALLS B97). */
  readonly sql: string;
  /** LOAD DATA in statement mode: the file whose blocks came before. */
  readonly loadFileId: number | null;
}

/** The commit of a transaction. */
export interface XidEvent {
  readonly kind: 'xid';
  readonly xid: bigint;
}

/** MySQL's begin of a group (PITFALLS B25); times are µs since 1970, null where not told. */
export interface GtidEvent {
  readonly kind: 'gtid';
  /** Null for an anonymous group. */
  readonly gtid: { readonly uuid: string; readonly tag: string; readonly number: bigint } | null;
  readonly lastCommitted: bigint | null;
  readonly sequenceNumber: bigint | null;
  readonly immediateCommitMicros: bigint | null;
  readonly originalCommitMicros: bigint | null;
  readonly transactionBytes: bigint | null;
  readonly immediateServerVersion: number | null;
  readonly originalServerVersion: number | null;
}

/** MariaDB's begin of a group; no BEGIN follows (PITFALLS B26). */
export interface MariadbGtidEvent {
  readonly kind: 'mariadb-gtid';
  readonly gtid: MariadbGtid;
  /** A group of one event without a commit: DDL. */
  readonly standalone: boolean;
  readonly transactional: boolean;
  readonly ddl: boolean;
  readonly preparesXa: boolean;
  readonly completesXa: boolean;
  readonly commitId: bigint | null;
  readonly extraFlags: number;
}

/** All transactions before this file; history, not a transaction (PITFALLS B27). */
export interface PreviousGtidsEvent {
  readonly kind: 'previous-gtids';
  readonly gtids: GtidSet;
}

/** The same of MariaDB: the last transaction of each server in each domain. */
export interface GtidListEvent {
  readonly kind: 'gtid-list';
  readonly gtids: readonly MariadbGtid[];
}

/** The statement behind the rows that follow; may be cut, and of any character set (B92). */
export interface RowsQueryEvent {
  readonly kind: 'rows-query';
  readonly sql: string;
}

/** Ends the group of a prepared XA transaction; with `onePhase` it is its commit (B32). */
export interface XaPrepareEvent {
  readonly kind: 'xa-prepare';
  readonly onePhase: boolean;
  readonly formatId: number;
  readonly gtrid: Buffer;
  readonly bqual: Buffer;
}

/** The server has nothing to send; the position may have moved over events it left out. */
export interface HeartbeatEvent {
  readonly kind: 'heartbeat';
  readonly file: string;
  readonly position: number;
}

/** The server lost events: whoever reads on is wrong from here (PITFALLS B47). */
export interface IncidentEvent {
  readonly kind: 'incident';
  readonly incident: number;
  readonly message: string;
}

/** INTVAR, RAND, USER_VAR: a statement will follow that is logged as text (PITFALLS B41). */
export interface StatementContextEvent {
  readonly kind: 'statement-context';
  readonly variable: string;
}

/** A piece of a file that LOAD DATA reads in statement mode. */
export interface LoadBlockEvent {
  readonly kind: 'load-block';
  readonly fileId: number;
  readonly bytes: number;
}

/** The shape of a table for the rows events behind it. */
export interface TableMapEvent {
  readonly kind: 'table-map';
  readonly tableId: number;
  readonly table: BinlogTable;
}

/** A compressed transaction (PITFALLS B90): `unpackPayload` gives its events. */
export interface TransactionPayloadEvent {
  readonly kind: 'transaction-payload';
  readonly algorithm: 'zstd' | 'none';
  readonly uncompressedBytes: number;
  /** A view: valid until the next event. */
  readonly payload: Buffer;
}

/** The file's remainder is encrypted; on the wire a server sends it in the clear (B93). */
export interface StartEncryptionEvent {
  readonly kind: 'start-encryption';
}

/** Ends a file whose server stopped. */
export interface StopEvent {
  readonly kind: 'stop';
}

/** Known to carry no change, or unknown and marked as one that may be left out (B48). */
export interface IgnoredEvent {
  readonly kind: 'ignored';
}

/** Every event but those of rows, which are decoded without an object. */
export type BinlogEvent =
  | FormatDescriptionEvent
  | RotateEvent
  | QueryEvent
  | XidEvent
  | GtidEvent
  | MariadbGtidEvent
  | PreviousGtidsEvent
  | GtidListEvent
  | RowsQueryEvent
  | XaPrepareEvent
  | HeartbeatEvent
  | IncidentEvent
  | StatementContextEvent
  | LoadBlockEvent
  | TableMapEvent
  | TransactionPayloadEvent
  | StartEncryptionEvent
  | StopEvent
  | IgnoredEvent;
