import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from '../../src/foundation/backoff.ts';

test('delays double up to the limit and begin anew after a reset', () => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
  const delays = Array.from({ length: 6 }, () => backoff.nextDelayMs());
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(backoff.attempt).toBe(6);
  backoff.reset();
  expect(backoff.attempt).toBe(0);
  expect(backoff.nextDelayMs()).toBe(100);
});

test('the jitter stays in the upper half, after any number of attempts', () => {
  const inputs = fc.record({
    initialMs: fc.integer({ min: 1, max: 10_000 }),
    factor: fc.integer({ min: 1, max: 1000 }),
    attempts: fc.integer({ min: 1, max: 2000 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(inputs, ({ initialMs, factor, attempts, random }) => {
      const maxMs = initialMs * factor;
      const backoff = new Backoff({ initialMs, maxMs, random: () => random });
      for (let attempt = 0; attempt < attempts; attempt++) {
        const ceiling = Math.min(maxMs, initialMs * 2 ** attempt);
        const delay = backoff.nextDelayMs();
        expect(delay).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
        expect(delay).toBeLessThanOrEqual(ceiling);
      }
    }),
    { numRuns: 50 },
  );
});
