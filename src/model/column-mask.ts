import { createHash } from 'node:crypto';

/** What is done to the values of a column before they leave the source. */
export type ColumnMask =
  /** column.mask.with.N.chars: always this text, also in place of null. */
  | { readonly kind: 'constant'; readonly text: string }
  /** column.mask.hash…: a digest in hexadecimal; null stays null. */
  | {
      readonly kind: 'hash';
      /** As node:crypto names it. */
      readonly algorithm: string;
      readonly salt: string;
      /** 1: over the value as Java serialises a string; 2: over its UTF-8 bytes. */
      readonly version: 1 | 2;
      /** Hexadecimal digits kept: the length of the column; null: all. */
      readonly length: number | null;
    }
  /** column.truncate.to.N.chars: characters of a text, or bytes of a bytea in hexadecimal. */
  | { readonly kind: 'truncate'; readonly length: number; readonly unit: 'character' | 'byte' };

/** The text that stands for the source's text of a value. */
export function maskText(mask: ColumnMask, text: string): string {
  switch (mask.kind) {
    case 'constant':
      return mask.text;
    case 'truncate':
      return mask.unit === 'byte'
        ? text.slice(0, BYTEA.length + 2 * mask.length)
        : firstCharacters(text, mask.length);
    case 'hash': {
      const value = mask.version === 1 ? javaSerialized(text) : Buffer.from(text);
      const digest = createHash(mask.algorithm).update(mask.salt).update(value).digest('hex');
      return mask.length === null ? digest : digest.slice(0, mask.length);
    }
  }
}

/** Half of a surrogate pair is no character. */
export function firstCharacters(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const splits = length > 0 && length < text.length && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? length - 1 : length);
}

const BYTEA = '\\x';
const SHORT_MAX = 0xffff;

/** What ObjectOutputStream.writeObject writes of a String. */
function javaSerialized(text: string): Buffer {
  const bytes = modifiedUtf8(text);
  const isShort = bytes.length <= SHORT_MAX;
  const length = Buffer.alloc(isShort ? 2 : 8);
  if (isShort) length.writeUInt16BE(bytes.length);
  else length.writeBigUInt64BE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from([0xac, 0xed, 0, 5, isShort ? 0x74 : 0x7c]), length, bytes]);
}

/** Java's: U+0000 takes two bytes, and the halves of a surrogate pair three each. */
function modifiedUtf8(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 1 && unit <= 0x7f) bytes.push(unit);
    else if (unit <= 0x7ff) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  return Buffer.from(bytes);
}
