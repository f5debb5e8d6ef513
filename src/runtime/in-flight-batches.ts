import type { Clock } from '../foundation/clock.ts';

interface Waiting {
  /** Batches that must be done. */
  readonly upTo: number;
  readonly done: () => void;
}

/** Counts what was polled and is not yet applied; batches end in the order in which they began. */
export class InFlightBatches {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  readonly #over = new AbortController();
  #begun = 0;
  #ended = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#begun++;
  }

  /** The oldest ones are applied, or dropped. */
  end(count: number): void {
    this.#ended += count;
    for (const waiting of this.#waiting) {
      if (waiting.upTo <= this.#ended) waiting.done();
    }
  }

  /** Nothing more will be applied: whoever waits is told. */
  close(): void {
    this.#over.abort();
  }

  /** True when all that began before the call are done; false after `timeoutMs`, or when closed. */
  async drained(timeoutMs: number): Promise<boolean> {
    const upTo = this.#begun;
    if (this.#ended >= upTo) return true;
    const late = new AbortController();
    const all = Promise.withResolvers<void>();
    const waiting = { upTo, done: all.resolve };
    this.#waiting.add(waiting);
    const signal = AbortSignal.any([late.signal, this.#over.signal]);
    await Promise.race([all.promise, this.#clock.sleep(timeoutMs, signal)]);
    late.abort();
    this.#waiting.delete(waiting);
    return this.#ended >= upTo;
  }
}
