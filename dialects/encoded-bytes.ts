import type { BytesEncoding } from '../src/model/bytes-encoding.ts';

/** Bytes, or their text in the encoding of binary.handling.mode. */
export function encodedBytes(encoding: BytesEncoding, bytes: Buffer): Buffer | string {
  if (encoding === 'bytes') return bytes;
  if (encoding === 'hex') return bytes.toString('hex');
  const base64 = bytes.toString('base64');
  if (encoding === 'base64') return base64;
  // Java's URL encoder keeps the padding, Node's base64url leaves it out.
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
