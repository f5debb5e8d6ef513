import type { ValueModes } from '../../../dialects/postgres/postgres-value-modes.ts';

import type { ColumnConversions } from '../column-conversions.ts';
import type { IdentityRule } from './capture/replica-identities.ts';
import type { SnapshotOptions } from '../snapshot/snapshot-options.ts';
import type { ColumnMaskRule } from '../../config/column-mask-options.ts';

/** `database.sslmode`, with libpq's meanings: `require` does not verify (PITFALLS P112). */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where a server is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `database.target.session.attrs`, with libpq's meanings. */
export type TargetSessionAttrs =
  'any' | 'primary' | 'standby' | 'prefer-standby' | 'read-write' | 'read-only';

/** How one connection to the source reaches the server. */
export interface PostgresConnectionOptions extends ServerAddress {
  /** Further servers, which are tried in order when the first cannot be had. */
  readonly alternatives?: readonly ServerAddress[] | undefined;
  /** Absent: primary when there are several servers, otherwise any. */
  readonly targetSessionAttrs?: TargetSessionAttrs | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  /** PEM text, not a path. */
  readonly sslRootCert?: string | undefined;
  readonly sslCert?: string | undefined;
  readonly sslKey?: string | undefined;
  /** Of an encrypted key. */
  readonly sslPassword?: string | undefined;
  readonly connectTimeoutMs: number;
  /** database.query.timeout.ms; absent or 0: no limit. */
  readonly queryTimeoutMs?: number | undefined;
  /** database.initial.statements: run on every connection but the stream's. */
  readonly initialStatements?: readonly string[] | undefined;
}

export type PublicationAutocreateMode = 'all_tables' | 'filtered' | 'disabled' | 'no_tables';

/** lsn.flush.mode, with Debezium's names. */
export type LsnFlushMode = 'connector' | 'manual';

/** offset.mismatch.strategy, with Debezium's names. */
export type MismatchStrategy = 'trust_offset' | 'trust_slot' | 'trust_greater_lsn';

/** How many tables may be captured (guardrail.collections.max), and whether more are refused. */
export interface TableLimit {
  readonly most: number;
  readonly refuse: boolean;
}

/** publish_generated_columns of a publication. */
export type GeneratedColumns = 'none' | 'stored';

export type SnapshotMode =
  | 'initial'
  | 'always'
  | 'initial_only'
  | 'no_data'
  | 'when_needed'
  /** What configuration_based means with data and without start.stream. */
  | 'always_only';

/** skipped.operations; `none` is the empty list. */
export type SkippedOperation = 'c' | 'u' | 'd' | 't';

/** One entry of message.key.columns. */
export interface MessageKeyColumns {
  /** Matched against `schema.table`, anchored. */
  readonly table: RegExp;
  readonly columns: readonly string[];
}

/** Defaults in schemas: every constant as it is, or those of Debezium with its placeholders. */
export type DefaultValueMode = 'exact' | 'debezium';

/**
 * Everything that the PostgreSQL source needs to know, resolved and checked. The reader knows no
 * property names: whoever resolves a pipeline file fills this in. Empty include list = everything.
 */
