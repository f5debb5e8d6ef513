/*
 * Dates and times by integer arithmetic. The calendar is the proleptic Gregorian one, as in the
 * servers of both families; `Date` is of no use here (PITFALLS P86, P87).
 */

/** The units of numbers of time in records. */
export type TimeUnit = 'ms' | 'us' | 'ns';

/** In a calendar without leap seconds. */
export const MICROS_PER_DAY = 86_400_000_000n;

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

/** µs in the unit; ms are rounded down, also before 1970. */
export function inUnit(unit: TimeUnit, micros: bigint): bigint {
  if (unit === 'us') return micros;
  if (unit === 'ns') return micros * 1000n;
  return (micros - modulo(micros, 1000n)) / 1000n;
}

/** The rest that is never negative: what rounding down leaves. */
export function modulo(value: bigint, by: bigint): bigint {
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

/** A number with zeros in front. */
export function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** `2026-01-31`; without a sign, of years from 0 on. */
export function dateOf({ year, month, day }: CivilDate): string {
  return `${pad(year, 4)}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** `hh:mm:ss`, with six digits of a fraction where there is one; hours may be many. */
export function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros - seconds * 1_000_000;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const clock = `${twoDigits(minutes - hours * 60)}:${twoDigits(seconds - minutes * 60)}`;
  const text = `${twoDigits(hours)}:${clock}`;
  if (fraction === 0) return text;
  const millis = Math.floor(fraction / 1000);
  return `${text}.${threeDigits(millis)}${threeDigits(fraction - millis * 1000)}`;
}

/** Every time of every row is made of these. */
const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => pad(value, 2));
const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => pad(value, 3));

function twoDigits(value: number): string {
  return TWO_DIGITS[value] ?? String(value);
}

function threeDigits(value: number): string {
  return THREE_DIGITS[value] ?? pad(value, 3);
}
