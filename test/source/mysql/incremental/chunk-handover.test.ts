import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { ChangeReceiver, RowChange } from '../../../../src/model/change-event.ts';
import { newTask } from '../../../../src/source/incremental/snapshot-state.ts';
import { SnapshotWindow } from '../../../../src/source/incremental/snapshot-window.ts';
import type { OpenWindow } from '../../../../src/source/mysql/incremental/chunk-handover.ts';
import { handOver } from '../../../../src/source/mysql/incremental/chunk-handover.ts';
import { ChunkRows } from '../../../../src/source/mysql/incremental/chunk-rows.ts';
import type { GroupPlace } from '../../../../src/source/mysql/incremental/group-visibility.ts';
import { GroupVisibility } from '../../../../src/source/mysql/incremental/group-visibility.ts';
import { tableReading } from '../../../../src/source/mysql/incremental/table-reading.ts';
import { knownOf } from '../../../support/known-table.ts';

const TASK = newTask({
  schema: 'd',
  table: 't',
  purpose: 'incremental',
  method: 'keys',
  snapshotId: 's',
});
const AT = { file: 'b.000001', pos: 900 };
const known = knownOf('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))');
const group = (pos: number): GroupPlace => ({ ...AT, pos, gtid: null, isOutcome: false });

function windowOf(ids: readonly string[]): OpenWindow {
  const reading = tableReading(TASK, known);
  if (reading === null) throw new Error('no key');
  const rows = new ChunkRows(1e6);
  for (const id of ids) {
    const row = Buffer.concat([id, 'v', id].map((v) => Buffer.from(` ${v}`, 'latin1')));
    for (let at = 0; at < row.length; at++) if (row[at] === 0x20) row[at] = 1;
    rows.data(row, 0, row.length);
  }
  const visibility = new GroupVisibility({ ...AT, pos: 500 }, null);
  return {
    task: TASK,
    reading,
    chunk: { kind: 'keys', after: null, upTo: ['9'], limit: 10 },
    window: new SnapshotWindow(),
    passed: { ...AT, pos: 400 },
    done: null,
    read: { visibility, until: AT, rows },
    disturbed: false,
  };
}

function handed(open: OpenWindow): { told: string[]; left: ReturnType<typeof handOver> } {
  const told: string[] = [];
  const receiver = {
    row: ({ op, after, snapshot }: RowChange) =>
      told.push(`${op} ${after?.text(0)} ${after?.count} ${snapshot}`),
  } as unknown as ChangeReceiver;
  const left = handOver(open, TASK, { receiver, clock: systemClock, at: AT });
  return { told, left };
}

test('rows that the stream has brought in a newer version stay behind', () => {
  const open = windowOf(['1', '2', '3']);
  open.window.row(group(450), '1:1', true);
  open.window.row(group(600), '1:2', true);
  open.window.row(group(610), '1:7', false);
  const { told, left } = handed(open);
  expect(told).toEqual(['r 1 2 incremental', 'r 3 2 incremental']);
  expect(left).toEqual({ handed: 2, lastKey: ['3'], incomplete: ['1:7'], gone: [] });
});

test('nothing can be told of a chunk when a row of unknown key changed, or all went', () => {
  const unclear = windowOf(['1']);
  unclear.window.row(group(600), null, true);
  expect(handed(unclear)).toEqual({ told: [], left: null });
  const emptied = windowOf(['1']);
  emptied.window.truncated(group(600));
  expect(handed(emptied)).toEqual({ told: [], left: null });
});

test('a repair tells of its keys what the read has not as deleted, and names them', () => {
  const open = { ...windowOf(['2']), chunk: { kind: 'reread', keys: ['1:2', '1:4'] } } as const;
  const task = { ...TASK, repair: { keyColumns: ['id'], deleted: [] } };
  const told: string[] = [];
  const receiver = {
    row: ({ op, before, after }: RowChange) =>
      told.push(`${op} ${before?.text(0)} ${before?.text(1)} ${after?.text(0)}`),
  } as unknown as ChangeReceiver;
  const left = handOver(open, task, { receiver, clock: systemClock, at: AT });
  expect(told).toEqual(['r undefined undefined 2', 'd 4 undefined undefined']);
  expect(left).toMatchObject({ handed: 2, gone: ['1:4'] });
});
