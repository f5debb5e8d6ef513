import { DecodeError } from '../../../foundation/byte-reader.ts';

/** What packets of the server go to. Ranges are valid only during the call. */
export interface PacketSink {
  /** A promise holds back the packets that follow, also those already received. */
  packet(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
}

const HEADER_BYTES = 4;
/** A packet of this size goes on in the next (PITFALLS B12). */
const FULL_PACKET = 0xffffff;
const INITIAL_BYTES = 64 * 1024;
const LARGEST_BUFFER_BYTES = 256 * 1024;
const LEAST_ROOM_BYTES = 16 * 1024;
/** Status byte and header of an event, up to its size. */
const SIZE_AT = 1 + 9;
const SIZE_KNOWN_BYTES = SIZE_AT + 4;
/** So much is taken for a joined packet on the word of its header; more only as bytes come. */
const TRUSTED_BYTES = 64 * 1024 * 1024;
/** `max_allowed_packet` goes to 1 GiB, and a row event may be a little more. */
const LARGEST_EVENT_BYTES = 2 ** 30 + 2 ** 20;
/** No row may be larger than that either, whatever its columns are together. */
const LARGEST_ROW_BYTES = LARGEST_EVENT_BYTES;

/**
 * The receive buffer of a connection and its split into packets (u24 length, sequence number). The
 * kernel writes straight behind the last incomplete packet. Packets that belong together are
 * joined in a buffer of their own. Of an event each byte is copied once, because it says at its
 * start how long it is; a row of a result does not, and its buffer grows.
 * Invariant: `bytes[position, end)` is received and not yet handed over or joined.
 */
export class PacketInput {
  #bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** The buffer of the packet that a sink waits with: nothing in it may move. */
  #holder: Buffer | undefined;
  /** The one that was in use before: a new one for each wait would keep the collector busy. */
  #spare: Buffer | undefined;
  #position = 0;
  #end = 0;
  #capacity = INITIAL_BYTES;
  /** Of the packet whose beginning stands at `position`, when it is known and not joined. */
  #wanted = 0;
  #sequence: number;
  /** The packet that is being joined. */
  #joined: Buffer | undefined;
  #joinedBytes = 0;
  /** Bytes of the current part that have still to come, and whether another part follows. */
  #partLeft = 0;
  #partIsLast = false;
  readonly #holdsEvents: boolean;

  /** `sequence` is the number that the next packet has. */
  constructor(sequence: number, content: 'events' | 'rows' = 'events') {
    this.#sequence = sequence;
    this.#holdsEvents = content === 'events';
  }

  /** A command was sent: its answer begins with packet 1. */
  expectAnswer(): void {
    this.#sequence = 1;
  }

  /** Bytes of packets that have not come whole. */
  get pending(): number {
    return this.#end - this.#position + this.#joinedBytes;
  }

