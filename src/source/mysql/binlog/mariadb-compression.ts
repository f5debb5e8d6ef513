import { inflateSync } from 'node:zlib';
import { DecodeError } from '../../../foundation/byte-reader.ts';

/** More than any event can hold: `max_allowed_packet` of a replica ends at 1 GiB. */
const INFLATED_BYTES_MAX = 2 ** 30;
const ZLIB = 0;

/**
 * What MariaDB compressed inside of an event (PITFALLS B91): a byte that tells algorithm and width
 * of the length, the length of what comes out, big-endian, and a zlib stream.
 */
export function inflated(bytes: Buffer): Buffer {
  const head = bytes[0] ?? 0;
  const width = head & 0x07;
  const algorithm = (head >> 4) & 0x07;
  if ((head & 0x80) === 0 || algorithm !== ZLIB || width < 1 || width > 4) {
    throw new DecodeError(`head ${head} of compressed bytes`, bytes, 0);
  }
  if (bytes.length < 1 + width) throw new DecodeError('a compressed length wanted', bytes, 1);
  const length = bytes.readUIntBE(1, width);
  if (length > INFLATED_BYTES_MAX) throw new DecodeError(`${length} inflated bytes`, bytes, 1);
  const plain = inflate(bytes, 1 + width, length);
  if (plain.length !== length) {
    throw new DecodeError(`${plain.length} inflated bytes instead of ${length}`, bytes, 1);
  }
  return plain;
}

function inflate(bytes: Buffer, start: number, length: number): Buffer {
  try {
    // Room for one byte more, so that a stream that is too long shows.
    return inflateSync(bytes.subarray(start), { maxOutputLength: length + 1 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DecodeError(`compressed bytes: ${reason}`, bytes, start);
  }
}
