import type { Lsn } from '../../../model/lsn.ts';

/** Times are µs since 1970; xids and OIDs are unsigned. */
export interface BeginMessage {
  readonly kind: 'begin';
  /** LSN of the commit record: equals the Commit's `commitLsn`. */
  readonly finalLsn: Lsn;
  readonly commitMicros: bigint;
  readonly xid: number;
}

/** The end of a transaction. */
export interface CommitMessage {
  readonly kind: 'commit';
  readonly commitLsn: Lsn;
  /** First byte after the commit record: what is confirmed (P40). */
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

/** Where a replicated transaction came from. */
export interface OriginMessage {
  readonly kind: 'origin';
  readonly commitLsn: Lsn;
  readonly name: string;
}

/** One column of a Relation message. */
export interface RelationColumn {
  /** Part of the replica identity (flag bit 0). */
  readonly identity: boolean;
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
}

/** The shape of a table as of the change that follows. */
export interface RelationMessage {
  readonly kind: 'relation';
  readonly relationId: number;
  /** `pg_catalog` where the wire has the empty string (P11). */
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  readonly columns: readonly RelationColumn[];
}

/** The name of a user type, before the Relation that uses it. */
export interface TypeMessage {
  readonly kind: 'type';
  readonly typeOid: number;
  readonly schema: string;
  /** Of a domain: the base type's name (P10). */
  readonly name: string;
}

/** One TRUNCATE of any number of tables. */
export interface TruncateMessage {
  readonly kind: 'truncate';
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
  readonly relationIds: readonly number[];
}

/** What pg_logical_emit_message wrote. */
export interface LogicalMessage {
  readonly kind: 'message';
  readonly transactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Buffer;
}

/** A block of an uncommitted transaction begins. */
export interface StreamStartMessage {
  readonly kind: 'stream-start';
  readonly xid: number;
  readonly first: boolean;
}

/** The block ends. */
export interface StreamStopMessage {
  readonly kind: 'stream-stop';
}

/** A streamed transaction is committed. */
export interface StreamCommitMessage {
  readonly kind: 'stream-commit';
  readonly xid: number;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

/** A streamed transaction, or a part of it, is rolled back. */
export interface StreamAbortMessage {
  readonly kind: 'stream-abort';
  readonly xid: number;
  readonly subxid: number;
}

/** Begin Prepare, Prepare, Commit Prepared and Stream Prepare have the same body. */
export interface PreparedMessage {
  readonly kind: 'begin-prepare' | 'prepare' | 'commit-prepared' | 'stream-prepare';
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  readonly micros: bigint;
  readonly xid: number;
  readonly gid: string;
}

/** A prepared transaction is rolled back. */
export interface RollbackPreparedMessage {
  readonly kind: 'rollback-prepared';
  readonly prepareEndLsn: Lsn;
  readonly rollbackEndLsn: Lsn;
  readonly prepareMicros: bigint;
  readonly rollbackMicros: bigint;
  readonly xid: number;
  readonly gid: string;
}

/** Every message but the row changes, which are decoded without an object. */
export type ControlMessage =
  | BeginMessage
  | CommitMessage
  | OriginMessage
  | RelationMessage
  | TypeMessage
  | TruncateMessage
  | LogicalMessage
  | StreamStartMessage
  | StreamStopMessage
  | StreamCommitMessage
  | StreamAbortMessage
  | PreparedMessage
  | RollbackPreparedMessage;
