import type { MysqlValueModes } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { ColumnMaskRule } from '../../config/column-mask-options.ts';
import type { RowOperation } from '../../model/change-event.ts';
import type { ColumnConversions } from '../column-conversions.ts';
import type { MysqlConnectionOptions } from './mysql-connection-options.ts';
import type { SnapshotOptions } from '../snapshot/snapshot-options.ts';

/** snapshot.mode, with configuration_based resolved. */
export type MysqlSnapshotMode =
  | 'initial'
  | 'initial_only'
  | 'always'
  | 'no_data'
  | 'when_needed'
  /** The shapes of tables are read anew, and the stream goes on where it stood. */
  | 'recovery'
  /** What configuration_based means with data and without start.stream. */
  | 'always_only';

/** snapshot.locking.mode */
export type MysqlLockingMode = 'minimal' | 'extended' | 'none';

/** What of the changes of tables is remembered, and where. */
export interface SchemaHistoryOptions {
  readonly topic: string;
  readonly capturedTablesOnly: boolean;
  readonly capturedDatabasesOnly: boolean;
  /** Statements that are neither followed nor remembered, matched as a whole. */
  readonly ddlFilter: readonly RegExp[];
  /** A lost history is made anew from the tables as they are now. */
  readonly recoversLost: boolean;
  /** include.schema.comments */
  readonly includeComments: boolean;
}

/** Whose transactions are read, by `gtid.source.…`. */
export interface GtidSourceOptions {
  readonly includes: readonly RegExp[];
  readonly excludes: readonly RegExp[];
  /** Changes of the others give no records. */
  readonly filtersRows: boolean;
  /** gtid.ignore.on.recovery: file and position decide, on the same server only. */
  readonly ignored: boolean;
}

/**
 * Everything that a source of binlogs needs to know, resolved and checked. The reader knows no
 * property names: whoever resolves a pipeline file fills this in. Empty include list = everything.
 */
export interface MysqlSourceOptions {
  /** Of the class: the server has to be of it. */
  readonly family: 'mysql' | 'mariadb';
  readonly connection: MysqlConnectionOptions;
  /** Servers of the same set, tried in order when the first cannot be had. */
  readonly alternatives: readonly { readonly host: string; readonly port: number }[];
  /** topic.prefix: the `server` of the source partition. */
  readonly topicPrefix: string;
  /** database.server.id; absent: derived from the pipeline's name. */
  readonly serverId: number | undefined;
  readonly databaseInclude: readonly RegExp[];
  readonly databaseExclude: readonly RegExp[];
  /** Matched against `database.table`, anchored. */
  readonly tableInclude: readonly RegExp[];
  readonly tableExclude: readonly RegExp[];
  /** Matched against `database.table.column`, anchored. */
  readonly columnInclude: readonly RegExp[];
  readonly columnExclude: readonly RegExp[];
  /** message.key.columns: the first rule whose pattern takes `database.table`. */
  readonly messageKeys: readonly { readonly table: RegExp; readonly columns: readonly string[] }[];
  readonly masks: readonly ColumnMaskRule[];
  /** column.propagate.source.type, matched against `database.table.column`. */
  readonly propagateSourceType: readonly RegExp[];
  /** datatype.propagate.source.type, matched against `database.table.TYPE`. */
  readonly propagateDatatype: readonly RegExp[];
  /** Parameters of our own beside the original's; there are if absent. */
  readonly ownParameters?: boolean;
  /** default.value.mode; exact if absent. */
  readonly defaults?: 'exact' | 'debezium';
  /** Custom converters; absent: there are none. */
  readonly columnConversions?: ColumnConversions;
  readonly valueModes: MysqlValueModes;
  readonly skippedOperations: readonly (RowOperation | 't')[];
  readonly includeQuery: boolean;
  readonly gtidSources: GtidSourceOptions;
  readonly history: SchemaHistoryOptions;
  readonly tableLimit: { readonly most: number; readonly refuse: boolean } | undefined;
  readonly snapshotMode: MysqlSnapshotMode;
  readonly lockingMode: MysqlLockingMode;
  readonly snapshotMaxThreads: number;
  readonly snapshotLockTimeoutMs: number;
  readonly snapshots: SnapshotOptions;
  /** How long the stream may be silent before its connection counts as dead. */
  readonly keepAliveIntervalMs: number;
  /** 0: as the server is set. */
  readonly netWriteTimeoutSeconds: number;
  /** 0: no heartbeat. */
  readonly heartbeatIntervalMs: number;
  readonly heartbeatActionQuery: string | undefined;
}
