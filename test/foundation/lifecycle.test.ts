import { expect, test } from 'vitest';

import { Lifecycle } from '../../src/foundation/lifecycle.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('closes in reverse order, keeps going after a failure, and only once', async () => {
  const order: string[] = [];
  const lifecycle = new Lifecycle(new FakeClock());
  lifecycle.defer(() => {
    order.push('first opened');
  });
  lifecycle.defer(() => {
    order.push('second opened');
    throw new Error('cannot close');
  });
  await expect(lifecycle.dispose()).rejects.toThrow('cannot close');
  await expect(lifecycle.dispose()).rejects.toThrow('cannot close');
  expect(order).toEqual(['second opened', 'first opened']);
  expect(lifecycle.signal.aborted).toBe(true);
});

test('a repeating timer repeats, and none is left after the end', async () => {
  const clock = new FakeClock();
  const lifecycle = new Lifecycle(clock);
  let ticks = 0;
  lifecycle.every(10, () => {
    ticks++;
  });
  const cancelOther = lifecycle.every(10, () => {
    ticks += 100;
  });
  cancelOther();
  clock.advance(35);
  expect(ticks).toBe(3);
  await lifecycle.dispose();
  clock.advance(100);
  expect(ticks).toBe(3);
  expect(clock.pendingTimers).toBe(0);
});
