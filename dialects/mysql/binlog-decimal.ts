import type { BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { digitsOf, putDigits } from './digit-writer.ts';

/** Bytes that hold so many digits of a group that is not full (PITFALLS B66). */
const BYTES_OF_DIGITS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;
const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
const GROUP = 9;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** How many digits each group of bytes has, in order. */
interface Groups {
  readonly digits: readonly number[];
  readonly bytes: number;
}

function bytesOf(digits: number): number {
  return BYTES_OF_DIGITS[digits] as number;
}

/** Before the point the group that is not full comes first, behind it last. */
function groupsOf(digits: number, fullFirst: boolean): Groups {
  const full = Array<number>(Math.floor(digits / GROUP)).fill(GROUP);
  const rest = digits % GROUP;
  const partial = rest === 0 ? [] : [rest];
  const groups = fullFirst ? [...full, ...partial] : [...partial, ...full];
  return { digits: groups, bytes: groups.reduce((sum, count) => sum + bytesOf(count), 0) };
}

/**
 * DECIMAL(precision, scale): groups of nine digits in four bytes, big-endian, the first bit
 * inverted, all of them for a negative number. Zeros of the scale stay: `1.00`.
 */
export function decimalWriter(precision: number, scale: number): BinlogValueWriter {
  const whole = groupsOf(precision - scale, false);
  const fraction = groupsOf(scale, true);
  const size = whole.bytes + fraction.bytes;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, size);
    const positive = size > 0 && ((bytes[at] as number) & 0x80) !== 0;
    const inverted = positive ? 0 : 0xff;
    out.reserve(precision + 3);
    const target = out.bytes;
    const start = out.position;
    let to = start;
    let from = at;
    if (!positive) target[to++] = MINUS;
    const digits = to;
    for (const count of whole.digits) {
      const length = bytesOf(count);
      const value = groupAt(bytes, from, length, inverted, from === at);
      if (value >= (POWERS[count] as number)) invalidValue('no decimal', bytes, at, next);
      from += length;
      // Zeros in front are not written.
      if (to > digits) to = putDigits(target, to, value, count);
      else if (value !== 0) to = putDigits(target, to, value, digitsOf(value));
    }
    if (to === digits) target[to++] = ZERO;
    if (scale > 0) target[to++] = POINT;
    for (const count of fraction.digits) {
      const length = bytesOf(count);
      const value = groupAt(bytes, from, length, inverted, from === at);
      if (value >= (POWERS[count] as number)) invalidValue('no decimal', bytes, at, next);
      from += length;
      to = putDigits(target, to, value, count);
    }
    out.position = to;
    return next;
  };
}

function groupAt(
  bytes: Buffer,
  at: number,
  length: number,
  inverted: number,
  first: boolean,
): number {
  let value = 0;
  for (let i = 0; i < length; i++) {
    let byte = (bytes[at + i] as number) ^ inverted;
    if (first && i === 0) byte ^= 0x80;
    value = value * 256 + byte;
  }
  return value;
}
