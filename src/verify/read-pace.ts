import type { Clock } from '../foundation/clock.ts';

/** How much of a source is read at once, and how fast. */
export interface PaceOptions {
  readonly clock: Clock;
  /** Null: as fast as it goes. */
  readonly rowsPerSecond: number | null;
  /** When the source may be read; absent: always. */
  readonly hours?: { untilOpen(signal: AbortSignal): Promise<void> } | null;
}

/** A chunk is to be read and compared within this: no transaction of ours is open for long. */
const CHUNK_MS = 250;
const FIRST_ROWS = 1_000;
const MOST_ROWS = 10_000;
const FEWEST_ROWS = 50;

/** Sizes chunks by the time that they take, and keeps to a rate: the source's load is bounded. */
export class ReadPace {
  readonly #clock: Clock;
  readonly #rowsPerSecond: number | null;
  readonly #hours: PaceOptions['hours'];
  #rows: number;
  #sinceMs: number;

  constructor({ clock, rowsPerSecond, hours = null }: PaceOptions) {
    this.#hours = hours;
    this.#clock = clock;
    this.#rowsPerSecond = rowsPerSecond;
    this.#rows = this.#within(FIRST_ROWS);
    this.#sinceMs = clock.monotonicMs();
  }

  /** Of the next chunk. */
  get rows(): number {
    return this.#rows;
  }

  /** A chunk is done, `more` follow; resolves when the next one may begin. */
  async read(rows: number, more: boolean, signal: AbortSignal): Promise<void> {
    const tookMs = Math.max(1, this.#clock.monotonicMs() - this.#sinceMs);
    // A chunk that was not full says nothing of larger ones.
    if (rows >= this.#rows) {
      const fitting = (rows * CHUNK_MS) / tookMs;
      this.#rows = this.#within(Math.min(fitting, this.#rows * 2));
    } else if (more) {
      // There was room for so many only.
      this.#rows = Math.max(1, rows);
    }
    if (this.#rowsPerSecond !== null) {
      await this.#clock.sleep(Math.max(0, (rows * 1000) / this.#rowsPerSecond - tookMs), signal);
      signal.throwIfAborted();
    }
    if (more) await this.#hours?.untilOpen(signal);
    signal.throwIfAborted();
    this.#sinceMs = this.#clock.monotonicMs();
  }

  #within(rows: number): number {
    const most = Math.min(MOST_ROWS, this.#rowsPerSecond ?? MOST_ROWS);
    return Math.max(1, Math.floor(Math.min(most, Math.max(FEWEST_ROWS, rows))));
  }
}
