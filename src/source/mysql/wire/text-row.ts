import { DecodeError } from '../../../foundation/byte-reader.ts';
import type { RowImage } from '../../../model/row-image.ts';
import { ValueKind } from '../../../model/row-image.ts';

const NULL = 0xfb;
const TWO_BYTES = 0xfc;
const THREE_BYTES = 0xfd;
const EIGHT_BYTES = 0xfe;

/**
 * Reads a row of the text protocol that lies at `bytes[start, end)` into the image: each value is
 * a length and so many bytes. Nothing is copied.
 */
export function readTextRow(
  bytes: Buffer,
  start: number,
  end: number,
  image: RowImage,
  columns: number,
): void {
  image.reset(bytes, columns);
  const { kinds, starts, ends } = image;
  let at = start;
  for (let column = 0; column < columns; column++) {
    if (at >= end) throw malformed(bytes, start, end, at);
    let length = bytes[at++] as number;
    if (length >= NULL) {
      if (length === NULL) {
        kinds[column] = ValueKind.null;
        continue;
      }
      const width = length === TWO_BYTES ? 2 : length === THREE_BYTES ? 3 : 8;
      if (length > EIGHT_BYTES || at + width > end) throw malformed(bytes, start, end, at);
      length = width === 8 ? longLength(bytes, at) : bytes.readUIntLE(at, width);
      at += width;
    }
    kinds[column] = ValueKind.text;
    starts[column] = at;
    at += length;
    ends[column] = at;
    if (at > end) throw malformed(bytes, start, end, at);
  }
  if (at !== end) throw malformed(bytes, start, end, at);
}

/** No value is longer than 4 GiB. */
function longLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) === 0 ? bytes.readUInt32LE(at) : Number.MAX_SAFE_INTEGER;
}

function malformed(bytes: Buffer, start: number, end: number, at: number): DecodeError {
  const shown = bytes.subarray(start, Math.min(end, start + 64));
  return new DecodeError('a row whose values do not fit its columns', shown, at - start);
}
