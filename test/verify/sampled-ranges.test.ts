import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampledRanges } from '../../src/verify/sampled-ranges.ts';

test('so many rows as are wanted, in places that never meet and are all in the table', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.integer({ min: 1, max: 50_000 }),
      fc.nat(),
      (all, rows, seed) => {
        const ranges = sampledRanges(all, { amount: { rows }, seed });
        if (rows >= all) {
          expect(ranges).toBeNull();
          return;
        }
        let end = 0;
        let taken = 0;
        for (const range of ranges ?? []) {
          expect(range.skip).toBeGreaterThanOrEqual(0);
          expect(range.rows).toBeGreaterThan(0);
          end += range.skip + range.rows;
          taken += range.rows;
        }
        expect(taken).toBe(rows);
        expect(end).toBeLessThanOrEqual(all);
        expect(ranges?.length).toBeLessThanOrEqual(500);
      },
    ),
  );
});

test('a part of a table; all of one that is small, or of which nobody knows', () => {
  const part = { amount: { percent: 1 }, seed: 3 };
  const ranges = sampledRanges(1_000_000, part) ?? [];
  expect(ranges.reduce((sum, { rows }) => sum + rows, 0)).toBe(10_000);
  expect(ranges).toHaveLength(20);
  expect(sampledRanges(1_000_000, part)).toEqual(ranges);
  expect(sampledRanges(1_000_000, { ...part, seed: 4 })).not.toEqual(ranges);
  expect(sampledRanges(-1, part)).toBeNull();
  expect(sampledRanges(5, { amount: { rows: 5 }, seed: 3 })).toBeNull();
  expect(sampledRanges(5, { amount: { percent: 100 }, seed: 3 })).toBeNull();
});

test('each row is as likely as any other, but for those at the edges', () => {
  const times = new Map<number, number>();
  for (let seed = 0; seed < 4000; seed++) {
    let at = 0;
    for (const { skip, rows } of sampledRanges(100, { amount: { rows: 20 }, seed }) ?? []) {
      at += skip;
      for (let i = 0; i < rows; i++, at++) times.set(at, (times.get(at) ?? 0) + 1);
    }
  }
  const inside = Array.from({ length: 80 }, (_, i) => times.get(i + 10) ?? 0);
  // A fifth of 4,000, each.
  for (const count of inside) expect(Math.abs(count - 800)).toBeLessThan(160);
});