export interface PostgresSourceOptions {
  readonly connection: PostgresConnectionOptions;
  /** topic.prefix: the `server` of the source partition. */
  readonly topicPrefix: string;
  readonly slotName: string;
  readonly slotDropOnStop: boolean;
  readonly slotFailover: boolean;
  /** slot.max.retries and slot.retry.delay.ms: while another process holds the slot (P55). */
  /** retention.budget.exceeded: a slot that is given up or lost is made anew; absent: false. */
  readonly healsGaps?: boolean | undefined;
  readonly slotMaxRetries: number;
  readonly slotRetryDelayMs: number;
  /** offset.mismatch.strategy; absent: trust_offset, which goes on only without a gap. */
  readonly offsetMismatchStrategy?: MismatchStrategy | undefined;
  /** guardrail.collections.*; absent: any number of tables. */
  readonly tableLimit?: TableLimit | undefined;
  /** lsn.flush.mode: the server is told what is durable, or somebody else advances the slot. */
  readonly lsnFlushMode?: LsnFlushMode | undefined;
  /** slot.stream.params: further options of START_REPLICATION, in order. */
  readonly slotStreamParams: readonly (readonly [name: string, value: string])[];
  /** slot.two.phase: prepared transactions come at PREPARE, and are kept here until they commit. */
  readonly slotTwoPhase?: boolean | undefined;
  /**
   * large.transaction.mode: transactions past logical_decoding_work_mem come while they run and are
   * kept here, or the server keeps them until they commit.
   */
  readonly largeTransactionMode?: 'spool' | 'server' | undefined;
  /** large.transaction.bytes: from this size on; absent: as the server is set. */
  readonly largeTransactionBytes?: number | undefined;
  readonly publicationName: string;
  readonly publicationAutocreateMode: PublicationAutocreateMode;
  readonly publishViaPartitionRoot: boolean;
  /** publish.generated.columns (18 and newer); absent: as the publication is. */
  readonly publishGeneratedColumns?: GeneratedColumns | undefined;
  /** replica.identity.autoset.values: the first rule that matches a table holds. */
  readonly replicaIdentities?: readonly IdentityRule[] | undefined;
  readonly schemaInclude: readonly RegExp[];
  readonly schemaExclude: readonly RegExp[];
  /** Matched against `schema.table`, anchored. */
  readonly tableInclude: readonly RegExp[];
  readonly tableExclude: readonly RegExp[];
  /** Matched against `schema.table.column`, anchored. */
  readonly columnInclude: readonly RegExp[];
  readonly columnExclude: readonly RegExp[];
  /** message.key.columns: for tables that match, the first rule replaces their own key. */
  readonly messageKeyColumns?: readonly MessageKeyColumns[] | undefined;
  /** Columns of the key that the lists leave out stay in the key; absent: they are refused. */
  readonly keepsKey?: boolean | undefined;
  /** column.mask…, column.truncate…: the first rule that names a column holds. */
  readonly columnMasks?: readonly ColumnMaskRule[] | undefined;
  /** converters, with their modules loaded; absent: there are none. */
  readonly columnConversions?: ColumnConversions | undefined;
  /** column.propagate.source.type, matched against `schema.table.column`; absent: nowhere. */
  readonly propagateSourceType?: readonly RegExp[] | undefined;
  /** message.prefix.include.list and .exclude.list: prefixes of logical messages, anchored. */
  readonly messageInclude?: readonly RegExp[] | undefined;
  readonly messageExclude?: readonly RegExp[] | undefined;
  /** datatype.propagate.source.type, matched against `schema.table.type`. */
  readonly propagateDatatype?: readonly RegExp[] | undefined;
  /** False leaves out the parameters `__tidemark.*` of propagated types; absent: true. */
  readonly ownParameters?: boolean | undefined;
  /**
   * A publication that is made sends skipped operations too: transactions that have nothing else
   * are to be told (provide.transaction.metadata), and PostgreSQL leaves out empty ones.
   */
  readonly publishSkipped?: boolean | undefined;
  readonly skippedOperations: readonly SkippedOperation[];
  readonly valueModes: ValueModes;
  /** default.value.mode; exact when absent. */
  readonly defaults?: DefaultValueMode | undefined;
  readonly snapshotMode: SnapshotMode;
  readonly snapshotMaxThreads: number;
  readonly snapshotLockTimeoutMs: number;
  readonly snapshots: SnapshotOptions;
  /** How long the creation of the slot may wait for old transactions (P63). */
  readonly slotCreateTimeoutMs: number;
  readonly statusUpdateIntervalMs: number;
  /** xmin.fetch.interval.ms; absent or 0: source.xmin is null. */
  readonly xminFetchIntervalMs?: number | undefined;
  /** A server that does not answer for so long is gone; by default from wal_sender_timeout. */
  readonly livenessTimeoutMs?: number;
  /** 0: no heartbeat. */
  readonly heartbeatIntervalMs: number;
  /** Instead of pg_logical_emit_message. */
  readonly heartbeatActionQuery: string | undefined;
}
