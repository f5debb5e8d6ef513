import { putDigits, putTwo } from './digit-writer.ts';

/** Dates and clocks as the server prints them, written as bytes. */

const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const POINT = 0x2e;
const SECONDS_PER_DAY = 86_400;

/** The longest text: `2020-01-01 00:00:00.000000`. */
export const MOST_CLOCK_LETTERS = 26;

/** `2020-02-29`; every part may be zero. */
export function putDate(
  target: Buffer,
  at: number,
  year: number,
  month: number,
  day: number,
): number {
  const century = (year / 100) | 0;
  let next = putTwo(target, at, century);
  next = putTwo(target, next, year - century * 100);
  target[next] = DASH;
  next = putTwo(target, next + 1, month);
  target[next] = DASH;
  return putTwo(target, next + 1, day);
}

/** `08:05:09`, `838:59:59`. */
export function putClock(
  target: Buffer,
  at: number,
  hour: number,
  minute: number,
  second: number,
): number {
  let next = hour < 100 ? putTwo(target, at, hour) : putDigits(target, at, hour, 3);
  target[next] = COLON;
  next = putTwo(target, next + 1, minute);
  target[next] = COLON;
  return putTwo(target, next + 1, second);
}

/** `.123`, the fraction being a number of exactly so many digits; nothing for none. */
export function putFraction(target: Buffer, at: number, fraction: number, digits: number): number {
  if (digits === 0) return at;
  target[at] = POINT;
  return putDigits(target, at + 1, fraction, digits);
}

/** Seconds since 1970 as `2020-02-29 08:05:09` UTC; 0 is the server's zero date (PITFALLS B73). */
export function putInstant(target: Buffer, at: number, seconds: number): number {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const clock = seconds - days * SECONDS_PER_DAY;
  const to = seconds === 0 ? putDate(target, at, 0, 0, 0) : putCivil(target, at, days);
  target[to] = SPACE;
  const minutes = (clock / 60) | 0;
  const hour = (minutes / 60) | 0;
  return putClock(target, to + 1, hour, minutes - hour * 60, clock - minutes * 60);
}

/** Years that begin in March put the leap day last. */
function putCivil(target: Buffer, at: number, days: number): number {
  const shifted = days + 719_468;
  const era = (shifted / 146_097) | 0;
  const ofEra = shifted - era * 146_097;
  const leaps = ((ofEra / 1460) | 0) - ((ofEra / 36_524) | 0);
  const yearOfEra = Math.floor((ofEra - leaps - ((ofEra / 146_096) | 0)) / 365);
  const before = 365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0);
  const ofYear = ofEra - before;
  const fromMarch = ((5 * ofYear + 2) / 153) | 0;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return putDate(target, at, year, month, ofYear - (((153 * fromMarch + 2) / 5) | 0) + 1);
}
