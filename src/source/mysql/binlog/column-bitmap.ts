import type { ByteReader } from '../../../foundation/byte-reader.ts';

/**
 * Those of the columns `all` that an image has: a bit for each, least significant bit first
 * (PITFALLS B60). Bits past the last one mean nothing. `all` itself comes back where none is
 * missing, as nearly always.
 */
export function readColumnBitmap(reader: ByteReader, all: Int32Array): Int32Array {
  const width = all.length;
  const start = reader.skip((width + 7) >> 3);
  const { bytes } = reader;
  let count = 0;
  for (let i = 0; i < width; i++) count += bitAt(bytes, start, i);
  if (count === width) return all;
  const marked = new Int32Array(count);
  for (let i = 0, at = 0; at < count; i++) {
    if (bitAt(bytes, start, i) === 1) marked[at++] = all[i] as number;
  }
  return marked;
}

function bitAt(bytes: Buffer, start: number, index: number): number {
  return ((bytes[start + (index >> 3)] as number) >> (index & 7)) & 1;
}
