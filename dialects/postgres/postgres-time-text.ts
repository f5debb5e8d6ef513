import { civilFromDays, clockText, dateOf, pad } from '../civil-calendar.ts';
import {
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteMillis,
  infiniteNanos,
} from '../infinite-times.ts';

/**
 * Numbers of days and fractions of seconds as the text that PostgreSQL reads, over its whole range:
 * BC, years above 9999, infinities. No Date in here: it ends at the millisecond and at the year
 * 275760 (PITFALLS S18).
 */

const DAY_MICROS = 86_400_000_000n;
const DAY_MICROS_NUMBER = 86_400_000_000;

/** PostgreSQL's own range of dates, 4714-11-24 BC to 5874897-12-31, in days since 1970. */
const DATE_MIN = -2_440_588;
const DATE_MAX = 2_145_042_905;

interface DateText {
  readonly text: string;
  readonly bc: boolean;
}

let lastDays = Number.NaN;
let lastDate: DateText = { text: '', bc: false };

/** Proleptic Gregorian; years before 1 are marked BC. Rows of one batch often share a day. */
function civil(days: number): DateText {
  if (days === lastDays) return lastDate;
  const date = civilFromDays(days);
  const bc = date.year <= 0;
  lastDays = days;
  lastDate = { text: dateOf(bc ? { ...date, year: 1 - date.year } : date), bc };
  return lastDate;
}

/** Days since 1970 as a date; null when PostgreSQL has no such date. */
export function dateText(days: number): string | null {
  const infinite = infiniteDays(days);
  if (infinite !== undefined) return infinite;
  if (days < DATE_MIN || days > DATE_MAX) return null;
  const date = civil(days);
  return date.bc ? `${date.text} BC` : date.text;
}

function timestampOf(days: number, microsOfDay: number): string {
  const date = civil(days);
  const text = `${date.text} ${clockText(microsOfDay)}`;
  return date.bc ? `${text} BC` : text;
}

/** Microseconds since 1970; the sentinels of Debezium 3.6 and 3.7 become infinities. */
export function microTimestampText(micros: bigint): string {
  const infinite = infiniteMicros(micros);
  if (infinite !== undefined) return infinite;
  const small = Number(micros);
  if (Number.isSafeInteger(small)) {
    const days = Math.floor(small / DAY_MICROS_NUMBER);
    return timestampOf(days, small - days * DAY_MICROS_NUMBER);
  }
  let days = micros / DAY_MICROS;
  let rest = micros - days * DAY_MICROS;
  if (rest < 0n) {
    days -= 1n;
    rest += DAY_MICROS;
  }
  return timestampOf(Number(days), Number(rest));
}

/** Milliseconds since 1970; the sentinel comes in both units (golden t_time). */
export function milliTimestampText(millis: bigint): string {
  return infiniteMillis(millis) ?? microTimestampText(millis * 1000n);
}

/** Nanoseconds since 1970; the extremes of int64 are infinities. Below the µs it rounds down. */
export function nanoTimestampText(nanos: bigint): string {
  const infinite = infiniteNanos(nanos);
  if (infinite !== undefined) return infinite;
  const micros = nanos / 1000n;
  return microTimestampText(nanos < 0n && micros * 1000n !== nanos ? micros - 1n : micros);
}

const SIGNED_YEAR = /^([+-])(\d{4,})(-\d\d-\d\d)(?:[T ](.*?))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * An ISO-8601 date or timestamp as PostgreSQL reads it. Java writes a sign before years above 9999
 * and counts year 0 as 1 BC; PostgreSQL reads neither.
 */
export function isoTimestampText(text: string): string {
  const special = infiniteIso(text);
  if (special !== undefined) return special;
  const first = text.charCodeAt(0);
  if (first !== 0x2b && first !== 0x2d) return text;
  const match = SIGNED_YEAR.exec(text);
  if (match === null) return text;
  const [, sign, digits = '', monthDay = '', time, zone = ''] = match;
  const signed = sign === '-' ? -Number(digits) : Number(digits);
  const year = pad(signed <= 0 ? 1 - signed : signed, 4);
  const clock = time === undefined ? '' : ` ${time}${zone}`;
  return `${year}${monthDay}${clock}${signed <= 0 ? ' BC' : ''}`;
}
