import type { BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { writeInteger, writeUnsigned64 } from './digit-writer.ts';

/** ENUM and SET: an index or a bitmap, little-endian, over the members in order (PITFALLS B77). */

const COMMA = 0x2c;

/** Index 0 is the error value ''. Without members the number stands for itself. */
export function enumWriter(width: number, members: readonly string[] | null): BinlogValueWriter {
  const labels = members === null ? null : [Buffer.alloc(0), ...members.map(utf8)];
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, width);
    const index = bytes.readUIntLE(at, width);
    if (labels === null) {
      writeInteger(out, index);
      return next;
    }
    const label = labels[index];
    if (label === undefined) {
      return invalidValue(`member ${index} of ${labels.length - 1}`, bytes, at, next);
    }
    out.raw(label);
    return next;
  };
}

/** The members whose bits are set, with commas between. Without members: the bitmap's number. */
export function setWriter(width: number, members: readonly string[] | null): BinlogValueWriter {
  const labels = members === null ? null : members.map(utf8);
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, width);
    const low = bytes.readUIntLE(at, Math.min(width, 4));
    const high = width > 4 ? bytes.readUIntLE(at + 4, width - 4) : 0;
    if (labels === null) {
      writeUnsigned64(out, high, low);
      return next;
    }
    let first = true;
    for (let bit = 0; bit < width * 8; bit++) {
      const half = bit < 32 ? low : high;
      if (((half >>> (bit & 31)) & 1) === 0) continue;
      const label = labels[bit];
      if (label === undefined) {
        return invalidValue(`member ${bit + 1} of ${labels.length}`, bytes, at, next);
      }
      if (!first) out.u8(COMMA);
      first = false;
      out.raw(label);
    }
    return next;
  };
}

function utf8(member: string): Buffer {
  return Buffer.from(member);
}
