import type { ByteWriter } from '../../src/foundation/byte-writer.ts';

/** Digits of numbers, written as bytes: no string per value. */

const ZERO = 0x30;
const MINUS = 0x2d;
const BILLION = 1_000_000_000;
const BILLION_DIGITS = 9;
/** Longest decimal text of 64 bits, with its sign. */
const MOST_DIGITS = 20;

/**
 * Exactly `width` digits at `at`, zeros in front, of a whole number of at most 53 bits; returns
 * the position behind them.
 */
export function putDigits(target: Buffer, at: number, value: number, width: number): number {
  let rest = value;
  let i = at + width - 1;
  if (value >= BILLION && width > BILLION_DIGITS) {
    const high = Math.floor(value / BILLION);
    putDigits(target, at + width - BILLION_DIGITS, value - high * BILLION, BILLION_DIGITS);
    i -= BILLION_DIGITS;
    rest = high;
  }
  // Below 2^31 a division is one of integers: a few times faster.
  for (; i >= at; i--) {
    const next = (rest / 10) | 0;
    target[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + width;
}

/** Two digits: the hot part of dates and times. */
export function putTwo(target: Buffer, at: number, value: number): number {
  const tens = (value * 205) >> 11;
  target[at] = ZERO + tens;
  target[at + 1] = ZERO + value - tens * 10;
  return at + 2;
}

/** Decimal text of a whole number of at most 53 bits. */
export function writeInteger(out: ByteWriter, value: number): void {
  out.reserve(MOST_DIGITS);
  let magnitude = value;
  if (value < 0) {
    out.bytes[out.position++] = MINUS;
    magnitude = -value;
  }
  out.position = putDigits(out.bytes, out.position, magnitude, digitsOf(magnitude));
}

/** How many digits a number has; 1 of zero. */
export function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let digits = 4;
  for (let bound = 10_000; value >= bound; bound *= 10) digits++;
  return digits;
}

/** Decimal text of `high * 2^32 + low`, both unsigned: up to 18446744073709551615. */
export function writeUnsigned64(out: ByteWriter, high: number, low: number): void {
  if (high < 0x200000) {
    writeInteger(out, high * 0x1_0000_0000 + low);
    return;
  }
  // By 10^9, sixteen bits at a time: every step stays a whole number of a double.
  const top = Math.floor(high / BILLION);
  const middle = (high - top * BILLION) * 0x10000 + (low >>> 16);
  const second = Math.floor(middle / BILLION);
  const bottom = (middle - second * BILLION) * 0x10000 + (low & 0xffff);
  const third = Math.floor(bottom / BILLION);
  writeInteger(out, top * 0x1_0000_0000 + second * 0x10000 + third);
  out.reserve(9);
  out.position = putDigits(out.bytes, out.position, bottom - third * BILLION, 9);
}

/** The same of two's complement; `high` and `low` are its unsigned halves. */
export function writeSigned64(out: ByteWriter, high: number, low: number): void {
  if (high < 0x8000_0000) {
    writeUnsigned64(out, high, low);
    return;
  }
  out.u8(MINUS);
  const negated = low === 0 ? 0 : 0x1_0000_0000 - low;
  writeUnsigned64(out, low === 0 ? 0x1_0000_0000 - high : 0xffff_ffff - high, negated);
}
