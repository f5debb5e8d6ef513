import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { BytesEncoding } from '../../src/model/bytes-encoding.ts';
import type { PostgresTextFormat } from '../../src/model/table-schema.ts';

/** The properties that shape values, by the values that the original gives them. */
export interface ValueModes {
  /** decimal.handling.mode */
  readonly decimal: 'precise' | 'double' | 'string';
  /** time.precision.mode */
  readonly timePrecision:
    | 'adaptive'
    | 'adaptive_time_microseconds'
    | 'connect'
    | 'isostring'
    | 'microseconds'
    | 'nanoseconds'
    | 'structured';
  /** binary.handling.mode */
  readonly binary: BytesEncoding;
  /** interval.handling.mode */
  readonly interval: 'numeric' | 'string';
  /** hstore.handling.mode */
  readonly hstore: 'json' | 'map';
  /** money.fraction.digits */
  readonly moneyFractionDigits: number;
  /** include.unknown.datatypes */
  readonly includeUnknown: boolean;
  /** bit.varying.handling.mode: Debezium's form does not tell zeros in front. */
  readonly bitVarying: 'bits' | 'string';
  /** array.handling.mode: what becomes of columns declared with several dimensions. */
  readonly arrays: 'text' | 'nested' | 'all_text';
  /** array.enum.elements.optional: the original's schema leaves no place for a null. */
  readonly enumElementsOptional: boolean;
  /** value.mode: a few values as they are, or as Debezium writes them. */
  readonly values: 'exact' | 'debezium';
  /** compat: where the original's releases differ. */
  readonly release: '3.6' | '3.7';
}

/** The original's defaults where it has the property. */
export const DEFAULT_VALUE_MODES: ValueModes = {
  decimal: 'precise',
  timePrecision: 'adaptive',
  binary: 'bytes',
  interval: 'numeric',
  hstore: 'json',
  moneyFractionDigits: 2,
  includeUnknown: false,
  bitVarying: 'bits',
  arrays: 'text',
  enumElementsOptional: true,
  values: 'exact',
  release: '3.6',
};

/** The required schema of a type, and how its text is read. */
export interface Mapped {
  readonly schema: ConnectSchema;
  readonly format: PostgresTextFormat;
}
