import { must } from '../foundation/assert.ts';
import { bytesToBigInt, DECIMAL } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { StringPosition } from '../foundation/string-position.ts';

/**
 * Reads payloads that are laid out as JsonConverter writes them: no spaces, fields in the schema's
 * order. That is what every record of a pipeline is, and reading it by the schema is several times
 * faster than a general parser. Anything else throws OtherLayout, and the general path reads it.
 */
export type JsonDecode = (cursor: JsonCursor) => ConnectValue;

/** Where the next byte stands. Past the end bytes are undefined, which fits nothing. */
export interface JsonCursor {
  readonly bytes: Buffer;
  at: number;
}

/** Not an error: the record is laid out in another way, or is not what its schema says. */
export class OtherLayout extends Error {
  static readonly instance = new OtherLayout();
}

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** A reader of payloads of the schema, made once per topic and schema. */
export function compileJsonDecoder(schema: ConnectSchema): JsonDecode {
  const required = compileRequired(schema);
  if (!schema.optional) return required;
  return (cursor) => (takes(cursor, NULL) ? null : required(cursor));
}

function compileRequired(schema: ConnectSchema): JsonDecode {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return readInt;
    case 'int64':
      return readLong;
    case 'float32':
      return (cursor) => Math.fround(readFloat(cursor));
    case 'float64':
      return readFloat;
    case 'boolean':
      return (cursor) => takes(cursor, TRUE) || (takes(cursor, FALSE) ? false : other());
    case 'string':
      return stringDecoder();
    case 'bytes':
      return bytesDecoder(schema);
    case 'array':
      return arrayDecoder(schema);
    case 'struct':
      return structDecoder(schema);
    case 'map':
      // Rare, and their keys need unescaping: the general path reads such records.
      return other;
  }
}

function other(): never {
  throw OtherLayout.instance;
}

function takes(cursor: JsonCursor, word: Buffer): boolean {
  const { bytes, at } = cursor;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  cursor.at = at + word.length;
  return true;
}

function expectByte(cursor: JsonCursor, byte: number): void {
  if (cursor.bytes[cursor.at++] !== byte) other();
}

