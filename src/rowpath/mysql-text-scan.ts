import type { ByteWriter } from '../foundation/byte-writer.ts';
import {
  readDays,
  readDigits,
  readFraction,
  readSeconds,
  readTimeMicros,
  UNUSUAL,
} from './text-scan.ts';

/**
 * Arithmetic on the bytes of MySQL's texts, in the manner of `text-scan`: what a reader is not sure
 * of is `UNUSUAL`, and the general path decides (zero dates, 2020-02-31, years of two digits).
 */

const ZERO = 0x30;
const MINUS = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const SPACE = 0x20;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

/** Where the number begins that has zeros in front: its last digit at least stays. */
export function skipZeros(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end - 1 && bytes[at] === ZERO && isDigit(bytes[at + 1] as number)) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

const LAST_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `YYYY-MM-DD` at `at` as days since 1970: days of a calendar, years from 100. */
export function readCalendarDays(bytes: Buffer, at: number): number {
  // Whether a year below 100 means that year, a mode decides.
  if (bytes[at] === ZERO && bytes[at + 1] === ZERO) return UNUSUAL;
  const days = readDays(bytes, at);
  // Every month has 28 days, and only from the 29th on there is something to look up.
  if (days === UNUSUAL || (bytes[at + 8] as number) < 0x32) return days;
  const month = readDigits(bytes, at + 5, at + 7);
  const day = readDigits(bytes, at + 8, at + 10);
  if (day > (LAST_DAYS[month - 1] as number)) return UNUSUAL;
  return day === 29 && month === 2 && !isLeap(readDigits(bytes, at, at + 4)) ? UNUSUAL : days;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** µs of days nearer to 1970 than that are exact in a double. */
const DAYS_MAX = 104_094;
const MICROS_PER_DAY = 86_400_000_000;

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` of 1685 to 2254: µs since 1970. */
export function readDatetimeMicros(bytes: Buffer, start: number, end: number): number {
  if (end - start < 19 || bytes[start + 10] !== SPACE) return UNUSUAL;
  const days = readCalendarDays(bytes, start);
  if (days >= DAYS_MAX || days <= -DAYS_MAX) return UNUSUAL;
  const micros = readTimeMicros(bytes, start + 11, end);
  return micros === UNUSUAL ? UNUSUAL : days * MICROS_PER_DAY + micros;
}

/** What `readLateDatetime` found: seconds since 1970, and µs behind them. */
export const instant = { seconds: 0, micros: 0 };

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` from 1970 to 9999 into `instant`; false when unusual. */
export function readLateDatetime(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 19 || bytes[start + 10] !== SPACE) return false;
  const days = readCalendarDays(bytes, start);
  const seconds = readSeconds(bytes, start + 11);
  const micros = readFraction(bytes, start + 19, end);
  if (days < 0 || seconds === UNUSUAL || micros === UNUSUAL) return false;
  instant.seconds = days * 86_400 + seconds;
  instant.micros = micros;
  return true;
}

/** `[-]HH:MM:SS[.ffffff]`, up to 838 hours: µs. */
export function readDurationMicros(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const colon = bytes[first + 2] === COLON ? first + 2 : first + 3;
  if (end - colon < 6 || bytes[colon] !== COLON || bytes[colon + 3] !== COLON) return UNUSUAL;
  const hours = readDigits(bytes, first, colon);
  const minutes = readDigits(bytes, colon + 1, colon + 3);
  const seconds = readDigits(bytes, colon + 4, colon + 6);
  const fraction = readFraction(bytes, colon + 6, end);
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return UNUSUAL;
  if (fraction === UNUSUAL) return UNUSUAL;
  const micros = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
  return negative && micros !== 0 ? -micros : micros;
}

/** Letters of a text in ISO 8601 without its Z; `UNUSUAL`: not in the usual form. */
export type IsoLength = (bytes: Buffer, start: number, end: number) => number;

