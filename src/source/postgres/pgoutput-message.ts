import type { Lsn } from '../../model/lsn.ts';

/** First byte of a pgoutput message (PITFALLS A0); protocol versions 1 to 4. */
export const PgoutputKind = {
  begin: 0x42, // B
  commit: 0x43, // C
  origin: 0x4f, // O
  relation: 0x52, // R
  type: 0x59, // Y
  insert: 0x49, // I
  update: 0x55, // U
  delete: 0x44, // D
  truncate: 0x54, // T
  message: 0x4d, // M
  streamStart: 0x53, // S
  streamStop: 0x45, // E
  streamCommit: 0x63, // c
  streamAbort: 0x41, // A
  beginPrepare: 0x62, // b
  prepare: 0x50, // P
  commitPrepared: 0x4b, // K
  rollbackPrepared: 0x72, // r
  streamPrepare: 0x70, // p
} as const;

/** Times are µs since 1970; xids and OIDs are unsigned. */
export interface BeginMessage {
  readonly kind: 'begin';
  /** LSN of the commit record: equals the Commit's `commitLsn`. */
  readonly finalLsn: Lsn;
  readonly commitMicros: bigint;
  readonly xid: number;
}

export interface CommitMessage {
  readonly kind: 'commit';
  readonly commitLsn: Lsn;
  /** First byte after the commit record: what is confirmed (P40). */
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

export interface OriginMessage {
  readonly kind: 'origin';
  readonly commitLsn: Lsn;
  readonly name: string;
}

export interface RelationColumn {
  /** Part of the replica identity (flag bit 0). */
  readonly identity: boolean;
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
}

export interface RelationMessage {
  readonly kind: 'relation';
  readonly relationId: number;
  /** `pg_catalog` where the wire has the empty string (P11). */
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: 'default' | 'nothing' | 'full' | 'index';
  readonly columns: readonly RelationColumn[];
}

export interface TypeMessage {
  readonly kind: 'type';
  readonly typeOid: number;
  readonly schema: string;
  /** Of a domain: the base type's name (P10). */
  readonly name: string;
}

export interface TruncateMessage {
  readonly kind: 'truncate';
  readonly cascade: boolean;
  readonly restartIdentity: boolean;
  readonly relationIds: readonly number[];
}

export interface LogicalMessage {
  readonly kind: 'message';
  readonly transactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Buffer;
}

export interface StreamStartMessage {
  readonly kind: 'stream-start';
  readonly xid: number;
  readonly first: boolean;
}

export interface StreamStopMessage {
  readonly kind: 'stream-stop';
}

export interface StreamCommitMessage {
  readonly kind: 'stream-commit';
  readonly xid: number;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

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
