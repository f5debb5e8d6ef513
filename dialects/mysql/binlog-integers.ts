import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogValueWriter } from './binlog-column.ts';
import { behind } from './binlog-value-bounds.ts';
import { putDigits, writeInteger, writeSigned64, writeUnsigned64 } from './digit-writer.ts';

/** An integer of 1, 2, 3, 4 or 8 bytes, little-endian (PITFALLS B67, B68). */
export function integerWriter(width: 1 | 2 | 3 | 4 | 8, unsigned: boolean): BinlogValueWriter {
  if (width === 8) return unsigned ? writeUnsignedBigint : writeBigint;
  return unsigned ? unsignedWriter(width) : signedWriter(width);
}

/** Highest byte first in a number: `readUIntLE` would look at the width for every value. */
function unsignedAt(bytes: Buffer, at: number, width: number): number {
  let value = bytes[at + width - 1] as number;
  for (let i = width - 2; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

function unsignedWriter(width: number): BinlogValueWriter {
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, width);
    writeInteger(out, unsignedAt(bytes, at, width));
    return next;
  };
}

function signedWriter(width: number): BinlogValueWriter {
  const half = 2 ** (8 * width - 1);
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, width);
    const value = unsignedAt(bytes, at, width);
    writeInteger(out, value < half ? value : value - 2 * half);
    return next;
  };
}

function writeUnsignedBigint(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 8);
  writeUnsigned64(out, bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at));
  return next;
}

function writeBigint(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 8);
  writeSigned64(out, bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at));
  return next;
}

/** One byte: years since 1900, and 0 for the year 0000 (PITFALLS B74). */
export function writeYear(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 1);
  const year = bytes[at] as number;
  out.reserve(4);
  out.position = putDigits(out.bytes, out.position, year === 0 ? 0 : 1900 + year, 4);
  return next;
}
