import { must, unreachable } from '../../src/foundation/assert.ts';
import { bigIntToBytes, formatDecimal } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type { BytesEncoding } from '../../src/model/bytes-encoding.ts';
import type { PostgresTextFormat, TimeCut } from '../../src/model/table-schema.ts';
import { inUnit, isoDate, isoTime, isoTimestamp, MICROS_PER_DAY } from '../civil-calendar.ts';
import type { TimeUnit } from '../civil-calendar.ts';
import { encodedBytes } from '../encoded-bytes.ts';
import { parseNumeric, withoutTrailingZeros } from '../numeric-text.ts';
import { parsePlainText } from '../plain-text-values.ts';
import { conversionError } from '../value-conversion.ts';
import type { ArrayText } from './postgres-array-text.ts';
import { parseArrayText } from './postgres-array-text.ts';
import { bitsToBytes, bitToBoolean } from './postgres-bits.ts';
import { parseEwkb, parseGeometric } from './postgres-geometry.ts';
import { hstoreJson, parseHstore } from './postgres-hstore.ts';
import { intervalMicros, intervalText } from './postgres-interval.ts';
import { parseMoney } from './postgres-money.ts';
import { parseStructured } from './postgres-structured-time.ts';
import {
  ISO_INFINITY,
  ISO_MINUS_INFINITY,
  parseDate,
  parseTime,
  parseTimestamp,
  TIMESTAMP_INFINITY,
  TIMESTAMP_MINUS_INFINITY,
  timestampIn,
} from './postgres-time.ts';
import { parseSparseVector, parseVector } from './postgres-vector.ts';

/**
 * The general path from PostgreSQL's text to a Connect value: clear and exact, not fast. The
 * compiled encoders of rowpath give the same bytes without making values; a property test holds
 * them to this file. Texts are those of a session with DateStyle=ISO, IntervalStyle=iso_8601,
 * TimeZone=UTC, bytea_output=hex (PITFALLS P86).
 */
export function parseText(
  format: PostgresTextFormat,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  switch (format.kind) {
    case 'integer':
    case 'float':
    case 'string':
    case 'decimal':
    case 'decimal-double':
    case 'decimal-string':
      return parsePlainText(format, schema, text);
    case 'boolean':
      return boolean(text);
    case 'byte-text':
      return byteText(text);
    case 'bytea':
      return bytea(format.encoding, text);
    case 'variable-decimal':
      return variableDecimal(schema, text);
    case 'date':
      return parseDate(text);
    case 'time':
      return timeOfDay(format, schema, text);
    case 'timestamp':
      return format.infinities === undefined
        ? timestampIn(format.unit, text)
        : laterTimestamp(format.unit, text);
    case 'zoned-timestamp':
      return zonedTimestamp(format.digits, text);
    case 'zoned-time':
      return `${isoTime(cutTime(parseTime(text), format.cut), 'needed')}Z`;
    case 'iso-date':
    case 'iso-time':
    case 'iso-timestamp':
      return isoText(format, text);
    case 'micro-duration':
      return intervalMicros(text);
    case 'interval-string':
      return intervalText(text);
    case 'array':
      return array(format, text);
    case 'custom':
      return format.convert(text);
    default:
      return extendedText(format, schema, text);
  }
}

type ExtendedKind =
  | 'bit'
  | 'bits'
  | 'money'
  | 'hstore'
  | 'geometric'
  | 'ewkb'
  | 'vector'
  | 'sparse-vector'
  | 'opaque'
  | 'structured';

function extendedText(
  format: Extract<PostgresTextFormat, { kind: ExtendedKind }>,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  switch (format.kind) {
    case 'bit':
      return bitToBoolean(text);
    case 'bits':
      return bitsToBytes(text);
    case 'money':
      return money(format, text);
    case 'hstore': {
      const entries = parseHstore(text);
      return format.as === 'json' ? hstoreJson(entries) : entries;
    }
    case 'geometric':
      return parseGeometric(format.shape, schema, text);
    case 'ewkb':
      return parseEwkb(schema, text);
    case 'vector':
      return parseVector(schema, text);
    case 'sparse-vector':
      return parseSparseVector(schema, text);
    case 'opaque':
      return encodedBytes(format.encoding, Buffer.from(text));
    case 'structured':
      return parseStructured(format, schema, text);
    default:
      return unreachable(format);
  }
}

function boolean(text: string): boolean {
  if (text === 't') return true;
  if (text === 'f') return false;
  throw conversionError('the text is neither t nor f');
}

