import type { Clock } from '../../src/foundation/clock.ts';
import { systemClock } from '../../src/foundation/clock.ts';

/**
 * The system's clock, but for sleeps of the given length: they end when the test steps over them,
 * or at once with `skip`, and then the clock shows that much later. So hours pass beside a server.
 */
export class SteppedClock implements Clock {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #skip: boolean;
  readonly #wakers = new Set<() => void>();
  #aheadMs = 0;
  #skippedMs = 0;

  constructor(fromMs: number, toMs: number, mode: 'step' | 'skip' = 'step') {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#skip = mode === 'skip';
  }

  /** Who sleeps until the next step. */
  get sleepers(): number {
    return this.#wakers.size;
  }

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs + this.#skippedMs;
  }

  nowMicros(): bigint {
    return systemClock.nowMicros() + BigInt(Math.round((this.#aheadMs + this.#skippedMs) * 1000));
  }

  /** Not by steps: a connection is not silent because somebody set the clock. */
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#skippedMs;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (delayMs < this.#fromMs || delayMs > this.#toMs || signal.aborted) {
      await systemClock.sleep(delayMs, signal);
    } else if (this.#skip) {
      this.#skippedMs += delayMs;
    } else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakers.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      this.#wakers.delete(resolve);
    }
  }

  after(delayMs: number, callback: () => void): () => void {
    return systemClock.after(delayMs, callback);
  }

  step(byMs: number): void {
    this.#aheadMs += byMs;
    for (const wake of this.#wakers) wake();
  }
}
