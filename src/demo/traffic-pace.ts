import type { Clock } from '../foundation/clock.ts';

/** Longest wait between two looks at the rate and the signal. */
const MAX_WAIT_MS = 250;

/** What is done again and again, and how often. */
export interface PacedWork {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Per second; may change while it runs. */
  readonly rate: () => number;
  readonly step: () => Promise<void>;
}

/** Works until the signal aborts. The last step is finished, never cut. */
export async function workAtPace({ clock, signal, rate, step }: PacedWork): Promise<void> {
  let dueMs = clock.monotonicMs();
  while (!signal.aborted) {
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > 0) {
      await clock.sleep(Math.min(waitMs, MAX_WAIT_MS), signal);
      continue;
    }
    await step();
    // After a stall the missed steps are not made up for in one burst.
    dueMs = Math.max(dueMs, clock.monotonicMs() - 1000) + 1000 / rate();
  }
}
