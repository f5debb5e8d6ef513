/**
 * Decimals of more digits than a number of JavaScript holds, by limbs of 16 bits: their product
 * with 10^9 is exact. What is not in the usual form is left to the general path.
 */

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
/** So many fit in 128 bits with a sign. */
const MOST_DIGITS = 38;
const LIMBS = 8;
const CHUNK_DIGITS = 9;
const LIMB = 0x10000;

/** The number that was read: big-endian two's complement, up to its end. */
export const longBytes = Buffer.alloc(2 * LIMBS);

const limbs = new Float64Array(LIMBS);

/**
 * A decimal of exactly `scale` digits behind its point, as a whole number without the point: where
 * its minimal two's complement begins in `longBytes` (PITFALLS C8). -1: not in the usual form.
 */
export function readLongDecimal(bytes: Buffer, start: number, end: number, scale: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const point = scale > 0 ? end - scale - 1 : end;
  const count = scale > 0 ? end - first - 1 : end - first;
  if (scale < 0 || point <= first || count > MOST_DIGITS) return -1;
  if (scale > 0 && bytes[point] !== POINT) return -1;
  limbs.fill(0);
  let chunk = 0;
  let unit = 1;
  let digits = 0;
  for (let at = first; at < end; at++) {
    if (at === point) continue;
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    chunk = chunk * 10 + digit;
    unit *= 10;
    if (++digits === CHUNK_DIGITS) {
      append(unit, chunk);
      chunk = 0;
      unit = 1;
      digits = 0;
    }
  }
  if (digits > 0) append(unit, chunk);
  return toBytes(negative);
}

/** The number so far times `unit`, plus `chunk`. */
function append(unit: number, chunk: number): void {
  let carry = chunk;
  for (let i = 0; i < LIMBS; i++) {
    const product = (limbs[i] as number) * unit + carry;
    carry = Math.floor(product / LIMB);
    limbs[i] = product - carry * LIMB;
  }
}

function toBytes(negative: boolean): number {
  let carry = negative ? 1 : 0;
  for (let i = 0; i < LIMBS; i++) {
    let limb = limbs[i] as number;
    if (negative) {
      limb = 0xffff - limb + carry;
      carry = limb >> 16;
      limb &= 0xffff;
    }
    longBytes[2 * (LIMBS - i) - 1] = limb;
    longBytes[2 * (LIMBS - i) - 2] = limb >> 8;
  }
  // Zero has no sign.
  const sign = (longBytes[0] as number) >= 0x80 ? 0xff : 0;
  let start = 0;
  const last = longBytes.length - 1;
  while (
    start < last &&
    longBytes[start] === sign &&
    ((longBytes[start + 1] as number) ^ sign) < 0x80
  ) {
    start++;
  }
  return start;
}

/**
 * The text is what Java's BigDecimal prints of it: no zeros in front, no sign of a zero, and no
 * exponent, which it would have from the seventh zero behind the point on.
 */
export function isPlainDecimal(bytes: Buffer, start: number, end: number, scale: number): boolean {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  const point = scale > 0 ? end - scale - 1 : end;
  if (scale < 0 || point <= first || (scale > 0 && bytes[point] !== POINT)) return false;
  const isFraction = bytes[first] === ZERO;
  if (isFraction && (point !== first + 1 || scale > 6)) return false;
  let isZero = true;
  for (let at = first; at < end; at++) {
    if (at === point) continue;
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
    if (digit > 0) isZero = false;
  }
  return !(negative && isZero);
}
