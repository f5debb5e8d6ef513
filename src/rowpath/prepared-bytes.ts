import type { ByteWriter } from '../foundation/byte-writer.ts';

/** Bytes known beforehand, laid out so that they are written four at a time. */
export interface PreparedBytes {
  readonly bytes: Buffer;
  readonly words: Int32Array;
}

/** Above this length one call into the engine's own copy is faster. */
const BY_WORDS_MAX = 160;

/** Prepares a copy of the bytes. */
export function prepareBytes(source: Buffer | string): PreparedBytes {
  const bytes = Buffer.from(source);
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  const padded = Buffer.concat([bytes, Buffer.alloc(4)]);
  for (let i = 0; i < words.length; i++) words[i] = padded.readInt32LE(i * 4);
  return { bytes, words };
}

/** Writes prepared bytes. Up to three bytes past them are overwritten too: not yet used ones. */
export function writePrepared(out: ByteWriter, prepared: PreparedBytes): void {
  const { words } = prepared;
  const count = words.length;
  const length = prepared.bytes.length;
  if (length > BY_WORDS_MAX) {
    out.raw(prepared.bytes);
    return;
  }
  out.reserve(count * 4);
  const { view } = out;
  let at = out.position;
  for (let i = 0; i < count; i++) {
    view.setInt32(at, words[i] as number, true);
    at += 4;
  }
  out.position += length;
}
