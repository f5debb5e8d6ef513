import { expect, test } from 'vitest';
import { RecentCount } from '../../src/runtime/recent-count.ts';

test('what came within the last hour, and no longer', () => {
  const recent = new RecentCount(3_600_000);
  expect(recent.look(3, 0)).toBe(3);
  expect(recent.look(3, 1_800_000)).toBe(3);
  expect(recent.look(5, 1_801_000)).toBe(5);
  expect(recent.look(5, 3_700_000)).toBe(2);
  expect(recent.look(5, 5_600_000)).toBe(0);
});

test('looks each second for a day: the count of an hour stays right within a minute', () => {
  const recent = new RecentCount(3_600_000);
  let count = 0;
  for (let second = 0; second < 86_400; second++) count = recent.look(second, second * 1000);
  expect(count).toBeGreaterThanOrEqual(3600 - 60);
  expect(count).toBeLessThanOrEqual(3600 + 60);
});
