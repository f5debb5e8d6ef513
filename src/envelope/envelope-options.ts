import type { ConnectSchema } from '../model/connect-schema.ts';
import type { TopicNaming } from './topic-naming.ts';
import type { NameAdjustment } from './schema-name-adjustment.ts';
import type { ConversionFailures } from './unconverted.ts';

/** The connectors of Debezium that read a binlog. */
export type BinlogConnector = 'mysql' | 'mariadb';

/** What shapes the records of one source; resolved once from its properties. */
export interface EnvelopeOptions {
  /** topic.prefix: source.name, and the first part of every topic and schema name. */
  readonly topicPrefix: string;
  /** source.connector, and the last part of `io.debezium.connector.<…>.Source`. */
  readonly connector: 'postgresql' | BinlogConnector;
  /** source.version: our version. */
  readonly version: string;
  /** source.db of PostgreSQL; a binlog has tables of many databases. */
  readonly database: string;
  readonly tombstonesOnDelete: boolean;
  /** skip.messages.without.change: updates that change no captured column give no record. */
  readonly skipUnchanged?: boolean;
  /** skipped.operations: records of these operations are not written. */
  readonly skipped?: ReadonlySet<string>;
  /** How topics are named; absent: as the original's defaults. */
  readonly naming?: TopicNaming;
  /** Truncates give no records (skipped.operations); absent: false. */
  readonly skipTruncates?: boolean;
  /** unavailable.value.placeholder, stands where a value is absent. */
  readonly unavailableValuePlaceholder: string;
  /** Add the header `__tidemark.absent` (JSON array of column names) where values are absent. */
  readonly absentHeader: boolean;
  /** position.header: `__tidemark.position` on each record of a row; absent: false. */
  readonly positionHeader?: boolean;
  /** Of streamed changes `source.snapshot` is null, which its default makes `false`. */
  readonly leavesDefaults?: boolean;
  /** False: parameters of the source's type stand in rows, not in keys; absent: in both. */
  readonly keyTellsSourceType?: boolean;
  /** event.converting.failure.handling.mode, default fail; keys always fail. */
  readonly conversionFailures?: ConversionFailures;
  /** schema.name.adjustment.mode, default none: how schema names are made valid for Avro. */
  readonly schemaNameAdjustment?: NameAdjustment;
  /** field.name.adjustment.mode, default none. */
  readonly fieldNameAdjustment?: NameAdjustment;
  /**
   * Headers of every change record, after its own (extended.headers.enabled: `contextHeaders()`
   * gives Debezium's `__debezium.context.*`); none when absent.
   */
  readonly contextHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** The schemas of one table's records. */
export interface TableRecordSchemas {
  /** `<prefix>.<schema>.<table>` */
  readonly topic: string;
  /** `<topic>.Key`; null for a table without key. */
  readonly key: ConnectSchema | null;
  /** Value of the last field of the key, which tells the table (topic.regex); absent: none. */
  readonly keyIdentifier?: string;
  /** `<topic>.Value`, optional struct: `before` and `after`. */
  readonly row: ConnectSchema;
  /** `<topic>.Envelope`, version 2. */
  readonly envelope: ConnectSchema;
}
