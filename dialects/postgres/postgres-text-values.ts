import { must, unreachable } from '../../src/foundation/assert.ts';
import { bigIntToBytes } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type { ColumnSchema, TableId, TextFormat } from '../../src/model/table-schema.ts';
import { parseArrayText } from './postgres-array-text.ts';
import { intervalMicros, intervalText } from './postgres-interval.ts';
import {
  NUMERIC_WORDS,
  parseNumeric,
  withoutTrailingZeros,
  withScale,
} from './postgres-numeric.ts';
import {
  inUnit,
  isoDate,
  isoTime,
  isoTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
  timestampIn,
} from './postgres-time.ts';
import type { TimeUnit } from './postgres-time.ts';
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
      return timeOfDay(format.unit, schema, text);
    case 'timestamp':
      return timestampIn(format.unit, text);
    case 'zoned-timestamp':
      return zonedTimestamp(format.digits, text);
    case 'zoned-time':
      return `${isoTime(parseTime(text), 'needed')}Z`;
    case 'iso-date':
    case 'iso-time':
    case 'iso-timestamp':
      return isoText(format.kind, text);
    case 'micro-duration':
      return intervalMicros(text);
    case 'interval-string':
      return intervalText(text);
    case 'array':
      return array(format, text);
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
  if (schema.type === 'array')
    return placeholderArray(must(schema.valueSchema, 'items'), placeholder);
  if (format.kind === 'bytea') {
    const { encoding } = format;
    return encoding === 'bytes' ? Buffer.from(placeholder) : encodeBytes(encoding, placeholder);
  }
  if (schema.type === 'string') return placeholder;
  return schema.optional ? null : zero(schema);
}

function placeholderArray(items: ConnectSchema, placeholder: string): ConnectValue {
  const bytes = Buffer.from(placeholder);
  switch (items.type) {
    case 'string':
      return [placeholder];
    case 'bytes':
      return items.name === undefined ? [bytes] : [];
    case 'int16':
    case 'int32':
      return [...bytes];
    case 'int64':
      return Array.from(bytes, BigInt);
    default:
      return [];
  }
}

function zero(schema: ConnectSchema): ConnectValue {
  switch (schema.type) {
    case 'int64':
      return 0n;
    case 'boolean':
      return false;
    case 'bytes':
      return { unscaled: 0n, scale: Number(schema.parameters?.['scale'] ?? 0) };
    case 'struct':
      return { schema, values: [0, Buffer.from([0])] };
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

const FLOAT = /^-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Infinity)$|^NaN$/;

function float(text: string): number {
  if (!FLOAT.test(text)) throw conversionError('the text is not a number');
  return Number(text);
}

type ByteaEncoding = Extract<TextFormat, { kind: 'bytea' }>['encoding'];

function bytea(encoding: ByteaEncoding, text: string): ConnectValue {
  if (!/^\\x(?:[0-9a-f]{2})*$/.test(text)) {
    throw conversionError('the text is not hex: bytea_output of the session must be hex');
  }
  const bytes = Buffer.from(text.slice(2), 'hex');
  return encoding === 'bytes' ? bytes : encodeBytes(encoding, bytes);
}

function encodeBytes(encoding: Exclude<ByteaEncoding, 'bytes'>, source: Buffer | string): string {
  const bytes = Buffer.from(source);
  if (encoding === 'hex') return bytes.toString('hex');
  const base64 = bytes.toString('base64');
  if (encoding === 'base64') return base64;
  // Java's URL encoder keeps the padding, Node's base64url leaves it out.
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

function variableDecimal(schema: ConnectSchema, text: string): Struct {
  const value = withoutTrailingZeros(parseNumeric(text));
  return { schema, values: [value.scale, bigIntToBytes(value.unscaled)] };
}

function timeOfDay(unit: TimeUnit, schema: ConnectSchema, text: string): ConnectValue {
  const value = inUnit(unit, parseTime(text));
  return schema.type === 'int64' ? value : Number(value);
}

function zonedTimestamp(digits: number, text: string): string {
  const micros = parseTimestamp(text);
  return micros === null ? text : `${isoTimestamp(micros, digits)}Z`;
}

/** The Z says UTC, though these types have no zone: that is how the original writes them. */
function isoText(kind: 'iso-date' | 'iso-time' | 'iso-timestamp', text: string): string {
  if (text === 'infinity' || text === '-infinity') return text;
  if (kind === 'iso-date') return `${isoDate(parseDate(text))}Z`;
  if (kind === 'iso-time') return `${isoTime(parseTime(text), 'needed')}Z`;
  const micros = must(parseTimestamp(text), 'a finite timestamp');
  return `${isoTimestamp(micros, 'needed')}Z`;
}

function array(format: Extract<TextFormat, { kind: 'array' }>, text: string): ConnectValue {
  return parseArrayText(text, format.delimiter).map((item) => {
    if (item === null) {
      if (!format.elementSchema.optional) {
        throw conversionError('the array has a null, which the schema of its elements forbids');
      }
      return null;
    }
    if (typeof item !== 'string') throw manyDimensions();
    return parseText(format.element, format.elementSchema, item);
  });
}

/** The catalog does not bind an array's dimensions: only the value shows them (golden README 2). */
function manyDimensions(): Error {
  return conversionError(
    'the array has more than one dimension, and the schema only one',
    'Leave the column out with column.exclude.list.',
  );
}