  /**
   * Where the next read goes; moves the rest to the front or into a larger buffer if need be. While
   * a sink waits with a packet its bytes stay where they are.
   */
  room(): Buffer {
    const left = this.#end - this.#position;
    const isHeld = this.#holder === this.#bytes;
    const needed = Math.max(this.#capacity, Math.max(this.#wanted, left) + LEAST_ROOM_BYTES);
    if (isHeld || needed > this.#bytes.length || this.#bytes.length > 2 * needed) {
      const bytes = this.#another(needed);
      this.#bytes.copy(bytes, 0, this.#position, this.#end);
      if (isHeld) this.#spare = this.#bytes;
      this.#bytes = bytes;
    } else if (left > 0 && this.#position > 0) {
      this.#bytes.copyWithin(0, this.#position, this.#end);
    }
    this.#position = 0;
    this.#end = left;
    return this.#bytes.subarray(left);
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

  /** Hands over whole packets until they end or the sink wants to wait, once it has waited. */
  drain(sink: PacketSink): Promise<void> | undefined {
    this.#holder = undefined;
    const bytes = this.#bytes;
    const end = this.#end;
    this.#wanted = 0;
    for (;;) {
      let wait: Promise<void> | undefined;
      if (this.#joined !== undefined) {
        if (!this.#join()) return undefined;
        wait = this.#handOverJoined(sink);
      } else {
        const position = this.#position;
        if (end - position < HEADER_BYTES) return undefined;
        const length = bytes.readUIntLE(position, 3);
        if (length === FULL_PACKET) {
          if (!this.#beginJoin()) return undefined;
          continue;
        }
        const packetEnd = position + HEADER_BYTES + length;
        if (packetEnd > end) {
          this.#wanted = HEADER_BYTES + length;
          return undefined;
        }
        this.#checkSequence(position);
        // Set before the call: a sink that throws or waits must not see the packet again.
        this.#position = packetEnd;
        wait = sink.packet(bytes, position + HEADER_BYTES, packetEnd);
      }
      if (wait !== undefined) {
        this.#holder = bytes;
        return wait;
      }
    }
  }

  /** False: more bytes are needed to know how long the event is. */
  #beginJoin(): boolean {
    const start = this.#position + HEADER_BYTES;
    if (this.#holdsEvents && this.#end - start < SIZE_KNOWN_BYTES) return false;
    this.#checkSequence(this.#position);
    const size = this.#holdsEvents ? this.#eventSize(start) : 2 * FULL_PACKET;
    this.#position = start;
    this.#joined = Buffer.allocUnsafeSlow(Math.min(size, TRUSTED_BYTES));
    this.#joinedBytes = 0;
    this.#partLeft = FULL_PACKET;
    this.#partIsLast = false;
    return true;
  }

  #eventSize(start: number): number {
    const size = this.#bytes.readUInt32LE(start + SIZE_AT) + 1;
    if (size >= FULL_PACKET && size <= LARGEST_EVENT_BYTES) return size;
    const shown = this.#bytes.subarray(start, this.#end);
    throw new DecodeError(`an event of ${size - 1} bytes in a full packet`, shown, SIZE_AT);
  }

  /** Takes what is there; true: the last part is complete. */
  #join(): boolean {
    for (;;) {
      const count = Math.min(this.#partLeft, this.#end - this.#position);
      const target = this.#roomToJoin(count);
      this.#bytes.copy(target, this.#joinedBytes, this.#position, this.#position + count);
      this.#joinedBytes += count;
      this.#position += count;
      this.#partLeft -= count;
      if (this.#partLeft > 0) return false;
      if (this.#partIsLast) return true;
      if (this.#end - this.#position < HEADER_BYTES) return false;
      this.#checkSequence(this.#position);
      const length = this.#bytes.readUIntLE(this.#position, 3);
      this.#position += HEADER_BYTES;
      this.#partLeft = length;
      this.#partIsLast = length < FULL_PACKET;
    }
  }

  #roomToJoin(count: number): Buffer {
    const joined = this.#joined as Buffer;
    const needed = this.#joinedBytes + count;
    if (needed <= joined.length) return joined;
    const size = this.#holdsEvents ? joined.readUInt32LE(SIZE_AT) + 1 : LARGEST_ROW_BYTES;
    if (needed > size) {
      const shown = joined.subarray(0, SIZE_KNOWN_BYTES);
      throw new DecodeError(`more than the ${size - 1} bytes of a packet`, shown, 0);
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(size, Math.max(needed, joined.length * 2)));
    joined.copy(grown, 0, 0, this.#joinedBytes);
    this.#joined = grown;
    return grown;
  }

  #handOverJoined(sink: PacketSink): Promise<void> | undefined {
    const joined = this.#joined as Buffer;
    const count = this.#joinedBytes;
    this.#joined = undefined;
    this.#joinedBytes = 0;
    return sink.packet(joined, 0, count);
  }

  /** The numbers wrap at 256; one that is missing means that bytes are. */
  #checkSequence(at: number): void {
    const found = this.#bytes[at + 3] as number;
    if (found !== this.#sequence) {
      const shown = this.#bytes.subarray(at, this.#end);
      throw new DecodeError(`packet ${found} instead of ${this.#sequence}`, shown, 3);
    }
    this.#sequence = (found + 1) & 0xff;
  }
}
