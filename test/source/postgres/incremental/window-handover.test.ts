import { expect, test } from 'vitest';
import type { ChangeReceiver, PostgresRowChange } from '../../../../src/model/change-event.ts';
import { lsn } from '../../../../src/model/lsn.ts';
import type { ReplicationPosition } from '../../../../src/source/postgres/stream/replication-position.ts';
import { handOver } from '../../../../src/source/postgres/incremental/window-handover.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { openWindow, taskList } from '../../../support/window-fixtures.ts';

const chunk = { kind: 'keys', order: ['id'], after: null, upTo: ['9'], limit: 3 } as const;

function run(
  prepare: (window: ReturnType<typeof openWindow>['window']) => void,
  initial = false,
): { readonly rows: readonly unknown[]; readonly handed: ReturnType<typeof handOver> } {
  const rows: unknown[] = [];
  const receiver = {
    row: ({ op, after, lsn: at, snapshot, transactionId }: PostgresRowChange) =>
      rows.push([op, after?.text(0), after?.text(1), at, snapshot, transactionId]),
  } as unknown as ChangeReceiver;
  const position = { previousCommitLsn: lsn(55n) } as ReplicationPosition;
  const { task } = taskList(initial ? { purpose: 'initial' } : {});
  const open = openWindow(task, chunk, ['1\ta', '2\tb\\\\', '3\t\\N']);
  prepare(open.window);
  const handed = handOver(open, task, { receiver, position, clock: new FakeClock() }, lsn(60n));
  return { rows, handed };
}

test('rows that did not change meanwhile are handed over behind the last commit', () => {
  const { rows, handed } = run((window) => window.row(120, '1:2', true));
  expect(rows).toEqual([
    ['r', '1', 'a', 55n, 'incremental', null],
    ['r', '3', null, 55n, 'incremental', null],
  ]);
  expect(handed).toEqual({ handed: 2, lastKey: ['3'], incomplete: [], gone: [] });
});

test('what changed without all values is named; a first snapshot is marked as such', () => {
  const { rows, handed } = run((window) => window.row(120, '1:3', false), true);
  expect(rows.map((row) => (row as unknown[])[4])).toEqual(['true', 'true']);
  expect(handed).toEqual({ handed: 2, lastKey: ['3'], incomplete: ['1:3'], gone: [] });
});

test('nothing of an emptied table, and no verdict where a key is unknown', () => {
  expect(run((window) => window.truncated(120))).toEqual({
    rows: [],
    handed: { handed: 0, lastKey: ['3'], incomplete: [], gone: [] },
  });
  expect(run((window) => window.row(120, null, true)).handed).toBeNull();
});

test('a repair tells of its keys what the read has not as deleted, once', () => {
  const told: unknown[] = [];
  const receiver = {
    row: ({ op, before, beforeIsKeyOnly, after, snapshot }: PostgresRowChange) =>
      told.push([op, before?.text(0), before?.text(1), beforeIsKeyOnly, after?.text(0), snapshot]),
  } as unknown as ChangeReceiver;
  const position = { previousCommitLsn: lsn(55n) } as ReplicationPosition;
  const repair = { keyColumns: ['id'], deleted: ['1:6'] };
  const { task } = taskList({ repair });
  const keys = ['1:2', '1:4', '1:5', '1:6'];
  const open = openWindow(task, { kind: 'reread', columns: ['id'], keys }, ['2\tb']);
  // The row is there again: the stream has told it.
  open.window.row(120, '1:5', true);
  const handed = handOver(open, task, { receiver, position, clock: new FakeClock() }, lsn(60n));
  expect(told).toEqual([
    ['r', undefined, undefined, false, '2', 'incremental'],
    ['d', '4', undefined, true, undefined, 'incremental'],
  ]);
  expect(handed).toEqual({ handed: 2, lastKey: ['2'], incomplete: [], gone: ['1:4'] });
});
