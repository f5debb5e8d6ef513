import type { ByteWriter } from '../../src/foundation/byte-writer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = '0123456789abcdef';
/** Letters behind a backslash for 0x08 to 0x0d; a blank where there is none. */
const SHORT = 'btn fr';

/** UTF-8 in quotes, escaped as the server does it: no more than JSON demands. */
export function writeJsonString(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  out.reserve((end - start) * 6 + 2);
  const target = out.bytes;
  let to = out.position;
  target[to++] = QUOTE;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      target[to++] = byte;
      continue;
    }
    target[to++] = BACKSLASH;
    if (byte >= 0x20) target[to++] = byte;
    else to = putControl(target, to, byte);
  }
  target[to++] = QUOTE;
  out.position = to;
}

function putControl(target: Buffer, at: number, byte: number): number {
  const letter = SHORT.charCodeAt(byte - 8);
  if (letter > 0x20) {
    target[at] = letter;
    return at + 1;
  }
  const text = `u00${HEX[byte >> 4] ?? ''}${HEX[byte & 15] ?? ''}`;
  return at + target.write(text, at, 'latin1');
}
