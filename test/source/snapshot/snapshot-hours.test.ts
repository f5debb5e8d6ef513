import { expect, test } from 'vitest';
import { parseDailyHours } from '../../../src/config/daily-hours.ts';
import { SnapshotHours } from '../../../src/source/snapshot/snapshot-hours.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** FakeClock begins on 2023-11-14 at 22:13:20 UTC. */
const hoursOf = (text: string, zone: string, clock: FakeClock): SnapshotHours =>
  new SnapshotHours(parseDailyHours(text) ?? [], zone, clock);

test.each([
  ['22:00-06:00', 'UTC', true],
  ['22:13-22:14', 'UTC', true],
  ['22:14-22:13', 'UTC', false],
  ['06:00-22:00', 'UTC', false],
  ['12:00-13:00, 22:00-24:00', 'UTC', true],
  ['23:00-24:00', 'Europe/Berlin', true],
  ['17:00-18:00', 'America/New_York', true],
  ['00:00-24:00', 'Asia/Kolkata', true],
])('%s in %s', (text, zone, open) => {
  expect(hoursOf(text, zone, new FakeClock()).isOpen).toBe(open);
});

test('it waits until the hours begin, in whatever pieces', async () => {
  const clock = new FakeClock();
  const hours = hoursOf('01:30-02:00', 'UTC', clock);
  const state = { open: false };
  const waiting = hours.untilOpen(new AbortController().signal).then(() => {
    state.open = true;
  });
  const sleptUntilOpen = async (): Promise<number> => {
    let slept = 0;
    while (!state.open && slept < 48 * 60) {
      clock.advance(30_000);
      slept += 0.5;
      await Promise.resolve();
      await Promise.resolve();
    }
    return slept;
  };
  const minutes = await sleptUntilOpen();
  await waiting;
  expect(minutes).toBeGreaterThan(196);
  expect(minutes).toBeLessThan(198);
  expect(hours.isOpen).toBe(true);
});

test('an abort ends the wait', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const waiting = hoursOf('01:30-02:00', 'UTC', clock).untilOpen(abort.signal);
  abort.abort();
  await waiting;
  expect(clock.pendingTimers).toBe(0);
});
