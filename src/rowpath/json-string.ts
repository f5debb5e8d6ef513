import type { ByteWriter } from '../foundation/byte-writer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX_DIGITS = Buffer.from('0123456789ABCDEF');

/** 0: as it stands; a letter: `\` and the letter; 1: `\u00XX`; 2: begins a pair of surrogates. */
const ESCAPE = new Uint8Array(256);
ESCAPE.fill(1, 0, 0x20);
for (const [byte, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
] as const) {
  ESCAPE[byte] = letter.charCodeAt(0);
}
ESCAPE.fill(2, 0xf0, 0xf8);

/** Texts up to this length are written in one pass with room for the worst case. */
const SHORT_BYTES = 512;

/**
 * Writes UTF-8 text as a JSON string, the bytes of Jackson: control characters and characters
 * outside of the basic plane as `\uXXXX` in upper case, all else raw.
 */
export function writeJsonString(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  if (end - start <= SHORT_BYTES) {
    writeShort(bytes, start, end, out);
    return;
  }
  out.u8(QUOTE);
  let clean = start;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (ESCAPE[byte] === 0) continue;
    out.range(bytes, clean, i);
    out.reserve(12);
    i += writeEscape(bytes, i, end, out) - 1;
    clean = i + 1;
  }
  out.range(bytes, clean, end);
  out.u8(QUOTE);
}

/** The view over the source's bytes, which stay the same for many columns and rows. */
let viewedBytes: Buffer = Buffer.alloc(0);
let view = new DataView(viewedBytes.buffer, viewedBytes.byteOffset, 0);

function sourceView(bytes: Buffer): DataView {
  if (bytes !== viewedBytes) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    viewedBytes = bytes;
  }
  return view;
}

function writeShort(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  out.reserve((end - start) * 6 + 2);
  const target = out.bytes;
  const source = sourceView(bytes);
  const words = out.view;
  let at = out.position;
  target[at++] = QUOTE;
  let i = start;
  while (i < end) {
    // Four bytes at once, if they are ASCII and need no escape: the subtractions borrow from the
    // top bit of a byte that is `"`, `\` or a control character (and seldom of the one above it).
    while (i + 4 <= end) {
      const word = source.getInt32(i, true);
      const quotes = (word ^ 0x22222222) - 0x01010101;
      const backslashes = (word ^ 0x5c5c5c5c) - 0x01010101;
      if (((word | quotes | backslashes | (word - 0x20202020)) & 0x80808080) !== 0) break;
      words.setInt32(at, word, true);
      at += 4;
      i += 4;
    }
    const stop = Math.min(i + 4, end);
    while (i < stop) {
      const byte = bytes[i] as number;
      const escape = ESCAPE[byte] as number;
      if (escape === 0) {
        target[at++] = byte;
        i++;
      } else if (escape > 2) {
        target[at++] = BACKSLASH;
        target[at++] = escape;
        i++;
      } else {
        out.position = at;
        i += writeEscape(bytes, i, end, out);
        at = out.position;
      }
    }
  }
  target[at++] = QUOTE;
  out.position = at;
}

/** Escapes the character at `at` and returns its length in UTF-8; room for 12 must be reserved. */
function writeEscape(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const byte = bytes[at] as number;
  const escape = ESCAPE[byte] as number;
  const target = out.bytes;
  if (escape > 2) {
    target[out.position++] = BACKSLASH;
    target[out.position++] = escape;
    return 1;
  }
  if (escape === 1) {
    writeUnit(byte, out);
    return 1;
  }
  // Postgres sends valid UTF-8 only; a cut sequence could be nothing but the replacement character.
  const point =
    at + 4 <= end
      ? ((byte & 7) << 18) |
        (((bytes[at + 1] as number) & 0x3f) << 12) |
        (((bytes[at + 2] as number) & 0x3f) << 6) |
        ((bytes[at + 3] as number) & 0x3f)
      : 0x1fffd;
  const above = point - 0x10000;
  writeUnit(0xd800 | (above >> 10), out);
  writeUnit(0xdc00 | (above & 0x3ff), out);
  return Math.min(4, end - at);
}

function writeUnit(unit: number, out: ByteWriter): void {
  const target = out.bytes;
  let at = out.position;
  target[at++] = BACKSLASH;
  target[at++] = 0x75;
  for (let shift = 12; shift >= 0; shift -= 4) {
    target[at++] = HEX_DIGITS[(unit >> shift) & 15] as number;
  }
  out.position = at;
}

const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** Above this length the engine's own text is faster, though it has to be made. */
const BY_HAND_BYTES = 64;
/** A whole number of groups of three bytes; a longer text would be a large object. */
const PIECE_BYTES = 12_288;

function writeEncoded(
  encoding: 'base64' | 'hex',
  bytes: Buffer,
  start: number,
  end: number,
  out: ByteWriter,
): void {
  for (let at = start; at < end; at += PIECE_BYTES) {
    const text = bytes.toString(encoding, at, Math.min(at + PIECE_BYTES, end));
    out.position += out.bytes.write(text, out.position, 'latin1');
  }
}

/** `bytes[start, end)` in base64 with padding, without quotes. */
export function writeBase64(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  out.reserve((((end - start + 2) / 3) | 0) * 4);
  if (end - start > BY_HAND_BYTES) {
    writeEncoded('base64', bytes, start, end, out);
    return;
  }
  const target = out.bytes;
  let at = out.position;
  for (let i = start; i < end; i += 3) {
    const left = end - i;
    const second = left > 1 ? (bytes[i + 1] as number) : 0;
    const third = left > 2 ? (bytes[i + 2] as number) : 0;
    const word = ((bytes[i] as number) << 16) | (second << 8) | third;
    target[at++] = BASE64[word >> 18] as number;
    target[at++] = BASE64[(word >> 12) & 63] as number;
    target[at++] = left > 1 ? (BASE64[(word >> 6) & 63] as number) : 0x3d;
    target[at++] = left > 2 ? (BASE64[word & 63] as number) : 0x3d;
  }
  out.position = at;
}

const LOWER_HEX = Buffer.from('0123456789abcdef');

/** `bytes[start, end)` in lower case hexadecimal digits, without quotes. */
export function writeHex(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  out.reserve((end - start) * 2);
  if (end - start > BY_HAND_BYTES) {
    writeEncoded('hex', bytes, start, end, out);
    return;
  }
  const target = out.bytes;
  let at = out.position;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    target[at++] = LOWER_HEX[byte >> 4] as number;
    target[at++] = LOWER_HEX[byte & 15] as number;
  }
  out.position = at;
}
