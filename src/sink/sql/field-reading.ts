import { asString } from '../../../dialects/connect-values.ts';
import type { TargetColumn, ValueEncoder } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { TimeZone } from '../../foundation/time-zone.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { Convert } from './zone-clocks.ts';
import { CONNECT_DATE, IN_ZONE, ZONED_IN_ZONE } from './zone-clocks.ts';

/** What options make of a field's values on their way into its column. */
export type ReadingOptions = Pick<SqlSinkOptions, 'nullsAsDefaults' | 'timestampFields' | 'zones'>;

const TIMESTAMPS = {
  microseconds: 'io.debezium.time.MicroTimestamp',
  nanoseconds: 'io.debezium.time.NanoTimestamp',
} as const;

/** A column that a field goes to. */
export interface ReadColumn {
  readonly column: TargetColumn;
  readonly isKey: boolean;
  /** See `TargetDialect.zoneInTexts`. */
  readonly zoneInTexts: boolean;
}

/** What the values of a field are taken for, which makes the type of its column. */
export function fieldSchema(field: ConnectField, options: ReadingOptions): ConnectSchema {
  const schema = asTimestamp(field, options);
  if (schema === field.schema && zoneOf(field, options) === null) return schema;
  // A default would stand in the DDL as it is not written.
  const { default: _default, ...rest } = schema;
  return rest;
}

function asTimestamp(
  { name, schema }: ConnectField,
  { timestampFields }: ReadingOptions,
): ConnectSchema {
  if (timestampFields === null || !timestampFields.names.includes(name)) return schema;
  const isCount = schema.type === 'int64' || schema.type === 'string';
  if (!isCount || schema.name !== undefined) return schema;
  const { optional } = schema;
  return { type: 'int64', optional, name: TIMESTAMPS[timestampFields.unit], version: 1 };
}

/** Null: the values are written as they are. Debezium's own times are those of their source. */
function zoneOf(field: ConnectField, options: ReadingOptions): TimeZone | null {
  const schema = asTimestamp(field, options);
  const { name = '' } = schema;
  if (name in ZONED_IN_ZONE) return options.zones.zoned;
  const isOurs = schema === field.schema && name.startsWith('io.debezium.');
  if (isOurs || !(name in IN_ZONE)) return null;
  return name === CONNECT_DATE ? options.zones.dates : options.zones.times;
}

/** Null: the column takes the values as they are. */
function clockOf(
  field: ConnectField,
  { column, isKey, zoneInTexts }: ReadColumn,
  options: ReadingOptions,
): Convert | null {
  const zone = tellsClock(column) ? zoneOf(field, options) : null;
  if (zone === null) return null;
  const { name = '' } = asTimestamp(field, options);
  const ofZoned = ZONED_IN_ZONE[name];
  if (ofZoned === undefined) return IN_ZONE[name]?.(zone, isKey) ?? null;
  return zoneInTexts ? null : ofZoned(zone, isKey);
}

/**
 * The encoder of a field, made once per schema and table: `encoder` for the field's schema as it is
 * taken, with what the options want before it.
 */
export function readingEncoder(
  encoder: ValueEncoder,
  field: ConnectField,
  column: ReadColumn,
  options: ReadingOptions,
): ValueEncoder {
  const isText = asTimestamp(field, options) !== field.schema && field.schema.type === 'string';
  const clocked = converting(encoder, clockOf(field, column, options));
  const reading = converting(clocked, isText ? wholeNumber : null);
  const initial = field.schema.default ?? null;
  return options.nullsAsDefaults && initial !== null ? withDefault(reading, initial) : reading;
}

const CLOCKS = /^(?:timestamp|datetime|time|date|TEXT|TIMESTAMP(?:_NS)?|TIME(?:_NS)?|DATE)\b/;

/**
 * A column that shows a clock, and knows of no zone by itself. SQLite has texts for that; DuckDB's
 * types are in capitals, and its TIMESTAMP knows of no zone, as MySQL's does.
 */
function tellsClock({ type }: TargetColumn): boolean {
  const isZoned = /\bwith time zone\b/i.test(type) || /^timestamp(?:\(\d\))?$/.test(type);
  return !isZoned && CLOCKS.test(type);
}

function converting(encoder: ValueEncoder, convert: Convert | null): ValueEncoder {
  if (convert === null) return encoder;
  return {
    plain: encoder.plain,
    encode: (value) => encoder.encode(value === null ? null : convert(value)),
  };
}

function wholeNumber(value: Exclude<ConnectValue, null>): bigint {
  const text = asString(value);
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace(/^\+/, ''));
  throw new TidemarkError('VALUE_CONVERSION', 'the text is no whole number of units since 1970', {
    cure: 'Take the field out of timestamp.fields.list.',
  });
}

/** The default is encoded with the first null: one that does not fit hurts no row before it. */
function withDefault(encoder: ValueEncoder, initial: ConnectValue): ValueEncoder {
  let text: string | null = null;
  return {
    plain: encoder.plain,
    encode: (value) => {
      if (value !== null) return encoder.encode(value);
      text ??= encoder.encode(initial);
      return text;
    },
  };
}
