import { parseText } from '../../dialects/text-values.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import { valueJson } from '../converter/json-text.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { TextFormat } from '../model/table-schema.ts';
import { FLOAT32, FLOAT64, type FloatPrecision, writeJavaFloat } from './float-text.ts';
import { writeBase64, writeJsonString } from './json-string.ts';
import { isPlainDecimal, longBytes, readLongDecimal } from './long-decimal.ts';
import { mysqlJsonEncoder } from './mysql-json-encoder.ts';
import { skipZeros } from './mysql-text-scan.ts';
import type { TextEncoder } from './text-encoder.ts';
import {
  decimal,
  hexByte,
  isHex,
  isInteger,
  readDays,
  readDecimal,
  readTimeMicros,
  readTimestampMicros,
  scratch,
  twosComplement,
  UNUSUAL,
  writeInteger,
  writeZoned,
  zonedLength,
} from './text-scan.ts';

const QUOTE = 0x22;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const SCALE = Buffer.from('{"scale":');
const VALUE = Buffer.from(',"value":"');
const SCALED_END = Buffer.from('"}');

/**
 * The encoder of one column into JSON: the usual form of each type by a fast path, the rest by the
 * general one. Both give the bytes of `valueJson(parseText(text))`.
 */
export function jsonTextEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  options: JsonTextOptions,
): TextEncoder {
  const encoding = textEncoding(format);
  const general: TextEncoder = (bytes, start, end, out) => {
    const value = parseText(format, schema, bytes.toString(encoding, start, end));
    out.utf8(valueJson(schema, value, options));
  };
  switch (format.kind) {
    case 'integer':
    case 'unsigned-long':
      return integerEncoder(schema, general);
    case 'zero-padded':
      return unpadded(jsonTextEncoder(format.number, schema, options));
    case 'boolean':
      return booleanEncoder(general);
    case 'float':
      return floatEncoder(schema.type === 'float32' ? FLOAT32 : FLOAT64, general);
    case 'decimal-double':
      return floatEncoder(FLOAT64, general);
    case 'string':
      return writeJsonString;
    case 'decimal-string':
      return numberTextEncoder(general);
    case 'bytea':
      return format.encoding === 'bytes' ? byteaEncoder(general) : general;
    case 'decimal':
      return options.decimalFormat === 'BASE64'
        ? decimalEncoder(format.scale, general)
        : plainDecimalEncoder(format.scale, general);
    case 'variable-decimal':
      return variableDecimalEncoder(general);
    case 'date':
      return dateEncoder(general);
    case 'time':
      return inUnit(format.unit, readTimeMicros, general);
    case 'timestamp':
      return inUnit(format.unit, readTimestampMicros, general);
    case 'zoned-timestamp':
      return zonedEncoder(format.digits, general);
    default:
      return mysqlJsonEncoder(format, schema, options, general);
  }
}

/** Of so few digits that the range of the type need not be checked; then they are copied. */
const SAFE_DIGITS: Readonly<Record<string, number>> = { int8: 2, int16: 4, int32: 9, int64: 18 };

function integerEncoder(schema: ConnectSchema, general: TextEncoder): TextEncoder {
  const most = SAFE_DIGITS[schema.type] ?? 0;
  return (bytes, start, end, out) => {
    if (end - start > most || !isInteger(bytes, start, end)) {
      general(bytes, start, end, out);
    } else {
      out.range(bytes, start, end);
    }
  };
}

/** Behind its zeros in front a number is any other. */
function unpadded(encode: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    encode(bytes, skipZeros(bytes, start, end), end, out);
  };
}

/** All but words (NaN, Infinity), none of which ends with a digit, stands as it is. */
function numberTextEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const last = bytes[end - 1] as number;
    if (end > start && last >= 0x30 && last <= 0x39) writeJsonString(bytes, start, end, out);
    else general(bytes, start, end, out);
  };
}

function booleanEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const letter = bytes[start];
    if (end - start === 1 && letter === 0x74) out.range(TRUE, 0, 4);
    else if (end - start === 1 && letter === 0x66) out.range(FALSE, 0, 5);
    else general(bytes, start, end, out);
  };
}

function floatEncoder(precision: FloatPrecision, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!writeJavaFloat(out, bytes, start, end, precision)) general(bytes, start, end, out);
  };
}

function byteaEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!isHex(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    const count = (end - start - 2) / 2;
    out.reserve((((count + 2) / 3) | 0) * 4 + 2 + count);
    // The raw bytes are put where the base64 cannot reach them before they are read.
    const raw = out.position + (((count + 2) / 3) | 0) * 4 + 2;
    const target = out.bytes;
    for (let i = 0; i < count; i++) target[raw + i] = hexByte(bytes, start + 2 + i * 2);
    target[out.position++] = QUOTE;
    writeBase64(target, raw, raw + count, out);
    out.bytes[out.position++] = QUOTE;
  };
}

function decimalEncoder(scale: number, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (readDecimal(bytes, start, end) && decimal.scale === scale) {
      writeQuoted(scratch, twosComplement(decimal.unscaled), out);
      return;
    }
    const from = readLongDecimal(bytes, start, end, scale);
    if (from < 0) general(bytes, start, end, out);
    else writeQuoted(longBytes, from, out);
  };
}

/** The rest of a few bytes in base64. */
function writeQuoted(bytes: Buffer, from: number, out: ByteWriter): void {
  out.reserve(26);
  out.bytes[out.position++] = QUOTE;
  writeBase64(bytes, from, bytes.length, out);
  out.bytes[out.position++] = QUOTE;
}

function plainDecimalEncoder(scale: number, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (isPlainDecimal(bytes, start, end, scale)) out.range(bytes, start, end);
    else general(bytes, start, end, out);
  };
}

function variableDecimalEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!readDecimal(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    stripZeros();
    out.range(SCALE, 0, SCALE.length);
    writeInteger(out, decimal.scale);
    out.range(VALUE, 0, VALUE.length);
    writeBase64(scratch, twosComplement(decimal.unscaled), 8, out);
    out.range(SCALED_END, 0, SCALED_END.length);
  };
}

/** VariableScaleDecimal has no zeros at the end of its fraction. */
export function stripZeros(): void {
  while (decimal.scale > 0 && decimal.unscaled % 10 === 0) {
    decimal.unscaled /= 10;
    decimal.scale--;
  }
}

function dateEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const days = end - start === 10 ? readDays(bytes, start) : UNUSUAL;
    if (days === UNUSUAL) general(bytes, start, end, out);
    else writeInteger(out, days);
  };
}

type MicrosReader = (bytes: Buffer, start: number, end: number) => number;

/** Times that are µs of at most 2^53 and not negative, written in their unit. */
function inUnit(unit: 'ms' | 'us' | 'ns', read: MicrosReader, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const micros = read(bytes, start, end);
    if (micros === UNUSUAL) general(bytes, start, end, out);
    else writeInUnit(unit, micros, out);
  };
}

function writeInUnit(unit: 'ms' | 'us' | 'ns', micros: number, out: ByteWriter): void {
  if (unit === 'ms') {
    writeInteger(out, Math.floor(micros / 1000));
    return;
  }
  writeInteger(out, micros);
  if (unit === 'ns' && micros !== 0) out.ascii('000');
}

function zonedEncoder(digits: number, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    out.reserve(zonedLength(digits) + 2);
    out.bytes[out.position++] = QUOTE;
    if (writeZoned(out, bytes, start, end, digits)) {
      out.bytes[out.position++] = QUOTE;
    } else {
      out.position--;
      general(bytes, start, end, out);
    }
  };
}