function structDecoder(schema: ConnectSchema): JsonDecode {
  const fields = schema.fields ?? [];
  if (fields.length === 0) return other;
  const names = fields.map((field, i) =>
    Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(field.name)}:`),
  );
  const decoders = fields.map((field) => compileJsonDecoder(field.schema));
  return (cursor) => {
    const values: ConnectValue[] = [];
    values.length = names.length;
    for (let i = 0; i < names.length; i++) {
      if (!takes(cursor, names[i] as Buffer)) other();
      values[i] = (decoders[i] as JsonDecode)(cursor);
    }
    expectByte(cursor, CLOSE_BRACE);
    return { schema, values };
  };
}

function arrayDecoder(schema: ConnectSchema): JsonDecode {
  const item = compileJsonDecoder(must(schema.valueSchema, 'an array schema has items'));
  return (cursor) => {
    expectByte(cursor, OPEN_BRACKET);
    const values: ConnectValue[] = [];
    if (cursor.bytes[cursor.at] === CLOSE_BRACKET) {
      cursor.at++;
      return values;
    }
    for (;;) {
      values.push(item(cursor));
      const byte = cursor.bytes[cursor.at++];
      if (byte === CLOSE_BRACKET) return values;
      if (byte !== COMMA) other();
    }
  };
}

function stringDecoder(): JsonDecode {
  const position = new StringPosition();
  return (cursor) => {
    expectByte(cursor, QUOTE);
    const { bytes } = cursor;
    const start = cursor.at;
    let end = start;
    for (;;) {
      const byte = bytes[end];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) return escapedString(cursor, start);
      if (byte === undefined || byte < 0x20) other();
      end++;
    }
    cursor.at = end + 1;
    return position.read(bytes, start, end - start);
  };
}

/** `source.sequence` has escaped quotes in every record, so these are taken out by hand. */
function escapedString(cursor: JsonCursor, start: number): string {
  const { bytes } = cursor;
  if (unescaped.length < bytes.length) unescaped = Buffer.allocUnsafe(bytes.length * 2);
  let end = start;
  let length = 0;
  for (;;) {
    const byte = bytes[end];
    if (byte === QUOTE) break;
    if (byte === undefined || byte < 0x20) other();
    if (byte !== BACKSLASH) {
      unescaped[length++] = byte;
      end++;
      continue;
    }
    const meant = ESCAPES[bytes[end + 1] as number];
    if (meant === undefined) return unicodeString(cursor, start);
    unescaped[length++] = meant;
    end += 2;
  }
  cursor.at = end + 1;
  return unescaped.toString('utf8', 0, length);
}

let unescaped = Buffer.allocUnsafe(256);

/** Byte after the backslash → byte that it means; `u` is not among them. */
const ESCAPES: Readonly<Record<number, number>> = {
  [0x22]: 0x22,
  [0x5c]: 0x5c,
  [0x2f]: 0x2f,
  [0x62]: 0x08,
  [0x66]: 0x0c,
  [0x6e]: 0x0a,
  [0x72]: 0x0d,
  [0x74]: 0x09,
};

function unicodeString(cursor: JsonCursor, start: number): string {
  const { bytes } = cursor;
  let end = start;
  for (;;) {
    const byte = bytes[end];
    if (byte === QUOTE) break;
    if (byte === undefined) other();
    end += byte === BACKSLASH ? 2 : 1;
  }
  cursor.at = end + 1;
  try {
    return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
  } catch {
    return other();
  }
}

function bytesDecoder(schema: ConnectSchema): JsonDecode {
  const isDecimal = schema.name === DECIMAL;
  const scale = Number(schema.parameters?.['scale']);
  if (isDecimal && !Number.isInteger(scale)) return other;
  return (cursor) => {
    expectByte(cursor, QUOTE);
    const start = cursor.at;
    const end = cursor.bytes.indexOf(QUOTE, start);
    if (end < 0) other();
    cursor.at = end + 1;
    const bytes = Buffer.from(cursor.bytes.toString('latin1', start, end), 'base64');
    return isDecimal ? { unscaled: bytesToBigInt(bytes), scale } : bytes;
  };
}

function readInt(cursor: JsonCursor): number {
  const { bytes } = cursor;
  let at = cursor.at;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const start = at;
  let value = 0;
  for (;;) {
    const digit = (bytes[at] as number) - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
    at++;
  }
  if (at === start || at - start > 10) other();
  cursor.at = at;
  return negative ? 0 - value : value;
}

const LEAST_LONG = -(2n ** 63n);
const half = new Uint32Array(2);
const whole = new BigInt64Array(half.buffer);

/** Up to 19 digits: the last nine and those before them are numbers, put together in 64 bits. */
function readLong(cursor: JsonCursor): bigint {
  const { bytes } = cursor;
  let at = cursor.at;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const start = at;
  while (isDigit(bytes[at])) at++;
  const digits = at - start;
  // The twentieth digit does not fit; the general path says so.
  if (digits === 0 || digits > 19) other();
  cursor.at = at;
  const split = Math.max(start, at - 9);
  let high = 0;
  for (let i = start; i < split; i++) high = high * 10 + ((bytes[i] as number) - ZERO);
  let low = 0;
  for (let i = split; i < at; i++) low = low * 10 + ((bytes[i] as number) - ZERO);
  if (digits <= 15) {
    const value = high * 1e9 + low;
    return BigInt(negative ? -value : value);
  }
  // high × 10⁹ + low without losing a bit: high is cut at 16 bits, every product is below 2⁵³.
  const upper = Math.floor(high / 65536) * 1e9;
  const rest = (upper % 65536) * 65536 + (high % 65536) * 1e9 + low;
  half[0] = rest % 0x100000000;
  half[1] = Math.floor(upper / 65536) + Math.floor(rest / 0x100000000);
  const value = whole[0] as bigint;
  if (value >= 0n) return negative ? -value : value;
  // Beyond 2⁶³, which only the least long may reach.
  return negative && value === LEAST_LONG ? value : other();
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function readFloat(cursor: JsonCursor): number {
  const { bytes } = cursor;
  const start = cursor.at;
  // Quoted: NaN and infinities.
  if (bytes[start] === QUOTE) other();
  let at = start;
  while (isNumberByte(bytes[at])) at++;
  const value = Number(bytes.toString('latin1', start, at));
  if (at === start || Number.isNaN(value)) other();
  cursor.at = at;
  return value;
}

function isNumberByte(byte: number | undefined): boolean {
  return isDigit(byte) || byte === MINUS || byte === 0x2b || byte === 0x2e || byte === 0x45;
}

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
