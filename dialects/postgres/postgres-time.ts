import { conversionError } from './value-conversion.ts';

/**
 * Dates and times by integer arithmetic on PostgreSQL's ISO text. The calendar is the proleptic
 * Gregorian one, as in the server; `Date` is of no use here (PITFALLS P86, P87).
 */

export type TimeUnit = 'ms' | 'us' | 'ns';

export const MICROS_PER_DAY = 86_400_000_000n;

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

/** Days since 1970-01-01. Year 0 is 1 BC. */
export function daysFromCivil(year: number, month: number, day: number): number {
  // Years that begin in March put the leap day last.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** A date of the proleptic Gregorian calendar; year 0 is 1 BC. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The inverse of `daysFromCivil`. */
export function civilFromDays(days: number): CivilDate {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

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

/** µs in the unit; ms are rounded down, also before 1970. */
export function inUnit(unit: TimeUnit, micros: bigint): bigint {
  if (unit === 'us') return micros;
  if (unit === 'ns') return micros * 1000n;
  return (micros - modulo(micros, 1000n)) / 1000n;
}

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

/** `2020-02-29T10:34:56.789012` in ISO 8601: `-0043-…` for 44 BC, `+12345-…` past 9999. */
export function isoTimestamp(micros: bigint, digits: number | 'needed'): string {
  const ofDay = modulo(micros, MICROS_PER_DAY);
  const days = Number((micros - ofDay) / MICROS_PER_DAY);
  return `${isoDate(days)}T${isoTime(ofDay, digits)}`;
}

/** `2020-02-29` from days since 1970, with ISO 8601's signs outside of four digits. */
export function isoDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** With a fraction of so many digits, or of those that are needed. */
export function isoTime(micros: bigint, digits: number | 'needed'): string {
  const seconds = Number(micros / 1_000_000n);
  let fraction = (micros % 1_000_000n).toString().padStart(6, '0');
  fraction = digits === 'needed' ? fraction.replace(/0+$/, '') : fraction.slice(0, digits);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = clock.map((part) => pad(part, 2)).join(':');
  return fraction === '' ? text : `${text}.${fraction}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
