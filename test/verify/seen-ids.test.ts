import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SeenIds } from '../../src/verify/seen-ids.ts';
import { eventually } from '../support/eventually.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('what was seen is known, and nothing else, however many there are', async () => {
  const seen = new SeenIds();
  const count = 60_000;
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let id = 0; id < count; id++) seen.add(`order-${id}`);
  for (let id = 0; id < count; id += 2) seen.add(`order-${id}`);
  // Digests and outgrown tables are garbage, which other tests of this process may add to.
  await eventually(() => {
    collect();
    const bytes = process.memoryUsage().arrayBuffers - before;
    expect(bytes / count).toBeLessThan(25);
  });
  let known = 0;
  let strange = 0;
  for (let id = 0; id < count; id++) {
    if (seen.has(`order-${id}`)) known++;
    if (seen.has(`line-${id}`)) strange++;
  }
  expect([known, strange]).toEqual([count, 0]);
});
