const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** So much of what came before tells a place of a file from the same place of another one. */
export const CONTEXT_BYTES = 64;

/**
 * Cuts bytes into lines, which end with `\n`, `\r\n` or `\r`. Positions are bytes from the
 * beginning of the input. Holds one line, or what is there of it, and what was last read.
 */
export class LineSplitter {
  /** The context, then what is not yet handed out. */
  #bytes: Buffer;
  /** Where the next line begins, and up to where it was looked for its end. */
  #next: number;
  #seen: number;
  /** Of the first of `#bytes` in the input. */
  #origin: number;

  /** Begins at a position; `before` are the bytes in front of it, as far as they are known. */
  constructor(position = 0, before: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(before);
    this.#next = before.length;
    this.#seen = before.length;
    this.#origin = position - before.length;
  }

  /** Behind the last line that was handed out. */
  get position(): number {
    return this.#origin + this.#next;
  }

  /** Behind all that was pushed. */
  get end(): number {
    return this.#origin + this.#bytes.length;
  }

  /** Bytes of a line whose end has not come yet. */
  get pending(): number {
    return this.#bytes.length - this.#next;
  }

  /** The last bytes that were pushed. */
  get lastBytes(): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#bytes.length - CONTEXT_BYTES));
  }

  /** The last bytes in front of `position`. */
  get context(): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#next - CONTEXT_BYTES), this.#next);
  }

  push(chunk: Buffer): void {
    const from = Math.max(0, this.#next - CONTEXT_BYTES);
    this.#bytes = Buffer.concat([this.#bytes.subarray(from), chunk]);
    this.#origin += from;
    this.#next -= from;
    this.#seen -= from;
  }

  /** The next whole line without its end, valid until the next `push`; null: none is there yet. */
  next(): Buffer | null {
    const bytes = this.#bytes;
    for (let at = this.#seen; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
      // It may be the first half of an end.
      if (byte === CARRIAGE_RETURN && at + 1 === bytes.length) {
        this.#seen = at;
        return null;
      }
      const isPair = byte === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED;
      return this.#take(at, at + (isPair ? 2 : 1));
    }
    this.#seen = bytes.length;
    return null;
  }

  /** The last line of an input that has ended, which may have no end; null: nothing is left. */
  rest(): Buffer | null {
    const { length } = this.#bytes;
    if (this.#next === length) return null;
    const hasReturn = this.#bytes[length - 1] === CARRIAGE_RETURN;
    return this.#take(hasReturn ? length - 1 : length, length);
  }

  #take(end: number, next: number): Buffer {
    const line = this.#bytes.subarray(this.#next, end);
    this.#next = next;
    this.#seen = next;
    return line;
  }
}
