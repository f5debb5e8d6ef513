import { expect, test } from 'vitest';
import { SnapshotWindow } from '../../../src/source/incremental/snapshot-window.ts';

/** Transactions below 110 but for one. */
const visibility = { sees: (id: number): boolean => id < 110 && id !== 105 };

test('only changes that the read did not see count against its rows', () => {
  const window = new SnapshotWindow<number>();
  window.row(101, 'seen', true);
  window.row(105, 'running', true);
  window.row(120, 'later', true);
  const verdict = window.judge(visibility);
  expect([...verdict.newer]).toEqual(['running', 'later']);
  expect([verdict.incomplete.size, verdict.emptied, verdict.unclear]).toEqual([0, false, false]);
});

test('a row that came without all values is read again, unless it came whole later', () => {
  const window = new SnapshotWindow<number>();
  window.row(120, 'a', false);
  window.row(121, 'b', false);
  window.row(122, 'b', true);
  window.row(101, 'c', false);
  expect([...window.judge(visibility).incomplete]).toEqual(['a']);
});

test('TRUNCATE after the read empties the chunk', () => {
  const window = new SnapshotWindow<number>();
  window.row(120, 'a', false);
  window.truncated(121);
  const verdict = window.judge(visibility);
  expect([verdict.emptied, verdict.incomplete.size]).toEqual([true, 0]);
  const earlier = new SnapshotWindow<number>();
  earlier.truncated(101);
  expect(earlier.judge(visibility).emptied).toBe(false);
});

test('a change of unknown key leaves all unclear', () => {
  const window = new SnapshotWindow<number>();
  window.row(120, null, true);
  expect(window.judge(visibility).unclear).toBe(true);
});
