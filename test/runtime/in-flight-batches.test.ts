import { describe, expect, test } from 'vitest';
import { InFlightBatches } from '../../src/runtime/in-flight-batches.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('what was polled', () => {
  test('is waited for; what comes later is not', async () => {
    const batches = new InFlightBatches(new FakeClock());
    expect(await batches.drained(1000)).toBe(true);
    batches.begin();
    batches.begin();
    let isDrained: boolean | null = null;
    const waiting = batches.drained(1000).then((drained) => (isDrained = drained));
    batches.begin();
    batches.end(1);
    await Promise.resolve();
    expect(isDrained).toBeNull();
    batches.end(1);
    await waiting;
    expect(isDrained).toBe(true);
  });

  test('that takes too long is given up', async () => {
    const clock = new FakeClock();
    const batches = new InFlightBatches(clock);
    batches.begin();
    const waiting = batches.drained(1000);
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    clock.advance(1000);
    expect(await waiting).toBe(false);
  });

  test('is given up when the task ends, and so is what is asked afterwards', async () => {
    const clock = new FakeClock();
    const batches = new InFlightBatches(clock);
    batches.begin();
    const waiting = batches.drained(1000);
    batches.close();
    expect(await waiting).toBe(false);
    expect(await batches.drained(1000)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
