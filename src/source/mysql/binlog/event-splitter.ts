import { DecodeError } from '../../../foundation/byte-reader.ts';

const HEADER_BYTES = 19;
/** Where an event's header tells the size of all of it. */
const SIZE_AT = 9;
/** `max_allowed_packet` of a replica goes to 1 GiB, and a row event may be a little more. */
const EVENT_BYTES_MAX = 2 ** 30 + 2 ** 20;

/**
 * Cuts a stream of bytes, in pieces of any size, into whole events. Memory grows with the bytes
 * that came, not with the size that a header claims.
 */
export class EventSplitter {
  /** The event that `next` found: `bytes[start, end)`; valid until the next `push`. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** How much of `bytes` is filled. */
  #filled = 0;
  #ownsBytes = false;

  push(chunk: Buffer): void {
    const left = this.#filled - this.end;
    if (left === 0) {
      this.bytes = chunk;
      this.#filled = chunk.length;
      this.#ownsBytes = false;
    } else {
      this.#append(chunk, left);
    }
    this.start = 0;
    this.end = 0;
  }

  /** Moves to the next event; false: more bytes are needed. */
  next(): boolean {
    const left = this.#filled - this.end;
    if (left < HEADER_BYTES) return false;
    const size = this.bytes.readUInt32LE(this.end + SIZE_AT);
    if (size < HEADER_BYTES || size > EVENT_BYTES_MAX) {
      const rest = this.bytes.subarray(this.end, this.#filled);
      throw new DecodeError(`an event of ${size} bytes`, rest, SIZE_AT);
    }
    if (size > left) return false;
    this.start = this.end;
    this.end += size;
    return true;
  }

  /** Bytes of an event that is not complete. */
  get pendingBytes(): number {
    return this.#filled - this.end;
  }

  #append(chunk: Buffer, left: number): void {
    const needed = left + chunk.length;
    if (this.#ownsBytes && this.bytes.length >= needed) {
      this.bytes.copyWithin(0, this.end, this.#filled);
    } else {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(needed * 2, EVENT_BYTES_MAX)));
      this.bytes.copy(grown, 0, this.end, this.#filled);
      this.bytes = grown;
      this.#ownsBytes = true;
    }
    chunk.copy(this.bytes, left);
    this.#filled = needed;
  }
}
