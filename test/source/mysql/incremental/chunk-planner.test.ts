import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import type { TableTask } from '../../../../src/source/incremental/snapshot-state.ts';
import { newTask, NO_SNAPSHOTS } from '../../../../src/source/incremental/snapshot-state.ts';
import { SnapshotTasks } from '../../../../src/source/incremental/snapshot-tasks.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { OpenWindow } from '../../../../src/source/mysql/incremental/chunk-handover.ts';
import { ChunkPlanner } from '../../../../src/source/mysql/incremental/chunk-planner.ts';
import { ChunkRows } from '../../../../src/source/mysql/incremental/chunk-rows.ts';
import { GroupVisibility } from '../../../../src/source/mysql/incremental/group-visibility.ts';
import { MYSQL_SIGNALS } from '../../../../src/source/mysql/incremental/mysql-signals.ts';
import type { TableReading } from '../../../../src/source/mysql/incremental/table-reading.ts';
import { tableReading } from '../../../../src/source/mysql/incremental/table-reading.ts';
import type { ResultWire } from '../../../../src/source/mysql/wire/result-wire.ts';
import { knownOf } from '../../../support/known-table.ts';

const { signal } = new AbortController();
const known = knownOf('CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL)');
const OVERRIDE = { table: 'd.t', statement: 'SELECT * FROM d.t WHERE n > 1' };

/** A planner whose server says that the last key is `maxKey`. */
function planner(more: Partial<TableTask>, maxKey: readonly string[] = ['9']) {
  const base = { schema: 'd', table: 't', purpose: 'incremental', method: 'keys' } as const;
  const task = newTask({ ...base, snapshotId: 's' }, more);
  const ended: string[] = [];
  const events = {
    changed: () => undefined,
    tablesChanged: () => undefined,
    notify: ({ type, data }: { type: string; data: Readonly<Record<string, string>> }) => {
      if (type === 'TABLE_SCAN_COMPLETED') ended.push(data['status'] ?? '');
    },
    note: () => undefined,
    warn: () => undefined,
    offsetText: () => '',
  };
  const tasks = new SnapshotTasks({ ...NO_SNAPSHOTS, tasks: [task] }, events, MYSQL_SIGNALS);
  const asked: string[] = [];
  const wire = {
    query: (sql: string) => {
      asked.push(sql);
      return Promise.resolve({ columns: [], rows: maxKey.length === 0 ? [] : [maxKey] });
    },
  } as unknown as ResultWire;
  const reader = { wire: () => Promise.resolve(wire) };
  const options = { ...DEFAULT_SNAPSHOT_OPTIONS, chunkSize: 4, overrides: [OVERRIDE] };
  const environment = { clock: systemClock, note: () => undefined };
  const plans = new ChunkPlanner(options, tasks, reader, environment);
  const latest = (): TableTask => tasks.latest(task) ?? task;
  return { plans, tasks, task, latest, asked, ended };
}

function reading(task: TableTask): TableReading {
  const found = tableReading(task, known);
  if (found === null) throw new Error('no key');
  return found;
}

function windowOf(task: TableTask, chunk: OpenWindow['chunk'], count: number): OpenWindow {
  const rows = new ChunkRows(1e6);
  for (let i = 0; i < count; i++) rows.data(Buffer.from([1, 49]), 0, 2);
  const place = { file: 'b.1', pos: 4 };
  return {
    task,
    reading: reading(task),
    chunk,
    window: { judge: () => undefined } as unknown as OpenWindow['window'],
    passed: place,
    done: null,
    read: { visibility: new GroupVisibility(place, null), until: place, rows },
    disturbed: false,
  };
}

test('chunk follows chunk up to the last key, and then the table is complete', async () => {
  const { plans, task, latest, asked, ended } = planner({});
  const first = await plans.next(task, reading(task), signal);
  expect(first).toEqual({ kind: 'keys', after: null, upTo: ['9'], limit: 4 });
  const rows = { handed: 3, lastKey: ['4'], incomplete: [], gone: [] };
  plans.handedOver(windowOf(task, first as OpenWindow['chunk'], 4), latest(), rows);
  const second = await plans.next(latest(), reading(task), signal);
  expect(second).toMatchObject({ after: ['4'] });
  expect(asked).toHaveLength(1);
  plans.handedOver(windowOf(task, second as OpenWindow['chunk'], 2), latest(), {
    ...rows,
    lastKey: ['8'],
  });
  expect(ended).toEqual(['SUCCEEDED']);
});

test('an empty table has no chunk', async () => {
  const { plans, task } = planner({}, []);
  expect(await plans.next(task, reading(task), signal)).toBeNull();
});

test('a table that got another key is read from its beginning', async () => {
  const old = { lastKey: ['x', 'y'], maxKey: ['z', 'z'], orderedBy: ['a', 'b'] };
  const { plans, task, latest, asked } = planner(old);
  expect(await plans.next(task, reading(task), signal)).toMatchObject({ after: null, upTo: ['9'] });
  expect(asked).toHaveLength(1);
  expect(latest()).toMatchObject({ orderedBy: ['id'], maxKey: ['9'], lastKey: null });
});

test('incomplete rows are read again when there are many, or at the end', async () => {
  const reread = Array.from({ length: 200 }, (_, i) => `3:${100 + i}`);
  const many = planner({ reread });
  expect(await many.plans.next(many.task, reading(many.task), signal)).toEqual({
    kind: 'reread',
    keys: reread,
  });
  const few = planner({ reread: ['1:5'], lastKey: ['9'], maxKey: ['9'], orderedBy: ['id'] });
  const chunk = await few.plans.next(few.task, reading(few.task), signal);
  expect(chunk).toEqual({ kind: 'reread', keys: ['1:5'] });
  const rows = { handed: 1, lastKey: ['5'], incomplete: ['1:6'], gone: [] };
  few.plans.handedOver(windowOf(few.task, chunk as OpenWindow['chunk'], 1), few.latest(), rows);
  expect(few.latest().reread).toEqual(['1:6']);
  expect(few.ended).toEqual([]);
});

test('a first snapshot has the SELECT of the user, an incremental one its condition', () => {
  const { plans, task } = planner({ condition: 'n > 5' });
  expect(plans.filter(task)).toEqual({ condition: 'n > 5', statement: null });
  expect(plans.filter({ ...task, purpose: 'initial', condition: null })).toEqual({
    condition: null,
    statement: OVERRIDE.statement,
  });
});
