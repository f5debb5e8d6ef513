import type { TimeZone } from '../../foundation/time-zone.ts';
import type { ParkMode } from '../../model/dead-letter.ts';
import type { MetadataColumn } from '../change-metadata.ts';
import type { FieldSelection } from './field-selection.ts';

/** How rows are written: `insert.mode`. */
export type InsertMode = 'upsert' | 'insert' | 'update';

/** Where the key comes from: `primary.key.mode` / `pk.mode`. With `kafka`: the place in the log. */
export type PrimaryKeyMode = 'record_key' | 'record_value' | 'kafka' | 'none';

/** What becomes of rows that the source deleted: `delete.mode`. */
export type DeleteMode = 'hard' | 'soft';

/** What the sink makes of changes: the table as it is, all changes ever, or both: `write.mode`. */
export type WriteMode = 'mirror' | 'history' | 'both';

/** `schema.evolution.policy`: what becomes of records that their table cannot take. */
export type EvolutionPolicy = 'alert' | 'hold' | 'shadow' | 'dead_letter';

/** What the sink may do to the target's schema: `schema.evolution`, or auto.create, auto.evolve. */
export interface SchemaEvolution {
  /** Create missing tables, schemas and enum types. */
  readonly create: boolean;
  /** Add columns, relax NOT NULL, add enum labels. */
  readonly evolve: boolean;
  /** `schema.evolution.policy`: of records that their table cannot take; absent: alert. */
  readonly policy?: EvolutionPolicy;
}

/** Fields that count from 1970: `timestamp.fields.list` and `timestamp.precision.mode`. */
export interface TimestampFields {
  readonly names: readonly string[];
  readonly unit: 'microseconds' | 'nanoseconds';
}

/** Whose clocks times are told by, in columns without a zone; null: UTC. */
export interface SinkZones {
  /** Connect's own times: `db.timezone`. */
  readonly times: TimeZone | null;
  /** Connect's dates: `date.timezone`, the same or UTC. */
  readonly dates: TimeZone | null;
  /** Times that have a zone: `use.time.zone`. */
  readonly zoned: TimeZone | null;
}

/**
 * Resolved options of one SQL sink. Whoever builds it has checked the rules across properties:
 * upsert and update need a key mode other than `none`; deletes need one too, and neither updates
 * nor deletes find a row by `kafka`.
 */
