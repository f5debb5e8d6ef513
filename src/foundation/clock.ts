import { performance } from 'node:perf_hooks';

/** Time comes in as a parameter, so that tests move it by hand. Only this file makes timers. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  nowMs(): number;
  /** Wall clock, µs since 1970. */
  nowMicros(): bigint;
  /** Monotonic, ms; for durations. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once when the signal aborts (it does not reject). */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Calls back once; the return value cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowMicros: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)),
  monotonicMs: () => performance.now(),
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal.addEventListener('abort', done, { once: true });
    });
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Lets go of long work for a moment: what has come in meanwhile is dealt with first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
