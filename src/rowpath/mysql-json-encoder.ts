import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import type { BytesEncoding } from '../model/bytes-encoding.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';
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
  reversed,
  reverseBits,
  writeIso,
} from './mysql-text-scan.ts';
import type { IsoLength } from './mysql-text-scan.ts';
import type { TextEncoder } from './text-encoder.ts';
import { UNUSUAL, writeInstant, writeInteger, writePadded, zonedLength } from './text-scan.ts';

const QUOTE = 0x22;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** The encoder into JSON of a form that only MySQL's texts have; `general` for all others. */
export function mysqlJsonEncoder(
  format: TextFormat,
  schema: ConnectSchema,
  options: JsonTextOptions,
  general: TextEncoder,
): TextEncoder {
  switch (format.kind) {
    case 'number-boolean':
      return numberBooleanEncoder(general);
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
        open: '{',
        close: '}',
        before: jsonName,
        constant: (field, first, value) =>
          jsonName(field, first) + valueJson(field.schema, value, options),
        write: writeInteger,
      });
    default:
      return general;
  }
}

function jsonName(field: ConnectField, first: boolean): string {
  return `${first ? '' : ','}${jsonString(field.name)}:`;
}

/** Of one digit; what has more of them may be zero all the same. */
function numberBooleanEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const digit = (bytes[start] as number) - 0x30;
    if (end - start !== 1 || digit < 0 || digit > 9) general(bytes, start, end, out);
    else if (digit === 0) out.range(FALSE, 0, 5);
    else out.range(TRUE, 0, 4);
  };
}

const rawBit: TextEncoder = (bytes, start, end, out) => {
  if (end > start && bytes[end - 1] === 1) out.range(TRUE, 0, 4);
  else out.range(FALSE, 0, 5);
};

/** A BIT has 64 of them at most. */
function bitsEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    if (!reverseBits(bytes, start, end)) {
      general(bytes, start, end, out);
      return;
    }
    out.reserve(14);
    out.bytes[out.position++] = QUOTE;
    writeBase64(reversed, 0, end - start, out);
    out.bytes[out.position++] = QUOTE;
  };
}

function rawBytesEncoder(encoding: BytesEncoding, general: TextEncoder): TextEncoder {
  if (encoding === 'base64-url-safe') return general;
  const write = encoding === 'hex' ? writeHex : writeBase64;
  return (bytes, start, end, out) => {
    out.u8(QUOTE);
    write(bytes, start, end, out);
    out.u8(QUOTE);
  };
}

function daysEncoder(general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const days = end - start === 10 ? readCalendarDays(bytes, start) : UNUSUAL;
    if (days === UNUSUAL) general(bytes, start, end, out);
    else writeInteger(out, days);
  };
}

function inUnit(
  unit: 'ms' | 'us' | 'ns',
  read: typeof readDurationMicros,
  general: TextEncoder,
): TextEncoder {
  return (bytes, start, end, out) => {
    const micros = read(bytes, start, end);
    if (micros === UNUSUAL) {
      general(bytes, start, end, out);
    } else if (unit === 'ms') {
      writeInteger(out, Math.floor(micros / 1000));
    } else {
      writeInteger(out, micros);
      if (unit === 'ns' && micros !== 0) out.ascii('000');
    }
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
      writeInteger(out, seconds * 1000 + Math.floor(micros / 1000));
      return;
    }
    writeInteger(out, seconds);
    out.reserve(6);
    writePadded(out, micros, 6);
  };
}

function isoEncoder(lengthOf: IsoLength, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    const length = lengthOf(bytes, start, end);
    if (length === UNUSUAL) {
      general(bytes, start, end, out);
      return;
    }
    out.reserve(length + 3);
    out.bytes[out.position++] = QUOTE;
    writeIso(out, bytes, start, length);
    out.bytes[out.position++] = QUOTE;
  };
}

function instantEncoder(digits: number, general: TextEncoder): TextEncoder {
  return (bytes, start, end, out) => {
    out.reserve(zonedLength(digits) + 2);
    const before = out.position;
    out.bytes[out.position++] = QUOTE;
    if (
      end - start >= 19 &&
      readCalendarDays(bytes, start) !== UNUSUAL &&
      writeInstant(out, bytes, start, end, digits)
    ) {
      out.bytes[out.position++] = QUOTE;
    } else {
      out.position = before;
      general(bytes, start, end, out);
    }
  };
}
