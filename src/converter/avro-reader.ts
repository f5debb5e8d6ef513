import { DecodeError } from '../foundation/byte-reader.ts';
import type { ConnectValue } from '../model/connect-schema.ts';
import { bytesToBigInt } from '../model/connect-schema.ts';

/** Reads one value from the cursor. */
export type AvroDecode = (reader: AvroReader) => ConnectValue;

/** Goes past a value without making it; refuses what reading it would refuse. */
export type AvroSkip = (reader: AvroReader) => void;

/** Whole numbers of so many bytes are exact as numbers, and need no copy of their bytes. */
const NUMBER_BYTES = 6;

const scratch = new Int32Array(2);
const scratch64 = new BigInt64Array(scratch.buffer);

/**
 * A cursor over one record's Avro bytes. Single bytes are read without a bounds check: past the end
 * they read as zero, which ends every varint, and `finish` refuses the record. Everything with a
 * length or count is checked where it is read, so no damaged record makes it loop or allocate.
 */
export class AvroReader {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;

  reset(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = bytes.length;
  }

  /** An `int`: 32 bits. */
  int(): number {
    const bytes = this.bytes;
    let at = this.position;
    let byte = bytes[at++] as number;
    let bits = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 28) this.fail('an int of more than five bytes');
      byte = bytes[at++] as number;
      bits |= (byte & 0x7f) << shift;
    }
    this.position = at;
    return (bits >>> 1) ^ -(bits & 1);
  }

  /** A `long` as bigint; one allocation. */
  long(): bigint {
    const bytes = this.bytes;
    let at = this.position;
    let byte = bytes[at++] as number;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 63) this.fail('a long of more than ten bytes');
      byte = bytes[at++] as number;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (shift - 32);
    }
    this.position = at;
    const sign = -(low & 1);
    scratch[0] = ((low >>> 1) | (high << 31)) ^ sign;
    scratch[1] = (high >>> 1) ^ sign;
    return scratch64[0] as bigint;
  }

  /** Goes past a `long`. */
  skipLong(): void {
    const bytes = this.bytes;
    const start = this.position;
    let at = start;
    while ((bytes[at++] as number) > 0x7f) {
      if (at - start > 9) this.fail('a long of more than ten bytes');
    }
    this.position = at;
  }

  float(): number {
    this.need(4);
    const value = this.bytes.readFloatLE(this.position);
    this.position += 4;
    return value;
  }

  double(): number {
    this.need(8);
    const value = this.bytes.readDoubleLE(this.position);
    this.position += 8;
    return value;
  }

  boolean(): boolean {
    const byte = this.bytes[this.position++] as number;
    if (byte > 1) this.fail('a boolean that is neither 0 nor 1');
    return byte === 1;
  }

  /** The length that stands before bytes or a string, checked against what is left. */
  length(): number {
    const count = this.int();
    if (count < 0) this.fail(`negative length ${count}`);
    this.need(count);
    return count;
  }

  /** Goes past so many bytes. */
  skip(count: number): void {
    this.need(count);
    this.position += count;
  }

  /** Two's complement, big-endian, of any length. */
  bigInt(count: number): bigint {
    if (count > NUMBER_BYTES) return bytesToBigInt(this.take(count));
    this.need(count);
    const bytes = this.bytes;
    const end = this.position + count;
    // It begins with the sign.
    let value = count > 0 && (bytes[this.position] as number) > 0x7f ? -1 : 0;
    for (let at = this.position; at < end; at++) value = value * 0x100 + (bytes[at] as number);
    this.position = end;
    return BigInt(value);
  }

  /** A copy: the record's buffer may be reused. */
  take(count: number): Buffer {
    this.need(count);
    const start = this.position;
    this.position = start + count;
    return Buffer.from(this.bytes.subarray(start, start + count));
  }

  /**
   * Count of the next block of an array or map; 0 ends it. A negative count has the block's size in
   * bytes after it (PITFALLS C17). Every item takes at least a byte, which bounds the count.
   */
  blockCount(): number {
    let count = this.int();
    if (count < 0) {
      count = -count;
      this.long();
    }
    this.need(count);
    return count;
  }

  need(count: number): void {
    if (count > this.end - this.position) this.fail(`${count} bytes wanted`);
  }

  /** The whole record was read, and nothing past it. */
  finish(): void {
    if (this.position !== this.end) this.fail('the record does not end here');
  }

  fail(what: string): never {
    throw new DecodeError(`Avro: ${what}`, this.bytes, Math.min(this.position, this.end));
  }
}
