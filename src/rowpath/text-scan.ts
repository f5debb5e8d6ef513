import type { ByteWriter } from '../foundation/byte-writer.ts';

/**
 * Arithmetic on the bytes of the source's text. Each reader knows the usual form of a value and
 * answers `UNUSUAL` for anything else (BC, infinity, twenty digits, garbage): then the general path
 * reads it, exactly or with its error. So nothing here needs to be complete, only right.
 */

/** No value: the text is not in the usual form. No reader's result can be equal to it. */
export const UNUSUAL = Number.MIN_SAFE_INTEGER;

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;

/** Digits of which every number is exact in a double, as whole and as quotient by 10^k. */
const EXACT_DIGITS = 15;

/** The digits of `bytes[start, end)`; UNUSUAL if another byte stands among them. At most 15. */
export function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return UNUSUAL;
    value = value * 10 + digit;
  }
  return value;
}

/** A whole number as the server prints it, of at most 15 digits. */
export function readInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const count = end - first;
  if (count < 1 || count > EXACT_DIGITS) return UNUSUAL;
  if (bytes[first] === ZERO && (count > 1 || negative)) return UNUSUAL;
  const value = readDigits(bytes, first, end);
  return negative && value !== UNUSUAL ? -value : value;
}

/** A whole number as the server prints it, of any length. */
export function isInteger(bytes: Buffer, start: number, end: number): boolean {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (first >= end || (bytes[first] === ZERO && (end - first > 1 || negative))) return false;
  for (let i = first; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}

/** What `readDecimal` found: digits without the point, and how many of them are the fraction. */
export const decimal = { unscaled: 0, scale: 0, negative: false };

/** `-12.30` of at most 15 digits into `decimal`; false when unusual. */
export function readDecimal(bytes: Buffer, start: number, end: number): boolean {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (end - first < 1 || end - first > EXACT_DIGITS + 1) return false;
  let value = 0;
  let point = -1;
  for (let i = first; i < end; i++) {
    const byte = bytes[i] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (byte === POINT && point < 0 && i > first) point = i;
    else return false;
  }
  if (point === end - 1 || (point < 0 && end - first > EXACT_DIGITS)) return false;
  decimal.unscaled = negative ? -value : value;
  decimal.scale = point < 0 ? 0 : end - 1 - point;
  decimal.negative = negative;
  return true;
}

/** `YYYY-MM-DD` at `at`: days since 1970, years 0001 to 9999. */
export function readDays(bytes: Buffer, at: number): number {
  const year = readDigits(bytes, at, at + 4);
  const month = readDigits(bytes, at + 5, at + 7);
  const day = readDigits(bytes, at + 8, at + 10);
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return UNUSUAL;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31) return UNUSUAL;
  // As daysFromCivil of the dialect, in 32-bit integers: years begin in March.
  const shifted = month <= 2 ? year - 1 : year;
  const era = (shifted / 400) | 0;
  const yearOfEra = shifted - era * 400;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** `HH:MM:SS` at `at`: seconds since midnight, below 24:00:00. */
export function readSeconds(bytes: Buffer, at: number): number {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return UNUSUAL;
  const hours = readDigits(bytes, at, at + 2);
  const minutes = readDigits(bytes, at + 3, at + 5);
  const seconds = readDigits(bytes, at + 6, at + 8);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
    return UNUSUAL;
  }
  return (hours * 60 + minutes) * 60 + seconds;
}

const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** `.ffffff` in [at, end), or nothing: µs. */
export function readFraction(bytes: Buffer, at: number, end: number): number {
  if (at === end) return 0;
  const count = end - at - 1;
  if (bytes[at] !== POINT || count < 1 || count > 6) return UNUSUAL;
  const value = readDigits(bytes, at + 1, end);
  return value === UNUSUAL ? UNUSUAL : value * (POWERS[6 - count] as number);
}

/** `HH:MM:SS[.ffffff]`: µs since midnight. */
export function readTimeMicros(bytes: Buffer, start: number, end: number): number {
  if (end - start < 8) return UNUSUAL;
  const seconds = readSeconds(bytes, start);
  const micros = readFraction(bytes, start + 8, end);
  return seconds === UNUSUAL || micros === UNUSUAL ? UNUSUAL : seconds * 1_000_000 + micros;
}

