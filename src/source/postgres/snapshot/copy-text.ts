import { DecodeError } from '../../../foundation/byte-reader.ts';
import type { RowImage } from '../../../model/row-image.ts';
import { ValueKind } from '../../../model/row-image.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const NULL_MARK = 0x4e; // N

/** What follows a backslash → the byte meant; 0 = the server never writes it. */
const ESCAPES = new Uint8Array(256);
ESCAPES[0x62] = 0x08; // b
ESCAPES[0x66] = 0x0c; // f
ESCAPES[0x6e] = NEWLINE; // n
ESCAPES[0x72] = 0x0d; // r
ESCAPES[0x74] = TAB; // t
ESCAPES[0x76] = 0x0b; // v
ESCAPES[BACKSLASH] = BACKSLASH;

/**
 * Reads one row of `COPY … TO STDOUT` in text format, `bytes[start, end)` with its newline, into
 * the image. Escapes are resolved in place (a resolved value is never longer), so the range must be
 * writable and is read once. Inside of values tab, newline and backslash are always escaped, which
 * makes the newline at the end a sentinel: the loop needs no other bound.
 */
export function readCopyRow(
  bytes: Buffer,
  start: number,
  end: number,
  image: RowImage,
  columns: number,
): void {
  if (end <= start || bytes[end - 1] !== NEWLINE) {
    throw new DecodeError('COPY row without newline', bytes.subarray(start, end), 0);
  }
  image.reset(bytes, columns);
  const { kinds, starts, ends } = image;
  const last = end - 1;
  if (columns === 0) {
    if (last !== start) throw wrongCount(bytes, start, end, columns);
    return;
  }
  let at = start;
  for (let column = 0; column < columns; column++) {
    const from = at;
    let byte = bytes[at] as number;
    while (byte !== TAB && byte !== NEWLINE && byte !== BACKSLASH) byte = bytes[++at] as number;
    let to = at;
    let kind: ValueKind = ValueKind.text;
    if (byte === BACKSLASH) {
      if (at === from && bytes[at + 1] === NULL_MARK) {
        kind = ValueKind.null;
        at += 2;
      } else {
        at = skipToDelimiter(bytes, at);
        to = unescape(bytes, to, at);
      }
      byte = bytes[at] as number;
    }
    // A newline may stand only at the very end, and only after the last column.
    if (byte !== TAB && byte !== NEWLINE) throw wrongCount(bytes, start, end, columns);
    if ((byte === NEWLINE) !== (column === columns - 1) || (byte === NEWLINE) !== (at === last)) {
      throw wrongCount(bytes, start, end, columns);
    }
    kinds[column] = kind;
    starts[column] = from;
    ends[column] = to;
    at++;
  }
}

function skipToDelimiter(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at] as number;
    if (byte === TAB || byte === NEWLINE) return at;
    at++;
  }
}

/** Resolves the escapes of `bytes[from, to)` in place; the new end. */
function unescape(bytes: Buffer, from: number, to: number): number {
  let write = from;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte !== BACKSLASH) {
      bytes[write++] = byte;
      continue;
    }
    const meant = ESCAPES[bytes[++at] as number] as number;
    if (meant === 0) throw new DecodeError('unknown COPY escape', bytes.subarray(from, to), 0);
    bytes[write++] = meant;
  }
  return write;
}

function wrongCount(bytes: Buffer, start: number, end: number, columns: number): DecodeError {
  return new DecodeError(`COPY row not of ${columns} columns`, bytes.subarray(start, end), 0);
}
