import { expect, test } from 'vitest';
import {
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteMillis,
  infiniteNanos,
} from '../../dialects/infinite-times.ts';

test('what stands for infinity in each unit (golden t_time)', () => {
  const last = 2n ** 63n - 1n;
  expect(infiniteDays(2_147_483_647)).toBe('infinity');
  expect(infiniteDays(-2_147_483_648)).toBe('-infinity');
  expect(infiniteMicros(9_223_372_036_825_200_000n)).toBe('infinity');
  expect(infiniteMicros(-last - 1n)).toBe('-infinity');
  expect(infiniteMillis(9_223_372_036_825_200n)).toBe('infinity');
  expect(infiniteMillis(-9_223_372_036_832_400_000n)).toBe('-infinity');
  expect(infiniteNanos(last)).toBe('infinity');
  expect(infiniteIso('+294247-01-10T04:00:25.2Z')).toBe('infinity');
  expect(infiniteIso('-290308-12-21T19:59:27.6')).toBe('-infinity');
});

test('other values are times', () => {
  const units = [infiniteMicros, infiniteMillis, infiniteNanos];
  for (const unit of units) expect(unit(0n)).toBeUndefined();
  expect(infiniteDays(2_145_042_905)).toBeUndefined();
  expect(infiniteIso('2026-11-22T00:00:00Z')).toBeUndefined();
});
