import { TidemarkError } from './errors.ts';

/** Bytes from outside that do not follow their protocol; the only error a decoder throws. */
export class DecodeError extends TidemarkError {
  constructor(what: string, bytes: Buffer, at: number) {
    const shown = bytes.subarray(0, 64).toString('hex');
    super('DECODE', `${what} at byte ${at} of ${bytes.length}: ${shown}`);
    this.name = 'DecodeError';
  }
}

/**
 * A bounds-checked cursor. The check stands in one place (`advance`); a read past the end throws
 * DecodeError. `take` returns a view, not a copy: whoever keeps bytes past the frame copies them.
 */
export class ByteReader {
  bytes: Buffer;
  position: number;
  end: number;
  /** Where the frame began: an error shows the frame, not what else the buffer holds. */
  #start: number;

  constructor(bytes: Buffer = Buffer.alloc(0), start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#start = start;
  }

  /** Points the cursor at another frame, so that one reader serves a whole stream. */
  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#start = start;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  fail(what: string): never {
    const frame = this.bytes.subarray(this.#start, this.end);
    throw new DecodeError(what, frame, this.position - this.#start);
  }

  private advance(count: number): number {
    const at = this.position;
    if (count < 0 || count > this.end - at) this.fail(`${count} bytes wanted`);
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.bytes[this.advance(1)] as number;
  }

  u16be(): number {
    return this.bytes.readUInt16BE(this.advance(2));
  }

  i16be(): number {
    return this.bytes.readInt16BE(this.advance(2));
  }

  u32be(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }

  i32be(): number {
    return this.bytes.readInt32BE(this.advance(4));
  }

  i64be(): bigint {
    return this.bytes.readBigInt64BE(this.advance(8));
  }

  u64be(): bigint {
    return this.bytes.readBigUInt64BE(this.advance(8));
  }

  u16le(): number {
    return this.bytes.readUInt16LE(this.advance(2));
  }

  u24le(): number {
    return this.bytes.readUIntLE(this.advance(3), 3);
  }

  u32le(): number {
    return this.bytes.readUInt32LE(this.advance(4));
  }

  u48le(): number {
    return this.bytes.readUIntLE(this.advance(6), 6);
  }

  u64le(): bigint {
    return this.bytes.readBigUInt64LE(this.advance(8));
  }

  /** NUL-terminated UTF-8. */
  cstring(): string {
    const start = this.position;
    const nul = this.bytes.indexOf(0, start);
    if (nul < 0 || nul >= this.end) this.fail('unterminated string');
    this.position = nul + 1;
    return this.bytes.toString('utf8', start, nul);
  }

  take(count: number): Buffer {
    const at = this.advance(count);
    return this.bytes.subarray(at, at + count);
  }

  /** Moves over `count` bytes and returns where they start. */
  skip(count: number): number {
    return this.advance(count);
  }
}
