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
  const length = Buffer.byteLength(source);
  const words = new Int32Array((length + 3) >> 2);
  // One memory under both: what is written below reads a word as the machine wrote it.
  const bytes = Buffer.from(words.buffer, 0, length);
  if (typeof source === 'string') bytes.write(source);
  else bytes.set(source);
  return { bytes, words };
}

/** More than the names and types of any schema; past it constants are no longer shared. */
const CONSTANTS_MAX = 65_536;
/** Longer ones tell a table's whole schema: nobody shares them. */
const CONSTANT_BYTES_MAX = 256;
const constants = new Map<string, PreparedBytes>();

/**
 * The same for constants of a schema. Tables have many names and types in common, and what they
 * share stays in the processor's cache when the rows of hundreds of tables come in turn.
 */
export function prepareConstant(source: Buffer): PreparedBytes {
  if (source.length > CONSTANT_BYTES_MAX) return prepareBytes(source);
  const key = source.toString('latin1');
  const known = constants.get(key);
  if (known !== undefined) return known;
  const prepared = prepareBytes(source);
  if (constants.size < CONSTANTS_MAX) constants.set(key, prepared);
  return prepared;
}

const LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1;

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
    view.setInt32(at, words[i] as number, LITTLE_ENDIAN);
    at += 4;
  }
  out.position += length;
}
