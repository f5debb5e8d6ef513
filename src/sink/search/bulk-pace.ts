/** Bulks that take longer have nothing from being larger. */
const SLOW_MS = 1_000;
const SMALLEST = 64 * 1024;
const STEP = 256 * 1024;
const FIRST = 1024 * 1024;

/**
 * How many bytes a bulk has: a little more each time as long as the server answers quickly, half
 * of it when it is slow or has had too much. The server's own limits are found that way, too
 * (`http.max_content_length`).
 */
export class BulkPace {
  readonly #max: number;
  #bytes: number;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
    this.#bytes = Math.min(maxBytes, FIRST);
  }

  /** What the next bulk may have; a document that is larger goes alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One was taken. Only one that was full says that more could be. */
  taken(bytes: number, elapsedMs: number): void {
    if (elapsedMs > SLOW_MS) this.refused();
    else if (bytes >= this.#bytes - STEP) this.#bytes = Math.min(this.#max, this.#bytes + STEP);
  }

  /** The server had too much, of the body or of the work. */
  refused(): void {
    this.#bytes = Math.max(Math.min(SMALLEST, this.#max), Math.floor(this.#bytes / 2));
  }
}