/** `YYYY-MM-DD`. */
export function isoDateLength(bytes: Buffer, start: number, end: number): number {
  return end - start === 10 && readCalendarDays(bytes, start) !== UNUSUAL ? 10 : UNUSUAL;
}

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` without the zeros at the end of its fraction. */
export function isoDatetimeLength(bytes: Buffer, start: number, end: number): number {
  if (end - start < 19 || bytes[start + 10] !== SPACE) return UNUSUAL;
  if (readCalendarDays(bytes, start) === UNUSUAL) return UNUSUAL;
  if (readTimeMicros(bytes, start + 11, end) === UNUSUAL) return UNUSUAL;
  return withoutZeros(bytes, start + 19, end) - start;
}

/** `HH:MM:SS[.ffffff]` of a time of day, without the zeros at the end of its fraction. */
export function isoTimeLength(bytes: Buffer, start: number, end: number): number {
  if (readTimeMicros(bytes, start, end) === UNUSUAL) return UNUSUAL;
  return withoutZeros(bytes, start + 8, end) - start;
}

/** The end of a fraction that begins with its point at `point`, if there is one. */
function withoutZeros(bytes: Buffer, point: number, end: number): number {
  let last = end;
  while (last > point + 1 && bytes[last - 1] === ZERO) last--;
  return last === point + 1 ? point : last;
}

/** Copies so many letters, `T` for the space behind a date, and a Z. Room must be reserved. */
export function writeIso(out: ByteWriter, bytes: Buffer, start: number, length: number): void {
  const target = out.bytes;
  const at = out.position;
  for (let i = 0; i < length; i++) target[at + i] = bytes[start + i] as number;
  if (length > 10 && target[at + 10] === SPACE) target[at + 10] = LETTER_T;
  target[at + length] = LETTER_Z;
  out.position = at + length + 1;
}

/** Year, month, day, hours, minutes, seconds and nanoseconds, as a reader of parts found them. */
export const parts = new Float64Array(7);

/** `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS[.f]`, `[-]HH:MM:SS[.f]` taken apart into `parts`. */
export type PartsReader = (bytes: Buffer, start: number, end: number) => boolean;

/** A date: whatever digits stand there, zeros included. */
export function readDateParts(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 10 || bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return false;
  parts[0] = readDigits(bytes, start, start + 4);
  parts[1] = readDigits(bytes, start + 5, start + 7);
  parts[2] = readDigits(bytes, start + 8, start + 10);
  return areDigits(0, 3);
}

/** A datetime. */
export function readDatetimeParts(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 19 || bytes[start + 10] !== SPACE) return false;
  if (!readDateParts(bytes, start, start + 10)) return false;
  return readClockParts(bytes, start + 11, start + 13, end);
}

/** A duration: every part has the sign. */
export function readDurationParts(bytes: Buffer, start: number, end: number): boolean {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const colon = bytes[first + 2] === COLON ? first + 2 : first + 3;
  if (end - colon < 6 || !readClockParts(bytes, first, colon, end)) return false;
  if (negative) for (let i = 3; i < 7; i++) parts[i] = 0 - (parts[i] as number);
  return true;
}

function readClockParts(bytes: Buffer, start: number, colon: number, end: number): boolean {
  if (bytes[colon] !== COLON || bytes[colon + 3] !== COLON) return false;
  const point = colon + 6;
  if (end > point && bytes[point] !== POINT) return false;
  const micros = readFraction(bytes, point, end);
  parts[3] = readDigits(bytes, start, colon);
  parts[4] = readDigits(bytes, colon + 1, colon + 3);
  parts[5] = readDigits(bytes, colon + 4, point);
  parts[6] = micros * 1000;
  return areDigits(3, 7);
}

/** `UNUSUAL` is negative, and digits are not. */
function areDigits(from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((parts[i] as number) < 0) return false;
  return true;
}

/** The bytes of a BIT, of which a column has eight at most, in the other order. */
export const reversed = Buffer.alloc(8);

/** False: there are more. */
export function reverseBits(bytes: Buffer, start: number, end: number): boolean {
  const count = end - start;
  if (count > reversed.length) return false;
  for (let i = 0; i < count; i++) reversed[i] = bytes[end - 1 - i] as number;
  return true;
}

/** `ms` of a TIME are those of a day; of another the general path says what it is. */
export function readTimeOfDay(bytes: Buffer, start: number, end: number): number {
  const micros = readDurationMicros(bytes, start, end);
  return micros >= 0 && micros < MICROS_PER_DAY ? micros : UNUSUAL;
}
