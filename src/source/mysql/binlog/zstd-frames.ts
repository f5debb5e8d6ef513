import { DecodeError } from '../../../foundation/byte-reader.ts';

const MAGIC = 0xfd2fb528;
/** The low four bits of a skippable frame's magic number are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const REPEATED_BYTE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

/**
 * The zstd frames of `bytes`, one after the other (RFC 8878, section 3.1). Node's decompressor
 * stops behind the first one and says nothing of the rest, so each has to be handed to it alone.
 */
export function zstdFrames(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) incomplete(bytes, at);
    const magic = bytes.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + bytes.readUInt32LE(at + 4);
      if (at > bytes.length) incomplete(bytes, at);
      continue;
    }
    if (magic !== MAGIC) throw new DecodeError('no zstd frame', bytes, at);
    const end = frameEnd(bytes, at + 4);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function frameEnd(bytes: Buffer, start: number): number {
  const descriptor = bytes[start] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentFlag = descriptor >> 6;
  const contentBytes = contentFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << contentFlag;
  let at = start + 1 + (isSingleSegment ? 0 : 1) + contentBytes;
  at += DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  for (let isLast = false; !isLast;) {
    if (at + 3 > bytes.length) incomplete(bytes, at);
    const header = bytes.readUIntLE(at, 3);
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw new DecodeError('a reserved zstd block', bytes, at);
    at += 3 + (type === REPEATED_BYTE_BLOCK ? 1 : header >> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  return at > bytes.length ? incomplete(bytes, at) : at;
}

function incomplete(bytes: Buffer, at: number): never {
  throw new DecodeError('an incomplete zstd frame', bytes, Math.min(at, bytes.length));
}
