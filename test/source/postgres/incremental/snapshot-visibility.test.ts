import { expect, test } from 'vitest';
import {
  RecentTransactions,
  SnapshotVisibility,
} from '../../../../src/source/postgres/incremental/snapshot-visibility.ts';

test('what is over before the snapshot is seen, what runs or comes later is not', () => {
  const visibility = new SnapshotVisibility('100:110:103,107', false);
  expect(visibility.xmin).toBe(100);
  expect([99, 100, 103, 105, 107, 109, 110, 200].map((id) => visibility.sees(id))).toEqual([
    true,
    true,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});

test('a standby does not list what runs: nothing between the bounds counts as seen', () => {
  const visibility = new SnapshotVisibility('100:110:', true);
  expect([99, 105, 110].map((id) => visibility.sees(id))).toEqual([true, false, false]);
});

test('32 bits of the stream are read as the nearest of 64 bits', () => {
  const epoch = 2 ** 32;
  const visibility = new SnapshotVisibility(`${epoch + 5}:${epoch + 10}:`, false);
  expect(visibility.sees(7)).toBe(true);
  expect(visibility.sees(12)).toBe(false);
  expect(visibility.sees(epoch - 20)).toBe(true);
  const before = new SnapshotVisibility(`${epoch - 3}:${epoch - 2}:`, false);
  expect(before.sees(4)).toBe(false);
});

test('what is not a snapshot is refused', () => {
  expect(() => new SnapshotVisibility('1:2', false)).toThrow('pg_current_snapshot() is 1:2');
});

test('recent transactions before a mark have to be seen, those after it need not', () => {
  const recent = new RecentTransactions();
  recent.add(99);
  const mark = recent.count;
  recent.add(103);
  const visibility = new SnapshotVisibility('100:110:103', false);
  expect(recent.allSeen(visibility, mark)).toBe(true);
  expect(recent.allSeen(visibility, recent.count)).toBe(false);
  for (let i = 0; i < 8192; i++) recent.add(50);
  expect(recent.allSeen(visibility, recent.count)).toBe(true);
});
