import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import {
  writeAvroDigits,
  writeAvroDouble,
  writeAvroInt,
  writeAvroSafeLong,
} from '../converter/avro-primitives.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import type { BytesEncoding } from '../model/bytes-encoding.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import type { TextFormat } from '../model/table-schema.ts';
import { calendarPartsEncoder } from './calendar-parts-encoder.ts';
import { writeBase64, writeHex } from './json-string.ts';
import {
  instant,
  isoDateLength,
  isoDatetimeLength,
  isoTimeLength,
  readCalendarDays,
  readDatetimeMicros,
  readDurationMicros,
  readLateDatetime,
  readTimeOfDay,
  reverseBits,
  reversed,
  writeIso,
} from './mysql-text-scan.ts';
import type { IsoLength } from './mysql-text-scan.ts';
import type { TextEncoder } from './text-encoder.ts';
import { decimal, readDecimal, UNUSUAL, writeInstant, zonedLength } from './text-scan.ts';

/** The encoder into Avro of a form that only MySQL's texts have; `general` for all others. */
export function mysqlAvroEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  general: TextEncoder,
): TextEncoder {
  switch (format.kind) {
    case 'number-boolean':
      return numberBooleanEncoder(general);
    case 'single':
      return singleEncoder(general);
    case 'raw-bit':
      return rawBit;
    case 'raw-bits':
      return bitsEncoder(general);
    case 'raw-bytes':
      return rawBytesEncoder(format.encoding, general);
    case 'calendar-date':
      return format.as === 'days' ? daysEncoder(general) : isoEncoder(isoDateLength, general);
    case 'calendar-time':
      return format.as === 'iso'
        ? isoEncoder(isoDatetimeLength, general)
        : inUnit(format.as, readDatetimeMicros, lateDatetimeEncoder(format.as, general));
    case 'signed-time':
      return format.as === 'iso'
        ? isoEncoder(isoTimeLength, general)
        : inUnit(format.as, format.as === 'ms' ? readTimeOfDay : readDurationMicros, general);
    case 'instant':
      return instantEncoder(format.digits, general);
    case 'calendar-parts':
      return calendarPartsEncoder(format, schema, general, {
        open: '',
        close: '',
        before: someBranch,
        constant: (field, _first, value) => constantField(field, value),
        write: writeAvroSafeLong,
      });
    default:
      return general;
  }
}

/** All fields of these structs are unions of null and a number, in that order. */
function someBranch(field: ConnectField): Buffer {
  return field.schema.optional ? Buffer.from([2]) : Buffer.alloc(0);
}

function constantField({ schema }: ConnectField, value: ConnectValue): Buffer {
  const writer = new ByteWriter(16);
  compileAvroEncoder(schema)(writer, value);
  return Buffer.from(writer.written());
}

function numberBooleanEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const digit = (bytes[start] as number) - 0x30;
    if (end - start !== 1 || digit < 0 || digit > 9) general(bytes, start, end, out);
    else out.u8(digit === 0 ? 0 : 1);
  };
}

/** Both parts are exact in a double, so the quotient is the double nearest to the text. */
function singleEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!readDecimal(bytes, start, end)) general(bytes, start, end, out);
    else writeAvroDouble(out, Math.fround(decimal.unscaled / 10 ** decimal.scale));
  };
}

const rawBit: TextEncoder = (bytes, start, end, out) => {
  out.u8(end > start && bytes[end - 1] === 1 ? 1 : 0);
};

function bitsEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!reverseBits(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    writeAvroInt(out, end - start);
    out.range(reversed, 0, end - start);
  };
}

function rawBytesEncoder(encoding: BytesEncoding, general: TextEncoder): TextEncoder {
  switch (encoding) {
    case 'bytes':
      return (bytes, start, end, out) => {
        writeAvroInt(out, end - start);
        out.range(bytes, start, end);
      };
    case 'base64':
      return (bytes, start, end, out) => {
        writeAvroInt(out, Math.ceil((end - start) / 3) * 4);
        writeBase64(bytes, start, end, out);
      };
    case 'hex':
      return (bytes, start, end, out) => {
        writeAvroInt(out, (end - start) * 2);
        writeHex(bytes, start, end, out);
      };
    case 'base64-url-safe':
      return general;
  }
}

function daysEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const days = end - start === 10 ? readCalendarDays(bytes, start) : UNUSUAL;
    if (days === UNUSUAL) general(bytes, start, end, out);
    else writeAvroInt(out, days);
  };
}

function inUnit(
  unit: 'ms' | 'us' | 'ns',
  read: typeof readDurationMicros,
  general: TextEncoder,
): TextEncoder {
  return (bytes, start, end, out) => {
    const micros = read(bytes, start, end);
    const value =
      unit === 'ms' ? Math.floor(micros / 1000) : unit === 'ns' ? micros * 1000 : micros;
    if (micros === UNUSUAL || !Number.isSafeInteger(value)) general(bytes, start, end, out);
    else writeAvroSafeLong(out, value);
  };
}

/** A date far ahead that stands for none (9999-12-31): its microseconds are no exact number. */
function lateDatetimeEncoder(unit: 'ms' | 'us' | 'ns', general: TextEncoder): TextEncoder {
  // Of nanoseconds 64 bits hold no such date.
  if (unit === 'ns') return general;
  return (bytes, start, end, out) => {
    if (!readLateDatetime(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    const { seconds, micros } = instant;
    if (unit === 'ms') {
      writeAvroSafeLong(out, seconds * 1000 + Math.floor(micros / 1000));
      return;
    }
    const thousands = Math.floor(seconds / 1000);
    writeAvroDigits(out, false, thousands, (seconds - thousands * 1000) * 1_000_000 + micros);
  };
}

function isoEncoder(lengthOf: IsoLength, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const length = lengthOf(bytes, start, end);
    if (length === UNUSUAL) {
      general(bytes, start, end, out);
      return;
    }
    writeAvroInt(out, length + 1);
    out.reserve(length + 1);
    writeIso(out, bytes, start, length);
  };
}

function instantEncoder(digits: number, general: TextEncoder): TextEncoder {
  const length = zonedLength(digits);
  return (bytes, start, end, out) => {
    const before = out.position;
    if (end - start >= 19 && readCalendarDays(bytes, start) !== UNUSUAL) {
      writeAvroInt(out, length);
      out.reserve(length);
      if (writeInstant(out, bytes, start, end, digits)) return;
      out.position = before;
    }
    general(bytes, start, end, out);
  };
}
