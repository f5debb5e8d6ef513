import { expect, test } from 'vitest';
import { parseDailyHours } from '../../../src/config/daily-hours.ts';
import { SnapshotThrottle } from '../../../src/source/snapshot/snapshot-throttle.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();

test('without limits nothing waits', async () => {
  const throttle = new SnapshotThrottle(
    { window: null, rowsPerSecond: 0 },
    new FakeClock(),
    () => undefined,
  );
  throttle.count(1_000_000);
  expect(await throttle.waited(signal)).toBe(false);
  expect(throttle.atOnce(8192)).toBe(8192);
});

test('a rate bounds what is read at once, and makes the next read wait', async () => {
  const clock = new FakeClock();
  const throttle = new SnapshotThrottle(
    { window: null, rowsPerSecond: 100 },
    clock,
    () => undefined,
  );
  expect(throttle.atOnce(8192)).toBe(100);
  throttle.count(100);
  const waited = throttle.waited(signal);
  expect(clock.pendingTimers).toBe(1);
  clock.advance(1000);
  expect(await waited).toBe(true);
  expect(await throttle.waited(signal)).toBe(false);
});

test('outside of its hours it says so and waits', async () => {
  const notes: string[] = [];
  const clock = new FakeClock();
  const hours = parseDailyHours('22:14-23:00') ?? [];
  const throttle = new SnapshotThrottle(
    { window: { hours, timeZone: 'UTC' }, rowsPerSecond: 0 },
    clock,
    (text) => notes.push(text),
  );
  const waited = throttle.waited(signal);
  clock.advance(30_000);
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(30_000);
  expect(await waited).toBe(true);
  expect(notes).toEqual(['tables are read on when snapshot.window begins']);
  expect(await throttle.waited(signal)).toBe(false);
});
