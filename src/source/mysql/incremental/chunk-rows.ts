import type { RowSink } from '../wire/result-wire.ts';

/** Rows of a chunk as the text protocol sent them, kept until the window closes. */
export class ChunkRows implements RowSink {
  readonly #maxBytes: number;
  readonly #ends: number[] = [];
  bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  /** The chunk had more rows than there was room for; those kept are its first. */
  cut = false;
  #used = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#ends.length;
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] as number);
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  data(bytes: Buffer, start: number, end: number): undefined {
    const length = end - start;
    // One row has to fit, however large it is.
    if (this.cut || (this.count > 0 && this.#used + length > this.#maxBytes)) {
      this.cut = true;
      return undefined;
    }
    if (this.#used + length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.#used + length));
      this.bytes.copy(grown, 0, 0, this.#used);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, this.#used, start, end);
    this.#used += length;
    this.#ends.push(this.#used);
    return undefined;
  }

  settle(): undefined {
    return undefined;
  }
}
