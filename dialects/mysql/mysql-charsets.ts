import { DecodeError } from '../../src/foundation/byte-reader.ts';
import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { putCodePoint } from './code-points.ts';
import { multiByteConverter } from './multi-byte-text.ts';
import { charsetOfCollation } from './mysql-collations.ts';
import { LOW_BYTES, SINGLE_BYTE_CHARSETS } from './mysql-single-byte-charsets.ts';

/** Appends `bytes[start, end)`, which are of some character set, as UTF-8. */
export type TextConverter = (bytes: Buffer, start: number, end: number, out: ByteWriter) => void;

const QUESTION = 0x3f;

/** Charsets whose bytes stay as they are. */
const AS_THEY_ARE = new Set(['binary', 'utf8', 'utf8mb3', 'utf8mb4']);

/**
 * How texts of a charset become UTF-8, equal to what the server itself converts, `?` for what it
 * has no character for; null: they are UTF-8 already, or no text. Undefined: no such charset.
 */
export function converterOfCharset(charset: string): TextConverter | null | undefined {
  if (AS_THEY_ARE.has(charset)) return null;
  const high = charset === 'ascii' ? '?'.repeat(128) : SINGLE_BYTE_CHARSETS[charset];
  if (high !== undefined) return singleByteConverter(high, LOW_BYTES[charset] ?? '');
  switch (charset) {
    case 'ucs2':
    case 'utf16':
      return utf16Converter(1, 0);
    case 'utf16le':
      return utf16Converter(0, 1);
    case 'utf32':
      return appendUtf32;
    default:
      return multiByteConverter(charset) ?? undefined;
  }
}

/**
 * The same for a collation's id; one that is not told (null) stands for UTF-8.
 * @throws DecodeError when no server has such an id
 */
export function converterOfCollation(id: number | null): TextConverter | null {
  if (id === null) return null;
  const converter = converterOfCharset(charsetOfCollation(id) ?? '');
  if (converter === undefined) {
    throw new DecodeError(`unknown collation ${id} in a table map`, Buffer.alloc(0), 0);
  }
  return converter;
}

function singleByteConverter(high: string, low: string): TextConverter {
  const points = Uint16Array.from({ length: 256 }, (_, byte) => byte);
  const first = 256 - high.length;
  for (let i = 0; i < high.length; i++) points[first + i] = high.charCodeAt(i);
  for (let i = 0; i < low.length; i += 2) points[low.charCodeAt(i)] = low.charCodeAt(i + 1);
  const isAscii = low === '';
  return (bytes, start, end, out) => {
    out.reserve((end - start) * 3);
    const target = out.bytes;
    let to = out.position;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte < 0x80 && isAscii) target[to++] = byte;
      else to = putCodePoint(target, to, points[byte] as number);
    }
    out.position = to;
  };
}

/** `low` and `high`: where in a unit of two bytes they stand. A half of a pair becomes `?`. */
function utf16Converter(low: number, high: number): TextConverter {
  return (bytes, start, end, out) => {
    out.reserve(((end - start) >> 1) * 3 + 1);
    const target = out.bytes;
    let to = out.position;
    const unit = (at: number): number =>
      ((bytes[at + high] as number) << 8) | (bytes[at + low] as number);
    let at = start;
    for (; at + 1 < end; at += 2) {
      let point = unit(at);
      if (point >= 0xd800 && point < 0xe000) {
        const second = point < 0xdc00 && at + 3 < end ? unit(at + 2) : 0;
        const pair = second >= 0xdc00 && second < 0xe000;
        point = pair ? 0x1_0000 + ((point - 0xd800) << 10) + (second - 0xdc00) : QUESTION;
        if (pair) at += 2;
      }
      to = putCodePoint(target, to, point);
    }
    if (at < end) target[to++] = QUESTION;
    out.position = to;
  };
}

function appendUtf32(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  out.reserve(end - start + 1);
  const target = out.bytes;
  let to = out.position;
  let at = start;
  for (; at + 3 < end; at += 4) {
    const point = bytes.readUInt32BE(at);
    const none = point > 0x10_ffff || (point >= 0xd800 && point < 0xe000);
    to = putCodePoint(target, to, none ? QUESTION : point);
  }
  if (at < end) target[to++] = QUESTION;
  out.position = to;
}
