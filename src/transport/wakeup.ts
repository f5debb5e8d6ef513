import type { Clock } from '../foundation/clock.ts';

/** Lets many wait for the next event without polling. */
export class Wakeup {
  readonly #waiting = new Set<() => void>();

  wake(): void {
    for (const resume of this.#waiting) resume();
  }

  /** Resolves at the next `wake`, after `delayMs`, or when the signal aborts. */
  wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        cancel();
        resolve();
      };
      const cancel = clock.after(delayMs, resume);
      this.#waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  }
}
