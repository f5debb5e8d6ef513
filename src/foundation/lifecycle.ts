import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/**
 * Owns what one component opened: an abort signal, timers, disposables. Invariant: after `dispose`
 * no timer fires and everything opened is closed, in reverse order, even when one close fails.
 */
export class Lifecycle implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #timers = new Set<() => void>();
  readonly #disposals: (() => Promise<void> | void)[] = [];
  readonly clock: Clock;
  #disposed: Promise<void> | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts the signal; what is open stays open until `dispose`. */
  stop(reason?: unknown): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(reason);
  }

  /** Registers a close; closes run in reverse order of registration. */
  defer(close: () => Promise<void> | void): void {
    this.#disposals.push(close);
  }

  /** A repeating timer that ends with this lifecycle. The callback must not throw. */
  every(intervalMs: number, callback: () => void): () => void {
    let cancel = (): void => undefined;
    const arm = (): void => {
      cancel = this.clock.after(intervalMs, () => {
        this.#timers.delete(stop);
        if (this.#controller.signal.aborted) return;
        callback();
        arm();
        this.#timers.add(stop);
      });
    };
    const stop = (): void => {
      cancel();
    };
    arm();
    this.#timers.add(stop);
    return () => {
      stop();
      this.#timers.delete(stop);
    };
  }

  async dispose(): Promise<void> {
    this.#disposed ??= this.#close();
    await this.#disposed;
  }

  async #close(): Promise<void> {
    this.stop();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const failures: unknown[] = [];
    for (const close of this.#disposals.toReversed()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'closing failed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
