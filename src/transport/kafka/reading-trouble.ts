import type { Clock } from '../../foundation/clock.ts';
import type { TidemarkError } from '../../foundation/errors.ts';

/**
 * What keeps a consumer from reading. Brokers restart and leaders move: what may pass by itself is
 * told only when it has gone on for longer than a request may take.
 */
export class ReadingTrouble {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Since when nothing can be read, monotonic ms. */
  #since: number | null = null;
  #failure: TidemarkError | null = null;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  note(error: TidemarkError, mayPass: boolean): void {
    const now = this.#clock.monotonicMs();
    this.#since ??= now;
    if (mayPass && now - this.#since <= this.#patienceMs) return;
    this.#since = null;
    this.#failure ??= error;
  }

  /** A broker has answered. */
  passed(): void {
    this.#since = null;
  }

  /** What has to be told since the last call, once. */
  take(): TidemarkError | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }
}