/** 2255-01-01: µs since 1970 below it are exact in a double. */
const DAYS_MAX = 104_094;

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` from 1970 up to 2254: µs since 1970. */
export function readTimestampMicros(bytes: Buffer, start: number, end: number): number {
  if (end - start < 19 || bytes[start + 10] !== 0x20) return UNUSUAL;
  const days = readDays(bytes, start);
  if (days < 0 || days >= DAYS_MAX) return UNUSUAL;
  const micros = readTimeMicros(bytes, start + 11, end);
  return micros === UNUSUAL ? UNUSUAL : days * 86_400_000_000 + micros;
}

/** A whole number of at most 2^53 as decimal digits. */
export function writeInteger(out: ByteWriter, value: number): void {
  out.reserve(17);
  let rest = value;
  if (rest < 0) {
    out.bytes[out.position++] = MINUS;
    rest = -rest;
  }
  if (rest < 1_000_000_000) {
    writeSmall(out, rest);
    return;
  }
  const high = Math.floor(rest / 1_000_000_000);
  writeSmall(out, high);
  writePadded(out, rest - high * 1_000_000_000, 9);
}

function writeSmall(out: ByteWriter, value: number): void {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  writePadded(out, value, count);
}

/** Exactly `count` digits, leading zeros included; room must be reserved. */
export function writePadded(out: ByteWriter, value: number, count: number): void {
  const bytes = out.bytes;
  let rest = value | 0;
  for (let i = out.position + count - 1; i >= out.position; i--) {
    const quotient = (rest / 10) | 0;
    bytes[i] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  out.position += count;
}

/** Eight bytes for a two's complement number; `twosComplement` says where it starts. */
export const scratch = Buffer.alloc(8);

/** Minimal big-endian two's complement of a safe integer in `scratch[result, 8)` (PITFALLS C8). */
export function twosComplement(value: number): number {
  const high = Math.floor(value / 0x100000000) | 0;
  const low = value >>> 0;
  scratch[0] = high >>> 24;
  scratch[1] = high >>> 16;
  scratch[2] = high >>> 8;
  scratch[3] = high;
  scratch[4] = low >>> 24;
  scratch[5] = low >>> 16;
  scratch[6] = low >>> 8;
  scratch[7] = low;
  const sign = value < 0 ? 0xff : 0;
  let start = 0;
  // A leading byte goes as long as the next one still shows the sign.
  while (start < 7 && scratch[start] === sign && ((scratch[start + 1] as number) ^ sign) < 0x80) {
    start++;
  }
  return start;
}

const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) HEX[i.toString(16).charCodeAt(0)] = i;

/** The byte of two lower case hex digits at `at`; negative when they are none. */
export function hexByte(bytes: Buffer, at: number): number {
  const high = HEX[bytes[at] as number] as number;
  const low = HEX[bytes[at + 1] as number] as number;
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

/** The text is `\x` and pairs of lower case hex digits. */
export function isHex(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2 || (end - start) % 2 !== 0) return false;
  if (bytes[start] !== 0x5c || bytes[start + 1] !== 0x78) return false;
  for (let i = start + 2; i < end; i++) {
    if ((HEX[bytes[i] as number] as number) < 0) return false;
  }
  return true;
}

/**
 * Copies `YYYY-MM-DD HH:MM:SS[.f]+00` as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` with exactly `digits`
 * after the point; room must be reserved. False, and nothing written, when unusual.
 */
export function writeZoned(
  out: ByteWriter,
  bytes: Buffer,
  start: number,
  end: number,
  digits: number,
): boolean {
  const zone = end - 3;
  if (bytes[zone] !== 0x2b || bytes[zone + 1] !== ZERO || bytes[zone + 2] !== ZERO) return false;
  return writeInstant(out, bytes, start, zone, digits);
}

/** The same of a text without a zone, which is in UTC. */
export function writeInstant(
  out: ByteWriter,
  bytes: Buffer,
  start: number,
  zone: number,
  digits: number,
): boolean {
  const given = zone - start - 20;
  if (given > digits || zone - start < 19 || bytes[start + 10] !== 0x20) return false;
  if (readDays(bytes, start) === UNUSUAL) return false;
  if (readTimeMicros(bytes, start + 11, zone) === UNUSUAL) return false;
  const target = out.bytes;
  const from = out.position;
  for (let i = 0; i < 19; i++) target[from + i] = bytes[start + i] as number;
  target[from + 10] = 0x54;
  let at = from + 19;
  if (digits > 0) {
    target[at++] = POINT;
    for (let i = 0; i < digits; i++) {
      target[at++] = i < given ? (bytes[start + 20 + i] as number) : ZERO;
    }
  }
  target[at++] = 0x5a;
  out.position = at;
  return true;
}

/** How many bytes `writeZoned` writes. */
export function zonedLength(digits: number): number {
  return digits > 0 ? 21 + digits : 20;
}
