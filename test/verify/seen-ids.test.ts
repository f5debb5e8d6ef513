import { expect, test } from 'vitest';
import { SeenIds } from '../../src/verify/seen-ids.ts';

test('what was seen is known, and nothing else, however many there are', () => {
  const seen = new SeenIds();
  const count = 60_000;
  const before = process.memoryUsage().arrayBuffers;
  for (let id = 0; id < count; id++) seen.add(`order-${id}`);
  for (let id = 0; id < count; id += 2) seen.add(`order-${id}`);
  const bytes = process.memoryUsage().arrayBuffers - before;
  expect(bytes / count).toBeLessThan(40);
  let known = 0;
  let strange = 0;
  for (let id = 0; id < count; id++) {
    if (seen.has(`order-${id}`)) known++;
    if (seen.has(`line-${id}`)) strange++;
  }
  expect([known, strange]).toEqual([count, 0]);
});
