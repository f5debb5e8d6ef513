import { expect, test } from 'vitest';
import { Wakeup } from '../../src/transport/wakeup.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('wakes all that wait: at an event, in time, when aborted; no timer is left', async () => {
  const clock = new FakeClock();
  const wakeup = new Wakeup();
  const abort = new AbortController();
  const woken: string[] = [];
  const wait = async (name: string, delayMs: number, signal: AbortSignal): Promise<void> => {
    await wakeup.wait(clock, delayMs, signal);
    woken.push(name);
  };
  const never = new AbortController().signal;
  const all = [wait('aborted', 1000, abort.signal), wait('late', 50, never)];
  abort.abort();
  await all[0];
  clock.advance(50);
  await all[1];
  const both = [wait('a', 1000, never), wait('b', 1000, never)];
  wakeup.wake();
  await Promise.all(both);
  await wait('at once', 1000, abort.signal);
  expect(woken).toEqual(['aborted', 'late', 'a', 'b', 'at once']);
  expect(clock.pendingTimers).toBe(0);
});
