import type { ByteWriter } from '../foundation/byte-writer.ts';

/**
 * Avro's primitive encodings over ByteWriter, shared by the general encoder and the compiled row
 * encoders. Integers are zig-zag varints (PITFALLS C5).
 */

/** An `int`, or a `long` that fits in 32 bits: one to five bytes. */
export function writeAvroInt(writer: ByteWriter, value: number): void {
  writer.reserve(5);
  const bytes = writer.bytes;
  let at = writer.position;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  writer.position = at;
}

const scratch = new BigInt64Array(1);
const halves = new Uint32Array(scratch.buffer);

/** Any `long`, −2^63 included (ten bytes). */
export function writeAvroLong(writer: ByteWriter, value: bigint): void {
  scratch[0] = value;
  writeHalves(writer, halves[0] as number, halves[1] as number);
}

/** A `long` from a number that is an exact integer below 2^53. */
export function writeAvroSafeLong(writer: ByteWriter, value: number): void {
  if (value === (value | 0)) return writeAvroInt(writer, value);
  // Not doubled as a number: past 2^52 the zig-zag form has more than 53 bits.
  writeHalves(writer, value >>> 0, Math.floor(value / 0x100000000));
}

const BILLION = 1_000_000_000;
const HALF = 0x10000;
const WORD = 0x100000000;

/** A `long` of up to 18 digits: `high` * 10^9 + `low`, both below 10^9. */
export function writeAvroDigits(
  writer: ByteWriter,
  negative: boolean,
  high: number,
  low: number,
): void {
  const upper = Math.floor(high / HALF) * BILLION;
  const upperHigh = Math.floor(upper / HALF);
  const lower = (upper - upperHigh * HALF) * HALF + (high % HALF) * BILLION + low;
  let lowWord = lower >>> 0;
  let highWord = upperHigh + Math.floor(lower / WORD);
  if (negative) {
    highWord = lowWord === 0 ? -highWord : ~highWord;
    lowWord = -lowWord >>> 0;
  }
  writeHalves(writer, lowWord, highWord);
}

/** Zig-zag on the two halves: (value << 1) ^ (value >> 63). */
function writeHalves(writer: ByteWriter, low: number, high: number): void {
  const sign = (high | 0) >> 31;
  writeVarint64(writer, ((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
}

function writeVarint64(writer: ByteWriter, lowBits: number, highBits: number): void {
  writer.reserve(10);
  const bytes = writer.bytes;
  let at = writer.position;
  let low = lowBits;
  let high = highBits;
  while (high !== 0 || low > 0x7f) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  writer.position = at;
}

/** Four bytes, little-endian IEEE; NaN is legal here (PITFALLS C19). */
export function writeAvroFloat(writer: ByteWriter, value: number): void {
  writer.reserve(4);
  writer.position = writer.bytes.writeFloatLE(value, writer.position);
}

/** Eight bytes, little-endian IEEE. */
export function writeAvroDouble(writer: ByteWriter, value: number): void {
  writer.reserve(8);
  writer.position = writer.bytes.writeDoubleLE(value, writer.position);
}

/** Length in UTF-8 bytes, then the bytes (PITFALLS C18); lone surrogates become U+FFFD. */
export function writeAvroString(writer: ByteWriter, text: string): void {
  writeAvroInt(writer, Buffer.byteLength(text));
  writer.utf8(text);
}

/** Length, then the bytes. */
export function writeAvroBytes(writer: ByteWriter, bytes: Buffer): void {
  writeAvroInt(writer, bytes.length);
  writer.raw(bytes);
}
