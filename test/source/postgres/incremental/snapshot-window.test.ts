import { expect, test } from 'vitest';
import {
  RecentTransactions,
  SnapshotVisibility,
} from '../../../../src/source/postgres/incremental/snapshot-visibility.ts';
import { SnapshotWindow } from '../../../../src/source/postgres/incremental/snapshot-window.ts';

const visibility = new SnapshotVisibility('100:110:105', false);

test('only changes that the read did not see count against its rows', () => {
  const window = new SnapshotWindow(new RecentTransactions());
  window.row(101, 'seen', true);
  window.row(105, 'running', true);
  window.row(120, 'later', true);
  const verdict = window.judge(visibility);
  expect([...verdict.newer]).toEqual(['running', 'later']);
  expect([verdict.incomplete.size, verdict.emptied, verdict.unclear]).toEqual([0, false, false]);
});

test('a row that came without all values is read again, unless it came whole later', () => {
  const window = new SnapshotWindow(new RecentTransactions());
  window.row(120, 'a', false);
  window.row(121, 'b', false);
  window.row(122, 'b', true);
  window.row(101, 'c', false);
  expect([...window.judge(visibility).incomplete]).toEqual(['a']);
});

test('TRUNCATE after the read empties the chunk', () => {
  const window = new SnapshotWindow(new RecentTransactions());
  window.row(120, 'a', false);
  window.truncated(121);
  const verdict = window.judge(visibility);
  expect([verdict.emptied, verdict.incomplete.size]).toEqual([true, 0]);
  const earlier = new SnapshotWindow(new RecentTransactions());
  earlier.truncated(101);
  expect(earlier.judge(visibility).emptied).toBe(false);
});

test('a change of unknown key leaves all unclear', () => {
  const window = new SnapshotWindow(new RecentTransactions());
  window.row(120, null, true);
  expect(window.judge(visibility).unclear).toBe(true);
});

test('a transaction that came before the window has to be in the read', () => {
  const recent = new RecentTransactions();
  recent.add(105);
  const window = new SnapshotWindow(recent);
  expect(window.covers(recent, visibility)).toBe(false);
  expect(window.covers(recent, new SnapshotVisibility('110:111:', false))).toBe(true);
});
