import type { ByteWriter } from '../foundation/byte-writer.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const SMALL_E = 0x65;
const LARGE_E = 0x45;

/** What decides that a text's digits are the shortest that give the number. */
export interface FloatPrecision {
  /** Significant digits up to which no two decimals give the same number. */
  readonly digits: number;
  /** Exponents of ten that stay clear of overflow and of the numbers with fewer bits. */
  readonly exponentMax: number;
}

export const FLOAT32: FloatPrecision = { digits: 6, exponentMax: 36 };
export const FLOAT64: FloatPrecision = { digits: 15, exponentMax: 300 };

/** The significant digits of the text in work. */
const digits = Buffer.alloc(16);

/**
 * Writes the server's text of a float as Java's Double.toString: plain digits from 10^-3 up to
 * 10^7, else `d.dddE±x`. Up to `precision.digits` the digits are those of every printer of shortest
 * decimals, so only their places change and no number is made. False, and nothing written, when the
 * text is unusual: longer, NaN, an infinity, or nonsense.
 */
export function writeJavaFloat(
  out: ByteWriter,
  bytes: Buffer,
  start: number,
  end: number,
  precision: FloatPrecision,
): boolean {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const first = at;
  let count = 0;
  // Of the first significant digit, by its place relative to the point.
  let exponent = -1;
  let point = -1;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (count > 0 || digit > 0) {
        if (count === precision.digits) return false;
        digits[count++] = byte;
        if (point < 0) exponent++;
      } else if (point >= 0) {
        exponent--;
      }
    } else if (byte === POINT && point < 0 && at > first) {
      point = at;
    } else {
      break;
    }
  }
  if (at === first || point === at - 1) return false;
  if (count === 0) {
    if (at < end) return false;
    writeZero(out, first > start);
    return true;
  }
  if (at < end) {
    const shift = readExponent(bytes, at, end);
    if (shift === NO_EXPONENT) return false;
    exponent += shift;
  }
  if (exponent > precision.exponentMax || exponent < -precision.exponentMax) return false;
  while (count > 1 && digits[count - 1] === ZERO) count--;
  out.reserve(32);
  if (first > start) out.bytes[out.position++] = MINUS;
  if (exponent < -3 || exponent >= 7) writeScientific(out, count, exponent);
  else writePlain(out, count, exponent);
  return true;
}

function writeZero(out: ByteWriter, negative: boolean): void {
  out.ascii(negative ? '-0.0' : '0.0');
}

const NO_EXPONENT = 0x7fff_ffff;

/** `e+20`, `e-05` as PostgreSQL prints them; `e20`, `e-5` as MySQL does. */
function readExponent(bytes: Buffer, start: number, end: number): number {
  const sign = bytes[start + 1];
  const first = sign === PLUS || sign === MINUS ? start + 2 : start + 1;
  const count = end - first;
  if (bytes[start] !== SMALL_E || count < 1 || count > 3) return NO_EXPONENT;
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return NO_EXPONENT;
    value = value * 10 + digit;
  }
  return sign === MINUS ? -value : value;
}

function writePlain(out: ByteWriter, count: number, exponent: number): void {
  const target = out.bytes;
  let at = out.position;
  let i = 0;
  if (exponent < 0) target[at++] = ZERO;
  for (let place = 0; place <= exponent; place++) {
    target[at++] = i < count ? (digits[i++] as number) : ZERO;
  }
  target[at++] = POINT;
  for (let place = exponent + 1; place < 0; place++) target[at++] = ZERO;
  if (i === count) target[at++] = ZERO;
  while (i < count) target[at++] = digits[i++] as number;
  out.position = at;
}

function writeScientific(out: ByteWriter, count: number, exponent: number): void {
  const target = out.bytes;
  let at = out.position;
  target[at++] = digits[0] as number;
  target[at++] = POINT;
  if (count === 1) target[at++] = ZERO;
  for (let i = 1; i < count; i++) target[at++] = digits[i] as number;
  target[at++] = LARGE_E;
  let rest = exponent;
  if (rest < 0) {
    target[at++] = MINUS;
    rest = -rest;
  }
  if (rest >= 100) target[at++] = ZERO + ((rest / 100) | 0);
  if (rest >= 10) target[at++] = ZERO + (((rest / 10) | 0) % 10);
  target[at++] = ZERO + (rest % 10);
  out.position = at;
}
