const LINE_FEED = 0x0a;
const FIRST_BYTES = 256 * 1024;
/** What a body that is filled again may keep. */
const KEPT_BYTES = 2 * 1024 * 1024;

/** Lines of a `_bulk` request, written behind each other; each action can be sent once more. */
export class BulkBody {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** Where each action begins. */
  #starts: number[] = [];

  get bytes(): number {
    return this.#length;
  }

  get actions(): number {
    return this.#starts.length;
  }

  /** The line of an action, and that of its document where it has one. */
  add(action: string, document: string | null): void {
    this.#starts.push(this.#length);
    this.#line(action);
    if (document !== null) this.#line(document);
  }

  /** Itself without actions, with what memory it has, up to a limit. */
  emptied(): this {
    this.#length = 0;
    this.#starts = [];
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES);
    return this;
  }

  /** The bytes of some actions, in ascending order; neighbours are one piece. */
  parts(actions: readonly number[]): readonly Buffer[] {
    const parts: Buffer[] = [];
    for (let i = 0; i < actions.length;) {
      const first = actions[i] as number;
      let last = first;
      i++;
      while (actions[i] === last + 1) {
        last++;
        i++;
      }
      const from = this.#starts[first] as number;
      parts.push(this.#buffer.subarray(from, this.#starts[last + 1] ?? this.#length));
    }
    return parts;
  }

  #line(text: string): void {
    // Three bytes of UTF-8 are the most that a unit of a string becomes.
    const room = this.#length + text.length * 3 + 1;
    if (room > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(room, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#length += this.#buffer.write(text, this.#length);
    this.#buffer[this.#length++] = LINE_FEED;
  }
}
