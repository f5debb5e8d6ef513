import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogColumn, BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { writeInteger } from './digit-writer.ts';

/*
 * MariaDB's UUID, INET4 and INET6: bytes in the order of the text (PITFALLS B64), without the zeros
 * at the end (B63).
 */

const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const HEX = Buffer.from('0123456789abcdef');
const WORDS = 8;

/** The longest row of zero words. */
interface Gap {
  readonly start: number;
  readonly length: number;
}

/** The texts that the server shows for such a column. */
export function addressWriter(declared: NonNullable<BinlogColumn['declared']>): BinlogValueWriter {
  const size = declared === 'inet4' ? 4 : 16;
  const padded = Buffer.alloc(size);
  const append = { uuid: writeUuid, inet4: writeInet4, inet6: writeInet6 }[declared];
  return (bytes, at, end, out) => {
    const start = behind(bytes, at, end, 1);
    const length = bytes[at] as number;
    const next = behind(bytes, start, end, length);
    if (length > size) invalidValue(`${length} bytes of ${declared}`, bytes, at, next);
    padded.fill(0);
    bytes.copy(padded, 0, start, next);
    append(padded, out);
    return next;
  };
}

function writeUuid(uuid: Buffer, out: ByteWriter): void {
  out.reserve(36);
  const target = out.bytes;
  let to = out.position;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) target[to++] = DASH;
    const byte = uuid[i] as number;
    target[to++] = HEX[byte >> 4] as number;
    target[to++] = HEX[byte & 15] as number;
  }
  out.position = to;
}

function writeInet4(address: Buffer, out: ByteWriter): void {
  writeQuad(address, 0, out);
}

function writeQuad(address: Buffer, at: number, out: ByteWriter): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out.u8(POINT);
    writeInteger(out, address[at + i] as number);
  }
}

/** The server's form: one row of zeros left out, though it were a single one; IPv4 in its own. */
function writeInet6(address: Buffer, out: ByteWriter): void {
  const gap = longestGap(address);
  const mapped = gap.length === 5 && address.readUInt16BE(10) === 0xffff;
  const quad = gap.start === 0 && (gap.length === 6 || mapped);
  for (let i = 0; i < WORDS; i++) {
    if (i === gap.start) {
      if (i === 0) out.u8(COLON);
      out.u8(COLON);
      i += gap.length - 1;
    } else if (i === 6 && quad) {
      writeQuad(address, 12, out);
      return;
    } else {
      out.ascii(address.readUInt16BE(2 * i).toString(16));
      if (i < WORDS - 1) out.u8(COLON);
    }
  }
}

function longestGap(address: Buffer): Gap {
  let gap: Gap = { start: -1, length: 0 };
  for (let i = 0; i < WORDS; i++) {
    const start = i;
    while (i < WORDS && address.readUInt16BE(2 * i) === 0) i++;
    if (i - start > gap.length) gap = { start, length: i - start };
  }
  return gap;
}
