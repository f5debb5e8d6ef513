import { asBigInt, asNumber, asString } from '../../../dialects/connect-values.ts';
import type { TargetColumn, ValueEncoder } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { floorDiv } from '../../foundation/floor-division.ts';
import type { TimeZone } from '../../foundation/time-zone.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

/** What options make of a field's values on their way into its column. */
export type ReadingOptions = Pick<SqlSinkOptions, 'nullsAsDefaults' | 'timestampFields' | 'zones'>;

type Convert = (value: Exclude<ConnectValue, null>) => ConnectValue;

const TIMESTAMPS = {
  microseconds: 'io.debezium.time.MicroTimestamp',
  nanoseconds: 'io.debezium.time.NanoTimestamp',
} as const;

const CONNECT_DATE = 'org.apache.kafka.connect.data.Date';
const DAY_MS = 86_400_000;
/** Past this there are no dates in JavaScript; what stands for infinity lies there. */
const LAST_MS = 8.64e15 - 2 * DAY_MS;
const LAST_LONG = 2n ** 63n - 1n;

type InZone = (zone: TimeZone, isKey: boolean) => Convert;

/**
 * Values as the clocks of a zone show them. When those are put back, two of them look alike: of
 * keys only the first may be written, as rows would be written over each other.
 */
const IN_ZONE: Readonly<Record<string, InZone>> = {
  [CONNECT_DATE]: (zone, isKey) => (value) => {
    const days = asNumber(value);
    if (Math.abs(days) * DAY_MS > LAST_MS) return value;
    const shown = dayIn(zone, days);
    if (isKey && dayIn(zone, days - 1) === shown) throw shownTwice();
    return shown;
  },
  'org.apache.kafka.connect.data.Time': (zone) => (value) => {
    const ms = asNumber(value);
    // A TIME of MySQL may be a duration, which no clock shows.
    if (ms < 0 || ms >= DAY_MS) return value;
    return (ms + zone.offsetAt(ms) * 1000 + DAY_MS) % DAY_MS;
  },
  'org.apache.kafka.connect.data.Timestamp': instantIn(1n),
  [TIMESTAMPS.microseconds]: instantIn(1000n),
  [TIMESTAMPS.nanoseconds]: instantIn(1_000_000n),
};

function dayIn(zone: TimeZone, days: number): number {
  return days + Math.floor((zone.offsetAt(days * DAY_MS) * 1000) / DAY_MS);
}

function instantIn(unitsPerMs: bigint): InZone {
  return (zone, isKey) => (value) => {
    const units = asBigInt(value);
    const ms = Number(floorDiv(units, unitsPerMs));
    const isInfinite = units >= LAST_LONG || units <= -LAST_LONG || Math.abs(ms) > LAST_MS;
    if (isInfinite) return value;
    const offset = zone.offsetAt(ms);
    if (isKey && zone.offsetOfLocal(ms + offset * 1000) !== offset) throw shownTwice();
    return units + BigInt(offset * 1000) * unitsPerMs;
  };
}

function shownTwice(): TidemarkError {
  return new TidemarkError(
    'SINK_RECORD',
    'the clocks of db.timezone have shown this already: an earlier key would look the same',
    {
      cure: 'Set db.timezone (for dates date.timezone) to UTC, and let the table be written anew.',
    },
  );
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
  const isOurs = schema === field.schema && schema.name?.startsWith('io.debezium.') === true;
  if (isOurs || !((schema.name ?? '') in IN_ZONE)) return null;
  return schema.name === CONNECT_DATE ? options.zones.dates : options.zones.times;
}

/**
 * The encoder of a field, made once per schema and table: `encoder` for the field's schema as it is
 * taken, with what the options want before it.
 */
export function readingEncoder(
  encoder: ValueEncoder,
  field: ConnectField,
  column: TargetColumn,
  isKey: boolean,
  options: ReadingOptions,
): ValueEncoder {
  const schema = asTimestamp(field, options);
  const zone = tellsClock(column) ? zoneOf(field, options) : null;
  const inItsZone = zone === null ? null : IN_ZONE[schema.name ?? '']?.(zone, isKey);
  const isText = schema !== field.schema && field.schema.type === 'string';
  const clocked = converting(encoder, inItsZone ?? null);
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
