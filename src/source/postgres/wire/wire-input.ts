import { DecodeError } from '../../../foundation/byte-reader.ts';

/** What the frames of the server go to. Ranges are valid only during the call. */
export interface FrameSink {
  /** A promise holds back the frames that follow, also those already received. */
  frame(type: number, bytes: Buffer, start: number, end: number): Promise<void> | undefined;
}

const HEADER_BYTES = 5;
const INITIAL_BYTES = 64 * 1024;
const LARGEST_BUFFER_BYTES = 256 * 1024;
/** One field may have 1 GB, a row several; Node's buffers end beyond that. */
const LARGEST_FRAME_BYTES = 0x7fff_0000;
const LEAST_ROOM_BYTES = 16 * 1024;

/**
 * The receive buffer of a connection and its split into frames (type byte, Int32 length). The
 * kernel writes straight behind the last incomplete frame, so nothing is copied but that tail.
 * Invariant: `bytes[position, end)` is received and not yet handed over.
 */
export class WireInput {
  #bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** The buffer of the frame that a sink waits with: nothing in it may move. */
  #holder: Buffer | undefined;
  /** The one that was in use before: a new one for each wait would keep the collector busy. */
  #spare: Buffer | undefined;
  #position = 0;
  #end = 0;
  #capacity = INITIAL_BYTES;
  /** Of the frame whose beginning stands at `position`, when it is known. */
  #wanted = 0;

  /** Bytes of a frame that has not come whole. */
  get pending(): number {
    return this.#end - this.#position;
  }

  /**
   * Where the next read goes; moves the rest to the front or into a larger buffer if need be. While
   * a sink waits with a frame, and Node asks for room all the same (or TLS brings more), its bytes
   * stay where they are, and the rest goes into another buffer.
   */
  room(): Buffer {
    const isHeld = this.#holder === this.#bytes;
    const pending = this.pending;
    // While frames are held back the rest may be more than a read ever is.
    const least = Math.max(this.#wanted, pending) + LEAST_ROOM_BYTES;
    const needed = Math.max(this.#capacity, least);
    if (isHeld || needed > this.#bytes.length || this.#bytes.length > 2 * needed) {
      const bytes = this.#another(needed);
      this.#bytes.copy(bytes, 0, this.#position, this.#end);
      if (isHeld) this.#spare = this.#bytes;
      this.#bytes = bytes;
      this.#position = 0;
      this.#end = pending;
    } else if (pending === 0) {
      this.#position = 0;
      this.#end = 0;
    } else if (this.#position > 0) {
      this.#bytes.copyWithin(0, this.#position, this.#end);
      this.#position = 0;
      this.#end = pending;
    }
    if (this.#bytes.length - this.#end < LEAST_ROOM_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(bytes, 0, 0, this.#end);
      this.#bytes = bytes;
    }
    return this.#bytes.subarray(this.#end);
  }

  /** Somebody waits with what was handed over last; until the next `drain`. */
  hold(): void {
    this.#holder = this.#bytes;
  }

  /** A buffer of that size, or the spare one if it has the size and nobody waits with it. */
  #another(bytes: number): Buffer {
    const spare = this.#spare;
    const fits = spare !== undefined && spare.length >= bytes && spare.length <= 2 * bytes;
    return fits && spare !== this.#holder ? spare : Buffer.allocUnsafeSlow(bytes);
  }

  /** The kernel wrote `count` bytes into what `room` returned. */
  received(count: number): void {
    this.#end += count;
    if (this.#end === this.#bytes.length && this.#capacity < LARGEST_BUFFER_BYTES) {
      this.#capacity *= 2;
    }
  }

  /** For sockets that bring their own buffers (TLS). */
  append(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const room = this.room();
      const count = chunk.copy(room, 0, at, Math.min(chunk.length, at + room.length));
      this.received(count);
      at += count;
    }
  }

  /** Hands over whole frames until they end or the sink wants to wait; not before it has waited. */
  drain(sink: FrameSink): Promise<void> | undefined {
    this.#holder = undefined;
    const bytes = this.#bytes;
    const end = this.#end;
    let position = this.#position;
    this.#wanted = 0;
    while (end - position >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(position + 1);
      if (length < 4 || length > LARGEST_FRAME_BYTES) {
        throw new DecodeError(`a frame of ${length} bytes`, bytes.subarray(position, end), 1);
      }
      const frameEnd = position + 1 + length;
      if (frameEnd > end) {
        this.#wanted = 1 + length;
        break;
      }
      const start = position + HEADER_BYTES;
      const type = bytes[position] as number;
      position = frameEnd;
      // Set before the call: a sink that throws or waits must not see the frame again.
      this.#position = position;
      const wait = sink.frame(type, bytes, start, frameEnd);
      if (wait !== undefined) {
        this.#holder = bytes;
        return wait;
      }
    }
    this.#position = position;
    return undefined;
  }
}
