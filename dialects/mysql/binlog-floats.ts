import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { digitsOf, putDigits, writeInteger } from './digit-writer.ts';
import { doubleText, floatText } from './mysql-number-text.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
/** Up to here the digits of a number are its own, and the server writes them without exponent. */
const SURE = 1e15;
const LEAST = 1e-4;
const MOST_LETTERS = 24;

/** Type 5, little-endian. */
export function writeDouble(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 8);
  const value = bytes.readDoubleLE(at);
  if (!Number.isFinite(value)) invalidValue('no finite number', bytes, at, next);
  if (!writeShort(value, false, out)) out.ascii(doubleText(value));
  return next;
}

/** Type 4: the shortest digits that give the same 32 bits again (PITFALLS B69). */
export function writeFloat(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 4);
  const value = bytes.readFloatLE(at);
  if (!Number.isFinite(value)) invalidValue('no finite number', bytes, at, next);
  if (!writeShort(value, true, out)) out.ascii(floatText(value));
  return next;
}

/**
 * Most numbers of a table have few decimals: those are found by trying, without making a text. The
 * first that gives the number again has the fewest digits.
 */
function writeShort(value: number, single: boolean, out: ByteWriter): boolean {
  const magnitude = Math.abs(value);
  if (!(magnitude >= LEAST && magnitude < SURE)) return false;
  for (let decimals = 0, unit = 1; decimals <= 9; decimals++, unit *= 10) {
    const digits = Math.round(magnitude * unit);
    if (digits >= SURE) return false;
    const read = digits / unit;
    if ((single ? Math.fround(read) : read) !== magnitude) continue;
    writeFixed(value < 0, digits, decimals, unit, out);
    return true;
  }
  return false;
}

function writeFixed(
  negative: boolean,
  digits: number,
  decimals: number,
  unit: number,
  out: ByteWriter,
): void {
  if (decimals === 0) {
    writeInteger(out, negative ? -digits : digits);
    return;
  }
  out.reserve(MOST_LETTERS);
  const target = out.bytes;
  if (negative) target[out.position++] = MINUS;
  const whole = Math.floor(digits / unit);
  const to = putDigits(target, out.position, whole, digitsOf(whole));
  target[to] = POINT;
  out.position = putDigits(target, to + 1, digits - whole * unit, decimals);
}
