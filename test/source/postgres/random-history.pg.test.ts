import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { playHistory, seededNumbers } from '../../support/random-history.ts';

/** RANDOM_HISTORY_SEED repeats one; `npm run test:soak -- random-history` plays many. */
const given = process.env['RANDOM_HISTORY_SEED'];
const seeds = given === undefined ? [1, 2, Math.floor(Date.now() / 1000)] : [Number(given)];

test.for(seeds)('streamed state = the database, history %i', async (seed) => {
  await using database = await freshDatabase();
  expect(await playHistory(database, seed, 120)).toEqual([]);
});

test.for(seeds)('with snapshots, restarts in them and an added table, history %i', async (seed) => {
  await using database = await freshDatabase();
  expect(await playHistory(database, seed, 80, true)).toEqual([]);
});

test('a seed repeats its numbers', () => {
  const [one, two] = [seededNumbers(5), seededNumbers(5)];
  const first = Array.from({ length: 50 }, () => one(1000));
  expect(Array.from({ length: 50 }, () => two(1000))).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(40);
});
