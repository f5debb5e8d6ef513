import { must, unreachable } from '../../src/foundation/assert.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type { PostgresTextFormat, TimeCut } from '../../src/model/table-schema.ts';
import { conversionError } from '../value-conversion.ts';
import { parseInterval } from './postgres-interval.ts';

type StructuredFormat = Omit<Extract<PostgresTextFormat, { kind: 'structured' }>, 'kind'>;

const DATE = /^(\d{4,})-(\d\d)-(\d\d)$/;
const CLOCK = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const OFFSET = /([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/**
 * The parts that the server printed, without any calculation: time.precision.mode=structured. Years
 * before 1 count astronomically (1 BC is 0); timetz keeps its offset, timestamptz is in UTC.
 */
export function parseStructured(
  { part, digits, cut }: StructuredFormat,
  schema: ConnectSchema,
  text: string,
): Struct {
  if (part === 'duration') return named(schema, duration(text, digits));
  if (text === 'infinity' || text === '-infinity') {
    const word = text === 'infinity' ? 'POSITIVE_INFINITY' : 'NEGATIVE_INFINITY';
    return named(schema, { specialValue: word, precision: digits });
  }
  switch (part) {
    case 'date':
      return named(schema, date(text));
    case 'time':
      return named(schema, { ...cutClock(clock(text), cut), precision: digits });
    case 'timestamp':
      return named(schema, { ...dateAndClock(text), precision: digits });
    case 'zoned-time':
      return named(schema, { ...zoned(text, clock), precision: digits });
    case 'zoned-timestamp':
      return named(schema, { ...zoned(text, dateAndClock), zoneId: 'Z', precision: digits });
    default:
      return unreachable(part);
  }
}

function cutClock(parts: Parts, cut: TimeCut | undefined): Parts {
  if (cut === undefined) return parts;
  const nanos = Number(parts['nanos']);
  return { ...parts, nanos: nanos - (nanos % (cut === 'ms' ? 1_000_000 : 1_000_000_000)) };
}

type Parts = Readonly<Record<string, number | bigint | string>>;

/** In the order of the schema's fields; what is not given is null. */
function named(schema: ConnectSchema, parts: Parts): Struct {
  const fields = must(schema.fields, 'a struct has fields');
  const values = fields.map(({ name }): ConnectValue => parts[name] ?? null);
  return { schema, values };
}

function date(text: string): Parts {
  const era = text.endsWith(' BC');
  const match = DATE.exec(era ? text.slice(0, -3) : text);
  if (match === null) throw conversionError('the text is not an ISO date');
  const year = Number(match[1]);
  return { year: era ? 1 - year : year, month: Number(match[2]), day: Number(match[3]) };
}

function clock(text: string): Parts {
  const match = CLOCK.exec(text);
  if (match === null) throw conversionError('the text is not an ISO time');
  return {
    hour: Number(match[1]),
    minute: Number(match[2]),
    second: Number(match[3]),
    nanos: Number((match[4] ?? '').padEnd(9, '0')),
  };
}

function dateAndClock(text: string): Parts {
  const [day = '', time = '', era] = text.split(' ');
  return { ...date(era === undefined ? day : `${day} ${era}`), ...clock(time) };
}

/** The offset stands behind the clock, before ` BC`. */
function zoned(text: string, read: (local: string) => Parts): Parts {
  const era = text.endsWith(' BC') ? ' BC' : '';
  const bare = era === '' ? text : text.slice(0, -3);
  const match = OFFSET.exec(bare);
  if (match === null) throw conversionError('the text has no offset');
  const [, sign, hours, minutes, seconds] = match;
  const offset = (Number(hours) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0);
  const local = read(bare.slice(0, match.index) + era);
  return { ...local, offsetSeconds: sign === '-' && offset !== 0 ? -offset : offset };
}

function duration(text: string, digits: number): Parts {
  const interval = parseInterval(text);
  if (interval === null) {
    throw conversionError(
      'an infinite interval has no structured form',
      'Set time.precision.mode to adaptive and interval.handling.mode to string.',
    );
  }
  const { years, months, days, hours, minutes, micros } = interval;
  const seconds = Math.trunc(micros / 1_000_000);
  const nanos = (micros - seconds * 1_000_000) * 1000;
  const clockParts = { hours, minutes, seconds: BigInt(seconds), nanos: nanos === 0 ? 0 : nanos };
  return { years, months, days, ...clockParts, precision: digits };
}
