import fc from 'fast-check';
import { expect, test } from 'vitest';

import { LatencyHistogram } from '../../src/runtime/latency-histogram.ts';

test('a quantile is within a bucket of the exact one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, fraction) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.record(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(values.length * fraction) - 1] as number;
        const told = histogram.quantile(fraction) as number;
        expect(told).toBeGreaterThanOrEqual(exact * 0.94);
        expect(told).toBeLessThanOrEqual(exact * 1.06 + 0.1);
      },
    ),
  );
});

test('least, greatest and mean are exact, until it is cleared', () => {
  const histogram = new LatencyHistogram();
  for (const ms of [4, 0, 11]) histogram.record(ms);
  expect(histogram).toMatchObject({ minMs: 0, maxMs: 11, averageMs: 5, lastMs: 11 });
  histogram.clear();
  expect(histogram).toMatchObject({ minMs: null, maxMs: null, averageMs: null, lastMs: null });
});

test('an empty histogram has no quantile', () => {
  expect(new LatencyHistogram().quantile(0.99)).toBeNull();
});