/** What is no UTF-8 is decoded to U+FFFD, which is three bytes and never a "char" by itself. */
function byteText(text: string): string {
  if (!text.includes('\uFFFD')) return text;
  throw conversionError(
    'a "char" above 127 has no text before PostgreSQL 16',
    'Change the column to text or smallint, or leave it out with column.exclude.list.',
  );
}

function bytea(encoding: BytesEncoding, text: string): ConnectValue {
  if (!/^\\x(?:[0-9a-f]{2})*$/.test(text)) {
    throw conversionError('the text is not hex: bytea_output of the session must be hex');
  }
  return encodedBytes(encoding, Buffer.from(text.slice(2), 'hex'));
}

function money(format: Extract<PostgresTextFormat, { kind: 'money' }>, text: string): ConnectValue {
  // The original rounds to money.fraction.digits only where a scale has to be told.
  const scale = format.as === 'decimal' ? format.scale : format.printed;
  const amount = parseMoney(text, format.printed, scale);
  if (format.as === 'decimal') return amount;
  const plain = formatDecimal(amount);
  return format.as === 'string' ? plain : Number(plain);
}

function variableDecimal(schema: ConnectSchema, text: string): Struct {
  const value = withoutTrailingZeros(parseNumeric(text));
  return { schema, values: [value.scale, bigIntToBytes(value.unscaled)] };
}

function timeOfDay(
  { unit, cut }: Extract<PostgresTextFormat, { kind: 'time' }>,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  const value = inUnit(unit, cutTime(parseTime(text), cut));
  return schema.type === 'int64' ? value : Number(value);
}

/** Infinities in one unit more than 3.6 had: LONG_MAX of µs, and µs for ms. */
function laterTimestamp(unit: TimeUnit, text: string): bigint {
  const next = unit === 'ms' ? 'us' : 'ns';
  if (text === 'infinity') return TIMESTAMP_INFINITY[next];
  return text === '-infinity' ? TIMESTAMP_MINUS_INFINITY[next] : timestampIn(unit, text);
}

function zonedTimestamp(digits: number, text: string): string {
  const micros = parseTimestamp(text);
  return micros === null ? text : `${isoTimestamp(micros, digits)}Z`;
}

type IsoFormat = Extract<PostgresTextFormat, { kind: 'iso-date' | 'iso-time' | 'iso-timestamp' }>;

function cutTime(micros: bigint, cut: TimeCut | undefined): bigint {
  if (cut === undefined) return micros;
  return micros - (micros % (cut === 'ms' ? 1000n : 1_000_000n));
}

/** The Z says UTC, though these types have no zone: that is how the original writes them. */
function isoText({ kind, java, cut }: IsoFormat, text: string): string {
  if (kind === 'iso-timestamp' && java === true && text === 'infinity') return ISO_INFINITY;
  if (kind === 'iso-timestamp' && java === true && text === '-infinity') return ISO_MINUS_INFINITY;
  if (text === 'infinity' || text === '-infinity') return text;
  if (kind === 'iso-date') return `${isoDate(parseDate(text))}Z`;
  if (kind === 'iso-time') {
    const micros = cutTime(parseTime(text), cut);
    return `${isoTime(java === true ? micros % MICROS_PER_DAY : micros, 'needed')}Z`;
  }
  const micros = must(parseTimestamp(text), 'a finite timestamp');
  return `${isoTimestamp(micros, 'needed')}Z`;
}

type ArrayFormat = Extract<PostgresTextFormat, { kind: 'array' }>;

function array(format: ArrayFormat, text: string): ConnectValue {
  return items(format, format.elementSchema, parseArrayText(text, format.delimiter), 1);
}

/** An empty array has no dimensions, whatever its column declares. */
function items(
  format: ArrayFormat,
  schema: ConnectSchema,
  array: ArrayText,
  depth: number,
): ConnectValue {
  return array.map((item): ConnectValue => {
    if (item === null) {
      if (schema.optional && depth === format.dimensions) return null;
      throw conversionError(
        'the array has a null, which the schema of its elements forbids',
        'Set array.enum.elements.optional to true.',
      );
    }
    if ((typeof item !== 'string') !== depth < format.dimensions) throw otherDimensions(format);
    if (typeof item === 'string') return parseText(format.element, schema, item);
    return items(format, must(schema.valueSchema, 'items'), item, depth + 1);
  });
}

/** The catalog does not bind an array's dimensions: only the value shows them (golden README 2). */
function otherDimensions({ dimensions }: ArrayFormat): Error {
  return conversionError(
    `the array has not the ${dimensions} dimension${dimensions === 1 ? '' : 's'} of its schema`,
    'Set array.handling.mode to all_text, or leave the column out with column.exclude.list.',
  );
}
