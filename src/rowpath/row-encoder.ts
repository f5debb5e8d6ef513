import type { EnvelopeOptions, TableRecordSchemas } from '../envelope/envelope-options.ts';
import type { ChangeOrigin, RowChange, TruncateChange } from '../model/change-event.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { TableId, TableSchema } from '../model/table-schema.ts';
import type { PreparedSchema } from '../converter/converter.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { RecordOutput } from './record-output.ts';

export type WireFormat = 'json' | 'avro';

/** The position of what stands at an origin, for both paths. */
export interface Positions {
  textOf(origin: ChangeOrigin, ordinal: number): string;
  /** The whole header, as the output has it; the bytes hold until the next call. */
  headerOf(origin: ChangeOrigin, ordinal: number): PreparedBytes;
}

/** All that is constant for one table version, converter pair and topic. */
export interface RowEncoderContext {
  readonly table: TableSchema;
  readonly schemas: TableRecordSchemas;
  readonly options: EnvelopeOptions;
  /** Handle of the topic in the output. */
  readonly topic: number;
  readonly keyFormat: WireFormat;
  readonly valueFormat: WireFormat;
  /** Null for a table without key. */
  readonly key: PreparedSchema | null;
  readonly value: PreparedSchema;
  /**
   * Options of the JSON converters where they differ from the defaults;
   * replaceNullWithDefault holds for Avro too.
   */
  readonly keyJson?: Partial<JsonTextOptions>;
  readonly valueJson?: Partial<JsonTextOptions>;
  /** Told of each record with placeholders instead of values, by the fields' paths. */
  readonly onUnconverted?: (table: TableId, paths: readonly string[]) => void;
  /** Counts the event and gives its block (provide.transaction.metadata); absent: never any. */
  readonly transaction?: (origin: ChangeOrigin, table: TableId) => Struct | null;
  /** Gives a change its position (position.header); absent: records do not carry it. */
  readonly positions?: Positions;
}

/** Writes the log records of a change: one; two for a delete; three for a change of the key. */
export interface RowEncoder {
  /** Sets ts_ms, ts_us, ts_ns of the envelopes that follow; once per chunk, not per row. */
  processedAt(micros: bigint): void;
  /** Returns the number of records. Throws VALUE_CONVERSION, leaving nothing of the change. */
  row(change: RowChange, output: RecordOutput): number;
  truncate(change: TruncateChange, output: RecordOutput): number;
}
