import { expect, test } from 'vitest';
import type { Clock } from '../../../src/foundation/clock.ts';
import type { SnapshotPace } from '../../../src/source/snapshot/snapshot-pace.ts';
import { paceOf } from '../../../src/source/snapshot/snapshot-pace.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

/** Rows per second of this clock, for as many reads as given; each takes `readMs` by itself. */
async function measured(
  pace: (clock: Clock) => SnapshotPace | null,
  reads: readonly { rows: number; readMs: number }[],
): Promise<number> {
  const clock = new FakeClock();
  const sleeper: Clock = {
    nowMs: () => clock.nowMs(),
    nowMicros: () => clock.nowMicros(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    sleep: (delayMs) => {
      clock.advance(delayMs);
      return Promise.resolve();
    },
  };
  const made = pace(sleeper);
  const began = clock.monotonicMs();
  let rows = 0;
  for (const read of reads) {
    clock.advance(read.readMs);
    made?.count(read.rows);
    rows += read.rows;
    await made?.wait(signal);
  }
  return rows / ((clock.monotonicMs() - began) / 1000);
}

test.each([1, 50, 1000, 100_000])('%i rows a second, whatever comes at once', async (rate) => {
  const even = Array.from({ length: 400 }, () => ({ rows: 250, readMs: 0 }));
  const uneven = Array.from({ length: 400 }, (_, i) => ({
    rows: Math.ceil((rate * ((i % 7) + 1)) / 20),
    readMs: (i % 5) * 4,
  }));
  for (const reads of [even, uneven]) {
    const reached = await measured((clock) => paceOf(rate, clock), reads);
    expect(reached / rate).toBeGreaterThan(0.95);
    expect(reached / rate).toBeLessThan(1.05);
  }
});

test('what is slower by itself does not save up for later', async () => {
  const slow = Array.from({ length: 50 }, () => ({ rows: 10, readMs: 1000 }));
  const fast = Array.from({ length: 50 }, () => ({ rows: 1000, readMs: 0 }));
  const all = await measured((clock) => paceOf(1000, clock), [...slow, ...fast]);
  // 50 s for the slow ones, then 50 s for the others but for what may be made up.
  expect(all).toBeGreaterThan(500);
  expect(all).toBeLessThan(510);
});

test('an abort ends the pause; without a limit there is none', async () => {
  const clock = new FakeClock();
  const pace = paceOf(1, clock);
  const abort = new AbortController();
  pace?.count(1000);
  const pause = pace?.wait(abort.signal);
  expect(clock.pendingTimers).toBe(1);
  abort.abort();
  await pause;
  expect(clock.pendingTimers).toBe(0);
  expect(paceOf(0, clock)).toBeNull();
});
