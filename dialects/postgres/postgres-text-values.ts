import { createHash } from 'node:crypto';
import { must, unreachable } from '../../src/foundation/assert.ts';
import { bigIntToBytes, formatDecimal } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type {
  BytesEncoding,
  ColumnSchema,
  TableId,
  TextFormat,
  TimeCut,
} from '../../src/model/table-schema.ts';
import type { ArrayText } from './postgres-array-text.ts';
import { parseArrayText } from './postgres-array-text.ts';
import { bitsToBytes, bitToBoolean } from './postgres-bits.ts';
import { parseEwkb, parseGeometric } from './postgres-geometry.ts';
import { hstoreJson, parseHstore } from './postgres-hstore.ts';
import { intervalMicros, intervalText } from './postgres-interval.ts';
import { parseMoney } from './postgres-money.ts';
import {
  NUMERIC_WORDS,
  parseNumeric,
  withoutTrailingZeros,
  withScale,
} from './postgres-numeric.ts';
import { parseStructured } from './postgres-structured-time.ts';
import {
  inUnit,
  ISO_INFINITY,
  ISO_MINUS_INFINITY,
  isoDate,
  isoTime,
  isoTimestamp,
  MICROS_PER_DAY,
  parseDate,
  parseTime,
  parseTimestamp,
  TIMESTAMP_INFINITY,
  TIMESTAMP_MINUS_INFINITY,
  timestampIn,
} from './postgres-time.ts';
import type { TimeUnit } from './postgres-time.ts';
import { parseSparseVector, parseVector } from './postgres-vector.ts';
import { conversionError, inColumn } from './value-conversion.ts';

/**
 * The general path from PostgreSQL's text to a Connect value: clear and exact, not fast. The
 * compiled encoders of rowpath give the same bytes without making values; a property test holds
 * them to this file. Texts are those of a session with DateStyle=ISO, IntervalStyle=iso_8601,
 * TimeZone=UTC, bytea_output=hex (PITFALLS P86).
 */
export function parseText(format: TextFormat, schema: ConnectSchema, text: string): ConnectValue {
  switch (format.kind) {
    case 'integer':
      return integer(schema, text);
    case 'boolean':
      return boolean(text);
    case 'float':
      return schema.type === 'float32' ? Math.fround(float(text)) : float(text);
    case 'string':
      return text;
    case 'byte-text':
      return byteText(text);
    case 'bytea':
      return bytea(format.encoding, text);
    case 'decimal':
      return withScale(parseNumeric(text), format.scale);
    case 'variable-decimal':
      return variableDecimal(schema, text);
    case 'decimal-double':
      return float(text);
    case 'decimal-string':
      return NUMERIC_WORDS[text] ?? text;
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
  format: Extract<TextFormat, { kind: ExtendedKind }>,
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
      return encoded(format.encoding, Buffer.from(text));
    case 'structured':
      return parseStructured(format, schema, text);
    default:
      return unreachable(format);
  }
}

/** `parseText` for a column; an error names table and column. */
export function parseColumnText(table: TableId, column: ColumnSchema, text: string): ConnectValue {
  try {
    return parseText(column.format, column.schema, text);
  } catch (error) {
    throw inColumn(table, column, error);
  }
}

/**
 * What stands where a value is absent (unchanged TOAST): the placeholder in the column's own type
 * (PITFALLS C26, as the original: its UTF-8 bytes, also as numbers in arrays of integers). Types
 * that cannot say it hold null or, when required, their zero; the header names them in any case.
 */
export function placeholderValue(column: ColumnSchema, placeholder: string): ConnectValue {
  const { schema, format } = column;
  if (schema.type === 'array') {
    const items = placeholderArray(must(schema.valueSchema, 'items'), placeholder);
    return items ?? (schema.optional ? null : []);
  }
  if (format.kind === 'hstore') {
    const entries = new Map([[placeholder, placeholder]]);
    return format.as === 'json' ? hstoreJson(entries) : entries;
  }
  if (format.kind === 'bytea' || format.kind === 'opaque') {
    if (format.encoding === 'hex') return placeholder;
    return encoded(format.encoding, Buffer.from(placeholder));
  }
  if (schema.type === 'string') return placeholder;
  return schema.optional ? null : zero(schema);
}

function placeholderArray(
  items: ConnectSchema,
  placeholder: string,
): readonly ConnectValue[] | null {
  const bytes = Buffer.from(placeholder);
  switch (items.type) {
    case 'string':
      if (items.name === 'io.debezium.time.IsoDate') return null;
      return [items.name === UUID ? nameUuid(bytes) : placeholder];
    case 'bytes':
      return items.name === undefined ? [bytes] : null;
    case 'int32':
      return [...bytes];
    case 'int64':
      return Array.from(bytes, BigInt);
    default:
      return null;
  }
}

const UUID = 'io.debezium.data.Uuid';

/** A version 3 UUID without a name space: what Java makes of bytes that have to be a UUID. */
function nameUuid(bytes: Buffer): string {
  const hash = createHash('md5').update(bytes).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x30;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function zero(schema: ConnectSchema): ConnectValue {
  switch (schema.type) {
    case 'string':
      return '';
    case 'int64':
      return 0n;
    case 'boolean':
      return false;
    case 'bytes':
      return schema.parameters?.['scale'] === undefined
        ? Buffer.alloc(1)
        : { unscaled: 0n, scale: Number(schema.parameters['scale']) };
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'struct': {
      const fields = must(schema.fields, 'a struct has fields');
      return { schema, values: fields.map((f) => (f.schema.optional ? null : zero(f.schema))) };
    }
    default:
      return 0;
  }
}

const INTEGER = /^-?[0-9]+$/;
const BITS: Readonly<Partial<Record<ConnectSchema['type'], number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
};

function integer(schema: ConnectSchema, text: string): ConnectValue {
  const bits = must(BITS[schema.type], 'an integer schema');
  if (!INTEGER.test(text)) throw conversionError('the text is not a whole number');
  const value = BigInt(text);
  if (BigInt.asIntN(bits, value) !== value) {
    throw conversionError(`the number does not fit in ${bits} bits`);
  }
  return bits === 64 ? value : Number(value);
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

const FLOAT = /^-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Infinity)$|^NaN$/;

function float(text: string): number {
  if (!FLOAT.test(text)) throw conversionError('the text is not a number');
  return Number(text);
}

function bytea(encoding: BytesEncoding, text: string): ConnectValue {
  if (!/^\\x(?:[0-9a-f]{2})*$/.test(text)) {
    throw conversionError('the text is not hex: bytea_output of the session must be hex');
  }
  return encoded(encoding, Buffer.from(text.slice(2), 'hex'));
}

function encoded(encoding: BytesEncoding, bytes: Buffer): Buffer | string {
  if (encoding === 'bytes') return bytes;
  if (encoding === 'hex') return bytes.toString('hex');
  const base64 = bytes.toString('base64');
  if (encoding === 'base64') return base64;
  // Java's URL encoder keeps the padding, Node's base64url leaves it out.
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

function money(format: Extract<TextFormat, { kind: 'money' }>, text: string): ConnectValue {
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
  { unit, cut }: Extract<TextFormat, { kind: 'time' }>,
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

type IsoFormat = Extract<TextFormat, { kind: 'iso-date' | 'iso-time' | 'iso-timestamp' }>;

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

type ArrayFormat = Extract<TextFormat, { kind: 'array' }>;

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
