import { expect, test } from 'vitest';
import { BehindClock } from '../../src/runtime/behind-clock.ts';

const KEY = 'shop.public.orders/0';

test('it grows while nothing is applied, and ends when all is', () => {
  const clock = new BehindClock();
  const look = (offset: number, end: number, atMs: number): number | undefined =>
    clock.look([{ key: KEY, offset, end }], atMs).get(KEY);
  expect(look(10, 10, 0)).toBeUndefined();
  expect(look(10, 20, 1000)).toBe(0);
  expect(look(10, 20, 61_000)).toBe(60_000);
  expect(look(10, 30, 62_000)).toBe(61_000);
  expect(look(20, 30, 63_000)).toBe(1000);
  expect(look(30, 30, 64_000)).toBeUndefined();
});

test('of a steady delay it is right within a thirtieth, however long that is', () => {
  const clock = new BehindClock();
  const delayMs = 3_600_000;
  const found: number[] = [];
  for (let nowMs = 0; nowMs <= 4 * delayMs; nowMs += 1000) {
    const offset = Math.max(0, nowMs - delayMs);
    const ms = clock.look([{ key: KEY, offset, end: nowMs }], nowMs).get(KEY);
    if (nowMs > 2 * delayMs) found.push((ms ?? 0) / delayMs);
  }
  expect(Math.min(...found)).toBeGreaterThan(0.96);
  expect(Math.max(...found)).toBeLessThanOrEqual(1.001);
});

test('a partition that is gone is forgotten', () => {
  const clock = new BehindClock();
  clock.look([{ key: KEY, offset: 0, end: 5 }], 0);
  expect(clock.look([], 1000).size).toBe(0);
  expect(clock.look([{ key: KEY, offset: 0, end: 5 }], 2000).get(KEY)).toBe(0);
});
