import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';

test('the two wall clocks agree, and the monotonic one does not go back', () => {
  const before = Date.now();
  const micros = systemClock.nowMicros();
  // performance.timeOrigin is fixed at the start of the process: the two may drift apart a little.
  expect(Math.abs(Number(micros / 1000n) - before)).toBeLessThan(60_000);
  expect(Math.abs(systemClock.nowMs() - before)).toBeLessThan(60_000);
  const first = systemClock.monotonicMs();
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
});

test('a sleep ends with the time or with the signal, and never rejects', async () => {
  const stop = new AbortController();
  const start = systemClock.monotonicMs();
  await systemClock.sleep(5, stop.signal);
  // Timers are rounded down to whole milliseconds.
  expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(4);
  const long = systemClock.sleep(2 ** 30, stop.signal);
  stop.abort();
  await long;
  await systemClock.sleep(2 ** 30, stop.signal);
});

test('a timer calls back once, or not at all when it was cancelled', async () => {
  let calls = 0;
  const cancel = systemClock.after(0, () => calls++);
  cancel();
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => {
      calls += 10;
      resolve();
    });
  });
  expect(calls).toBe(10);
});
