import type { ChunkRows } from './snapshot-rows.ts';

/** What the reader of a table does after rows were taken over. */
export interface FetchPace {
  /** snapshot.fetch.size; 0: as many as a buffer has. */
  readonly size: number;
  /** So many rows have been taken over since the last call. */
  settle(rows: number): Promise<void> | undefined;
}

/** Rows of a result on their way to the receiver: no more at once than a fetch has. */
export class FetchedRows {
  readonly #rows: ChunkRows;
  readonly #pace: FetchPace;
  readonly #size: number;
  #left: number;

  constructor(rows: ChunkRows, pace: FetchPace) {
    this.#rows = rows;
    this.#pace = pace;
    this.#size = pace.size > 0 ? pace.size : Number.MAX_SAFE_INTEGER;
    this.#left = this.#size;
  }

  data(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    this.#rows.row(bytes, start, end);
    return --this.#left > 0 ? undefined : this.settle();
  }

  settle(): Promise<void> | undefined {
    const rows = this.#size - this.#left;
    this.#left = this.#size;
    this.#rows.inputRead();
    return this.#pace.settle(rows);
  }
}
