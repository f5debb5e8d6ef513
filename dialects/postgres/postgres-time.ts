import { daysFromCivil, inUnit, MICROS_PER_DAY, modulo } from '../civil-calendar.ts';
import type { TimeUnit } from '../civil-calendar.ts';
import { conversionError } from '../value-conversion.ts';

/*
 * PostgreSQL's ISO texts of dates and times as numbers, its infinities included (PITFALLS P87).
 */

/** PostgreSQL's own bounds of a date in memory stand for its infinities, in snapshot and stream. */
export const DATE_INFINITY = 2147483647;
export const DATE_MINUS_INFINITY = -2147483648;

/** What a timestamp's infinities become: the extremes of Debezium, and of int64 in ns. */
export const TIMESTAMP_INFINITY: Readonly<Record<TimeUnit, bigint>> = {
  ms: 9223372036825200n,
  us: 9223372036825200000n,
  ns: 9223372036854775807n,
};
export const TIMESTAMP_MINUS_INFINITY: Readonly<Record<TimeUnit, bigint>> = {
  ms: -9223372036832400n,
  us: -9223372036832400000n,
  ns: -9223372036854775808n,
};

/** The same extremes as ISO texts, in Java's form. */
export const ISO_INFINITY = '+294247-01-10T04:00:25.2Z';
export const ISO_MINUS_INFINITY = '-290308-12-21T19:59:27.6Z';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

const DATE = /^(\d{4,})-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d){0,2})?$/;
const TIMESTAMP =
  /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d\d(?::\d\d){0,2})?( BC)?$/;

/** `infinity` and `-infinity` give DATE_INFINITY and DATE_MINUS_INFINITY. */
export function parseDate(text: string): number {
  if (text === 'infinity') return DATE_INFINITY;
  if (text === '-infinity') return DATE_MINUS_INFINITY;
  const match = DATE.exec(text);
  if (match === null) throw conversionError('the text is not an ISO date');
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12 || day < 1 || day > 31) {
    throw conversionError('the text is not an ISO date');
  }
  return daysFromCivil(match[4] === undefined ? year : 1 - year, month, day);
}

/** µs since midnight, 24:00:00 included; of timetz: µs since midnight UTC, 0 ≤ result < a day. */
export function parseTime(text: string): bigint {
  const match = TIME.exec(text);
  if (match === null) throw conversionError('the text is not an ISO time');
  const seconds = (Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3]);
  const micros = BigInt(seconds) * 1_000_000n + BigInt((match[4] ?? '').padEnd(6, '0'));
  if (match[5] === undefined) return micros;
  return modulo(micros - offsetMicros(match[5]), MICROS_PER_DAY);
}

/** µs since 1970; with an offset: in UTC. Null for an infinity. */
export function parseTimestamp(text: string): bigint | null {
  if (text === 'infinity' || text === '-infinity') return null;
  const match = TIMESTAMP.exec(text);
  if (match === null) throw conversionError('the text is not an ISO timestamp');
  const days = parseDate(`${match[1]}${match[4] ?? ''}`);
  const micros = BigInt(days) * MICROS_PER_DAY + parseTime(match[2] as string);
  return match[3] === undefined ? micros : micros - offsetMicros(match[3]);
}

/** `+05:53:28` (PITFALLS P88). */
function offsetMicros(text: string): bigint {
  const [hours, minutes, seconds] = text.slice(1).split(':').map(Number);
  const magnitude = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return BigInt(text.startsWith('-') ? -magnitude : magnitude) * 1_000_000n;
}

/** A timestamp's number in the unit; ms are rounded down, also before 1970. */
export function timestampIn(unit: TimeUnit, text: string): bigint {
  const micros = parseTimestamp(text);
  if (micros === null) {
    return (text.startsWith('-') ? TIMESTAMP_MINUS_INFINITY : TIMESTAMP_INFINITY)[unit];
  }
  const value = inUnit(unit, micros);
  if (value > INT64_MAX || value < INT64_MIN) {
    throw conversionError(
      `the timestamp lies outside of 64 bits of ${unit} since 1970`,
      'Set time.precision.mode to connect (ms), or leave the column out.',
    );
  }
  return value;
}
