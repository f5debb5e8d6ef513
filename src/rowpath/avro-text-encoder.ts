import { parseText } from '../../dialects/text-values.ts';
import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import {
  writeAvroDigits,
  writeAvroDouble,
  writeAvroFloat,
  writeAvroInt,
  writeAvroSafeLong,
} from '../converter/avro-primitives.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { TextFormat } from '../model/table-schema.ts';
import { stripZeros } from './json-text-encoder.ts';
import { longBytes, readLongDecimal } from './long-decimal.ts';
import { mysqlAvroEncoder } from './mysql-avro-encoder.ts';
import { skipZeros } from './mysql-text-scan.ts';
import type { TextEncoder } from './text-encoder.ts';
import {
  decimal,
  hexByte,
  isHex,
  isInteger,
  readDays,
  readDecimal,
  readDigits,
  readInteger,
  readTimeMicros,
  readTimestampMicros,
  scratch,
  twosComplement,
  UNUSUAL,
  writeZoned,
  zonedLength,
} from './text-scan.ts';

/**
 * The encoder of one column into Avro, without the branch of its union: the usual form of each type
 * by a fast path, the rest by the general one. Both give the bytes of `compileAvroEncoder`.
 */
export function avroTextEncoder(format: TextFormat, schema: ConnectSchema): TextEncoder {
  const encode = compileAvroEncoder({ ...schema, optional: false });
  const encoding = textEncoding(format);
  return usualEncoder(format, schema, (bytes, start, end, out) => {
    encode(out, parseText(format, schema, bytes.toString(encoding, start, end)));
  });
}

/**
 * The same for a format that may make null of a text, so that each value brings its branch along:
 * `branch` is that of a value.
 */
export function avroUnionEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  branch: number,
  replaceNull: boolean,
): TextEncoder {
  const encode = compileAvroEncoder(schema, replaceNull);
  const encoding = textEncoding(format);
  const usual = usualEncoder(format, schema, (bytes, start, end, out) => {
    // An encoder that hands over has written nothing, but for the branch.
    out.position--;
    encode(out, parseText(format, schema, bytes.toString(encoding, start, end)));
  });
  return (bytes, start, end, out) => {
    out.u8(branch);
    usual(bytes, start, end, out);
  };
}

function usualEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  general: TextEncoder,
): TextEncoder {
  switch (format.kind) {
    case 'integer':
    case 'unsigned-long':
      return integerEncoder(schema, general);
    case 'zero-padded':
      return unpadded(avroTextEncoder(format.number, schema));
    case 'boolean':
      return booleanEncoder(general);
    case 'float':
    case 'decimal-double':
      return floatEncoder(schema, general);
    case 'string':
      return textRange;
    case 'decimal-string':
      return numberTextEncoder(general);
    case 'bytea':
      return format.encoding === 'bytes' ? byteaEncoder(general) : general;
    case 'decimal':
      return decimalEncoder(format.scale, general);
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
      return mysqlAvroEncoder(format, schema, general);
  }
}

const textRange: TextEncoder = (bytes, start, end, out) => {
  writeAvroInt(out, end - start);
  out.range(bytes, start, end);
};

function unpadded(encode: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    encode(bytes, skipZeros(bytes, start, end), end, out);
  };
}

/** All but words (NaN, Infinity), none of which ends with a digit, stands as it is. */
function numberTextEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const last = bytes[end - 1] as number;
    if (end > start && last >= 0x30 && last <= 0x39) textRange(bytes, start, end, out);
    else general(bytes, start, end, out);
  };
}

const LIMITS: Readonly<Record<string, number>> = {
  int8: 0x7f,
  int16: 0x7fff,
  int32: 0x7fffffff,
  int64: Number.MAX_SAFE_INTEGER,
};

/** Of so many digits each number fits in 64 bits. */
const LONG_DIGITS = 18;

function integerEncoder(schema: ConnectSchema, general: TextEncoder): TextEncoder {
  const limit = LIMITS[schema.type] ?? 0;
  const isLong = schema.type === 'int64';
  return (bytes, start, end, out) => {
    if (isLong && end - start > 15 && end - start <= LONG_DIGITS) {
      longEncoder(bytes, start, end, out, general);
      return;
    }
    const value = readInteger(bytes, start, end);
    if (value === UNUSUAL || value > limit || value < -limit) general(bytes, start, end, out);
    else writeAvroSafeLong(out, value);
  };
}

function longEncoder(
  bytes: Buffer,
  start: number,
  end: number,
  out: ByteWriter,
  general: TextEncoder,
): void {
  if (!isInteger(bytes, start, end)) {
    general(bytes, start, end, out);
    return;
  }
  const negative = bytes[start] === 0x2d;
  const high = readDigits(bytes, negative ? start + 1 : start, end - 9);
  writeAvroDigits(out, negative, high, readDigits(bytes, end - 9, end));
}

function booleanEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const letter = bytes[start];
    if (end - start !== 1 || (letter !== 0x74 && letter !== 0x66)) general(bytes, start, end, out);
    else out.u8(letter === 0x74 ? 1 : 0);
  };
}

function floatEncoder(schema: ConnectSchema, general: TextEncoder): TextEncoder {
  const write = schema.type === 'float32' ? writeAvroFloat : writeAvroDouble;
  return (bytes, start, end, out) => {
    // Both are exact in a double, so the quotient is the double nearest to the text.
    if (readDecimal(bytes, start, end)) write(out, decimal.unscaled / 10 ** decimal.scale);
    else general(bytes, start, end, out);
  };
}

function byteaEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!isHex(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    const count = (end - start - 2) / 2;
    writeAvroInt(out, count);
    out.reserve(count);
    const target = out.bytes;
    let at = out.position;
    for (let i = start + 2; i < end; i += 2) target[at++] = hexByte(bytes, i);
    out.position = at;
  };
}

function decimalEncoder(scale: number, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (readDecimal(bytes, start, end) && decimal.scale === scale) {
      const from = twosComplement(decimal.unscaled);
      writeAvroInt(out, 8 - from);
      out.range(scratch, from, 8);
      return;
    }
    const from = readLongDecimal(bytes, start, end, scale);
    if (from < 0) {
      general(bytes, start, end, out);
      return;
    }
    writeAvroInt(out, longBytes.length - from);
    out.range(longBytes, from, longBytes.length);
  };
}

function variableDecimalEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!readDecimal(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    stripZeros();
    writeAvroInt(out, decimal.scale);
    const from = twosComplement(decimal.unscaled);
    writeAvroInt(out, 8 - from);
    out.range(scratch, from, 8);
  };
}

function dateEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const days = end - start === 10 ? readDays(bytes, start) : UNUSUAL;
    if (days === UNUSUAL) general(bytes, start, end, out);
    else writeAvroInt(out, days);
  };
}

type MicrosReader = (bytes: Buffer, start: number, end: number) => number;

function inUnit(unit: 'ms' | 'us' | 'ns', read: MicrosReader, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const micros = read(bytes, start, end);
    const value =
      unit === 'ms' ? Math.floor(micros / 1000) : unit === 'ns' ? micros * 1000 : micros;
    if (micros === UNUSUAL || value > Number.MAX_SAFE_INTEGER) general(bytes, start, end, out);
    else writeAvroSafeLong(out, value);
  };
}

function zonedEncoder(digits: number, general: TextEncoder): TextEncoder {
  const length = zonedLength(digits);
  return (bytes, start, end, out) => {
    const before = out.position;
    writeAvroInt(out, length);
    out.reserve(length);
    if (writeZoned(out, bytes, start, end, digits)) return;
    out.position = before;
    general(bytes, start, end, out);
  };
}
