import type { Clock } from '../../foundation/clock.ts';

/** Shorter pauses are left for the next time. */
const LEAST_PAUSE_MS = 5;
/** What may be made up for after reading was slower than the limit. */
const MADE_UP_MS = 200;

/**
 * Keeps reading to a number of rows per second, over all connections together. Rows are counted as
 * they come, and whoever has read them waits before it reads on.
 */
export class SnapshotPace {
  readonly #msPerRow: number;
  readonly #clock: Clock;
  #rows = 0;
  #dueMs: number | null = null;

  constructor(rowsPerSecond: number, clock: Clock) {
    this.#msPerRow = 1000 / rowsPerSecond;
    this.#clock = clock;
  }

  count(rows: number): void {
    this.#rows += rows;
  }

  /** Undefined: no need to wait. */
  wait(signal: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.monotonicMs();
    const from = Math.max(this.#dueMs ?? now, now - MADE_UP_MS);
    this.#dueMs = from + this.#rows * this.#msPerRow;
    this.#rows = 0;
    const pauseMs = this.#dueMs - now;
    return pauseMs < LEAST_PAUSE_MS ? undefined : this.#clock.sleep(pauseMs, signal);
  }
}

/** Null: as fast as it goes. */
export function paceOf(rowsPerSecond: number, clock: Clock): SnapshotPace | null {
  return rowsPerSecond > 0 ? new SnapshotPace(rowsPerSecond, clock) : null;
}
