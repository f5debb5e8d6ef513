import { conversionError } from '../value-conversion.ts';

const BITS = /^[01]*$/;

/**
 * `1010` as Debezium's Bits: least significant byte first, without zero bytes at the end, so that
 * the number of digits is not told: a column's length is in its schema.
 */
export function bitsToBytes(text: string): Buffer {
  if (!BITS.test(text)) throw conversionError('the text is not a bit string');
  const significant = text.replace(/^0+/, '');
  const bytes = Buffer.alloc(Math.ceil(significant.length / 8));
  for (let i = 0; i < bytes.length; i++) {
    const end = significant.length - i * 8;
    bytes[i] = Number.parseInt(significant.slice(Math.max(0, end - 8), end), 2);
  }
  return bytes;
}

/** The one digit of a bit(1). */
export function bitToBoolean(text: string): boolean {
  if (text === '1') return true;
  if (text === '0') return false;
  throw conversionError('the text is not a single bit');
}
