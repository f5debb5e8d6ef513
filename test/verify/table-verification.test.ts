import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { ReadPace } from '../../src/verify/read-pace.ts';
import type { Sample } from '../../src/verify/sampled-ranges.ts';
import type { TableVerdict } from '../../src/verify/table-verification.ts';
import { TableVerification } from '../../src/verify/table-verification.ts';
import type { KeyTexts, RowRepair } from '../../src/verify/verify-ports.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { KEYS, numberOf, text, World } from './changing-world.ts';

const { signal } = new AbortController();

function clockThatRuns(): FakeClock {
  const clock = new FakeClock();
  clock.sleep = async (delayMs) => {
    clock.advance(delayMs);
  };
  return clock;
}

function verify(
  world: World,
  repair: RowRepair | null = null,
  target = world.target,
  sample: Sample | null = null,
): Promise<TableVerdict> {
  const clock = clockThatRuns();
  const { source, log } = world;
  const pace = new ReadPace({ clock, rowsPerSecond: null });
  const parts = { source, target, log, repair, sample, pace, clock, waitMs: 60_000, shown: 10 };
  return new TableVerification({ ...parts, onProgress: () => undefined }).run(signal);
}

const TARGETS = ['target', 'index'] as const;

test.for(TARGETS)('finds what was damaged and nothing else, in 300 histories: %s', async (kind) => {
  for (let seed = 1; seed <= 300; seed++) {
    const world = new World(seed);
    const expected = new Map<number, string>();
    const damage = (key: number, value: number | null, kind: string): void => {
      if (world.below(2) === 0) return;
      world.damage.set(key, value);
      expected.set(key, kind);
    };
    // Nobody changes keys that end in 7; of them the source has none.
    damage(7, 1, 'surplus');
    damage(-3, 1, 'surplus');
    damage(KEYS + 7, 1, 'surplus');
    const verdict = await verify(world, null, world[kind]);
    const found = verdict.differences.map(({ kind, key }) => [numberOf(key), kind] as const);
    expect([seed, found.toSorted(([a], [b]) => a - b)]).toEqual([
      seed,
      [...expected].toSorted(([a], [b]) => a - b),
    ]);
  }
});

test('what no row can be is named at once; of what may be one nothing is said', async () => {
  const world = new World(1);
  world.busy = 0;
  for (const key of [-201, -101, -102]) world.damage.set(key, 1);
  const { differences, surplus, unsettled, readAgain } = await verify(world, null, world.index);
  expect(differences.map(({ key }) => key)).toEqual([['-201']]);
  expect({ surplus, unsettled, readAgain }).toEqual({ surplus: 1, unsettled: 2, readAgain: 0 });
});

test('rows missing and rows different are told apart, and counted beyond those shown', async () => {
  const world = new World(1);
  world.busy = 0;
  for (let key = 0; key < KEYS; key += 2) world.damage.set(key, key % 4 === 0 ? null : 1000);
  const verdict = await verify(world);
  const { missing, different, surplus, rows, readAgain } = verdict;
  expect({ missing, different, surplus, rows }).toEqual({
    missing: 15,
    different: 15,
    surplus: 0,
    rows: 30,
  });
  expect(verdict.differences).toHaveLength(10);
  expect(readAgain).toBe(60);
});

test('a sink that does not come nearer is an error, however much it was waited for', async () => {
  const world = new World(1);
  world.busy = 0;
  world.damage.set(0, null);
  const applied = async (): Promise<Map<number, number>> => new Map([[0, 1]]);
  const target = { ...world.target, applied };
  const clock = clockThatRuns();
  const pace = new ReadPace({ clock, rowsPerSecond: null });
  const { source, log } = world;
  const shared = { source, target, log, pace, clock, waitMs: 1000, shown: 1 };
  const parts = { ...shared, repair: null, sample: null };
  const running = new TableVerification({ ...parts, onProgress: () => undefined }).run(signal);
  await expect(running).rejects.toMatchObject({ code: 'VERIFY_BEHIND' });
});

test('what differs is told again and looked at once more, in 100 histories', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const world = new World(seed);
    for (const key of [7, 17, 27]) world.damage.set(key, 1);
    const asked: number[] = [];
    const verdict = await verify(world, {
      repair: async ({ name, keyColumns }, keys) => {
        expect([name, keyColumns]).toEqual(['public.t', ['id']]);
        for (const key of keys) {
          asked.push(numberOf(key));
          // One of them stays as it is.
          if (numberOf(key) !== 17) world.damage.delete(numberOf(key));
        }
        return null;
      },
    });
    const { surplus, repaired, differences, repairProblem } = verdict;
    expect([seed, asked.toSorted((a, b) => a - b)]).toEqual([seed, [7, 17, 27]]);
    expect({ surplus, repaired, repairProblem }).toEqual({
      surplus: 3,
      repaired: 2,
      repairProblem: null,
    });
    const became = new Map(differences.map((one) => [numberOf(one.key), one.repaired]));
    expect([7, 17, 27].map((key) => became.get(key))).toEqual([true, false, true]);
  }
});

test('a key that the source cannot name is not deleted, and a refusal is told', async () => {
  const world = new World(3);
  world.busy = 0;
  world.damage.set(-3, 1);
  world.damage.set(7, 1);
  const refused = new TidemarkError('VERIFY_REPAIR', 'no');
  const asked: KeyTexts[] = [];
  const verdict = await verify(world, {
    repair: async (_table, keys) => {
      asked.push(...keys);
      return refused;
    },
  });
  expect(asked).toEqual([text(7)]);
  expect(verdict).toMatchObject({ surplus: 2, repaired: 0, repairProblem: refused });
  expect(verdict.differences.map(({ repaired }) => repaired)).toEqual([false, false]);
});

test.for(TARGETS)('a sample finds some of what was damaged, and nothing else: %s', async (kind) => {
  const found = new Set<number>();
  for (let seed = 1; seed <= 300; seed++) {
    const world = new World(seed);
    for (const key of [7, 17, -3, KEYS + 7]) world.damage.set(key, 1);
    const sample = { amount: { percent: 40 }, seed };
    const verdict = await verify(world, null, world[kind], sample);
    const findsSurplus = kind === 'target';
    expect(verdict.sample).toEqual({ seed, ranges: 10, findsSurplus });
    expect(verdict.rows).toBeLessThanOrEqual(24);
    for (const { key } of verdict.differences) found.add(numberOf(key));
  }
  // What stands outside of all rows is between none of them.
  expect([...found].toSorted((a, b) => a - b)).toEqual(kind === 'target' ? [7, 17] : []);
});

test('of a quiet table any row may be in a sample; the same seed takes the same ones', async () => {
  const found = new Set<number>();
  for (let seed = 1; seed <= 100; seed++) {
    const world = new World(1);
    world.busy = 0;
    for (let key = 0; key < KEYS; key += 2) world.damage.set(key, null);
    const sample = { amount: { rows: 10 }, seed };
    const { differences } = await verify(world, null, world.target, sample);
    const again = await verify(world, null, world.target, sample);
    expect(again.differences).toEqual(differences);
    for (const { key } of differences) found.add(numberOf(key));
  }
  expect(found.size).toBe(KEYS / 2);
});
