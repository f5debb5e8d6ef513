/** Delays in ms; `random` in [0, 1) makes the jitter. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly random?: () => number;
}

/**
 * Exponential delays with full jitter over the upper half. `reset` belongs to the first confirmed
 * work, not to a mere connect: a server that accepts and then drops us must not be hammered.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempt(): number {
    return this.#attempt;
  }

  nextDelayMs(): number {
    const { initialMs, maxMs, random = Math.random } = this.#options;
    const ceiling = Math.min(maxMs, initialMs * 2 ** this.#attempt);
    this.#attempt++;
    return Math.round(ceiling / 2 + (ceiling / 2) * random());
  }

  reset(): void {
    this.#attempt = 0;
  }
}
