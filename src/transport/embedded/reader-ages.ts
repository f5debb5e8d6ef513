import type { Clock } from '../../foundation/clock.ts';

/**
 * How long snapshots have been open. The store knows which transaction a reader holds but not since
 * when; a reader seen twice with the same one has held it at least that long.
 */
export class ReaderAges {
  readonly #clock: Clock;
  #firstSeenMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Age of the oldest of `readers` ("process thread transaction") as far as it was seen. */
  oldestMs(readers: readonly string[]): number {
    const nowMs = this.#clock.monotonicMs();
    const seen = new Map(readers.map((reader) => [reader, this.#firstSeenMs.get(reader) ?? nowMs]));
    this.#firstSeenMs = seen;
    return nowMs - Math.min(nowMs, ...seen.values());
  }
}