export interface SqlSinkOptions {
  /** Name of the sink: key of its offsets and epochs in the target. */
  readonly name: string;
  /**
   * `postgres://…`, `mysql://…`, `mariadb://…`, `sqlite:/…`, each also with `jdbc:` in front; may
   * hold user and password.
   */
  readonly connectionUrl: string;
  /** `connection.user`, `connection.username`; wins over the URL. */
  readonly user?: string;
  /** `connection.password`; wins over the URL. */
  readonly password?: string;
  /** `write.mode` */
  readonly writeMode: WriteMode;
  /** `history.name.format`: `${table}` and `${schema}` are those of the mirror. */
  readonly historyNameFormat: string;
  /** `position.guard`: a row is written only over one of an older position. */
  readonly positionGuard: boolean;
  /** `position.guard.tombstones.retention.ms`: how long deletes are remembered for it. */
  readonly tombstoneRetentionMs: number;
  /** `insert.mode` */
  readonly insertMode: InsertMode;
  /** `primary.key.mode`, `pk.mode` */
  readonly primaryKeyMode: PrimaryKeyMode;
  /**
   * `primary.key.fields`, `pk.fields`: which fields of the key or value; empty: all of the key.
   * With `kafka` the names of its three columns; empty: those of the originals.
   */
  readonly primaryKeyFields: readonly string[];
  /** `fields.whitelist`, `field.include.list`, `field.exclude.list`; null: all fields. */
  readonly fields: FieldSelection | null;
  /** `replace.null.with.default`: a null is written as the default of its field. */
  readonly nullsAsDefaults: boolean;
  /** `timestamp.fields.list`, `timestamp.precision.mode`; null: no such fields. */
  readonly timestampFields: TimestampFields | null;
  /** `db.timezone`, `date.timezone`, `use.time.zone` */
  readonly zones: SinkZones;
  /** `delete.enabled`: envelopes with op d, and tombstones. */
  readonly deleteEnabled: boolean;
  /** `delete.mode`: hard removes the row, soft keeps it and marks it. */
  readonly deleteMode: DeleteMode;
  /** `metadata.columns`: what the target keeps of the change that a row comes from. */
  readonly metadataColumns: readonly MetadataColumn[];
  /** `truncate.enabled`: envelopes with op t. */
  readonly truncateEnabled: boolean;
  /**
   * `transaction.mode: source`: a `put` is applied as one transaction of the target, or fails; no
   * table is parked.
   */
  readonly wholePuts: boolean;
  readonly schemaEvolution: SchemaEvolution;
  /** `errors.park`: what a record does that cannot be applied. */
  readonly park: ParkMode;
  /** `errors.park.keys.max`: of one topic; past it the table waits. */
  readonly parkedKeysMax: number;
  /** `errors.unique.wait.ms`: how long a unique violation may be another partition's; 0: never. */
  readonly uniqueWaitMs: number;
  /** `schema.evolution=none-validated`: topics whose tables have to be there at the start. */
  readonly requiredTopics: readonly string[];
  /**
   * `collection.name.format`, `table.name.format`. Placeholders: `${topic}`, `${source.<field>}`.
   * A dot of the format itself (not of a value) parts schema and table.
   */
  readonly tableNameFormat: string;
  /** Dots inside `${topic}`: Debezium writes underscores, Confluent reads catalog.schema.table. */
  readonly topicDots: 'underscore' | 'qualify';
  /**
   * A second topic that would go into a table of this sink is refused: the format names tables by
   * less than what tells topics apart, and nobody has asked for that.
   */
  readonly tablePerTopic: boolean;
  /** Schema of tables whose format names none. */
  readonly defaultSchema: string;
  /** `batch.size`: rows of one statement. */
  readonly batchRows: number;
  /** Bytes of parameters of one statement; a larger single row still passes. */
  readonly batchBytes: number;
  /** `quote.identifiers`; false folds names to lower case, as unquoted names would be. */
  readonly quoteIdentifiers: boolean;
  /** `unavailable.value.placeholder` of sources that send no header; null: rely on the header. */
  readonly unavailableValuePlaceholder: string | null;
  /** Schema of `tidemark_sinks`, `tidemark_offsets` and `tidemark_topics` in the target. */
  readonly offsetsSchema: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** The defaults of our short class names: exactly-once upserts with deletes, schema followed. */
export const SQL_SINK_DEFAULTS = {
  writeMode: 'mirror',
  historyNameFormat: '${table}__history',
  positionGuard: false,
  tombstoneRetentionMs: 604_800_000,
  insertMode: 'upsert',
  primaryKeyMode: 'record_key',
  primaryKeyFields: [],
  fields: null,
  nullsAsDefaults: false,
  timestampFields: null,
  zones: { times: null, dates: null, zoned: null },
  deleteEnabled: true,
  deleteMode: 'hard',
  metadataColumns: [],
  truncateEnabled: true,
  wholePuts: false,
  schemaEvolution: { create: true, evolve: true },
  park: 'table',
  parkedKeysMax: 1_000,
  uniqueWaitMs: 30_000,
  requiredTopics: [],
  tableNameFormat: '${source.schema}.${source.table}',
  topicDots: 'underscore',
  tablePerTopic: false,
  defaultSchema: 'public',
  batchRows: 5_000,
  batchBytes: 8 * 1024 * 1024,
  quoteIdentifiers: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  offsetsSchema: 'public',
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 300_000,
  lockTimeoutMs: 30_000,
} as const satisfies Omit<SqlSinkOptions, 'name' | 'connectionUrl'>;
