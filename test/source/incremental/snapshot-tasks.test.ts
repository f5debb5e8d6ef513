import type { TableTask } from '../../../src/source/incremental/snapshot-state.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SourceNotification } from '../../../src/model/source-notification.ts';
import type { TableId } from '../../../src/model/table-schema.ts';
import { rowKeyOf } from '../../../src/source/incremental/row-key.ts';
import {
  decodeSnapshotState,
  newTask,
  NO_SNAPSHOTS,
} from '../../../src/source/incremental/snapshot-state.ts';
import { SnapshotTasks } from '../../../src/source/incremental/snapshot-tasks.ts';

interface Table {
  readonly schema: { readonly id: TableId };
  readonly isKeyed: boolean;
}

const captured = (table: string, isKeyed = true): Table => ({
  schema: { id: { catalog: 'd', schema: 'public', table } },
  isKeyed,
});

const tables = [captured('a'), captured('b'), captured('k', false)];

function tasksFrom(state = NO_SNAPSHOTS) {
  const told: SourceNotification[] = [];
  const notes: string[] = [];
  const warnings: string[] = [];
  let changes = 0;
  const events = {
    changed: () => changes++,
    tablesChanged: () => undefined,
    notify: (notification: SourceNotification) => told.push(notification),
    note: (text: string) => notes.push(text),
    warn: (text: string) => warnings.push(text),
    offsetText: () => 'here',
  };
  const tasks = new SnapshotTasks<Table>(state, events, {
    isKeyed: ({ isKeyed }) => isKeyed,
    repairKeys: ({ schema: { id } }, { keys }) =>
      id.table === 'k' ? 'has no key' : { keyColumns: ['id'], keys: keys.map(rowKeyOf) },
    conditionProblem: (condition) => (condition.includes(';') ? 'has a semicolon' : null),
  });
  const send = (type: string, data: object = {}): void => {
    tasks.apply({ id: 's', type, data: JSON.stringify(data) }, tables);
  };
  return { tasks, told, notes, warnings, send, changes: () => changes };
}

test('a signal becomes tasks in the order of its names, and its end is told', () => {
  const { tasks, told, notes, warnings, send } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.b', 'public.(a|k)', 'public.x'] });
  expect(tasks.state.tasks.map(({ table, method }) => [table, method])).toEqual([
    ['b', 'keys'],
    ['a', 'keys'],
    ['k', 'whole'],
    ['x', 'keys'],
  ]);
  expect(warnings).toEqual(['the signal s names public.x, which is not captured']);
  send('execute-snapshot', { 'data-collections': ['public.b'] });
  expect(tasks.state.tasks).toHaveLength(4);
  for (let task = tasks.current(); task !== null; task = tasks.current()) {
    tasks.update(task, { rows: task.table === 'a' ? 5 : 0 });
    tasks.progressed(task, {});
    tasks.finish(task, task.table === 'x' ? 'UNKNOWN_SCHEMA' : 'SUCCEEDED');
  }
  expect(tasks.text).toBeNull();
  expect(notes).toEqual([
    'the incremental snapshot s of public.b, public.a, public.k, public.x begins',
    'the incremental snapshot s of public.b begins',
    'the incremental snapshot s of public.b is complete: 0 rows',
    'the incremental snapshot s of public.a is complete: 5 rows',
    'the incremental snapshot s of public.k is complete: 0 rows',
  ]);
  const types = told.map(({ type }) => type);
  expect(types.filter((type) => type !== 'IN_PROGRESS')).toEqual([
    'STARTED',
    'STARTED',
    'TABLE_SCAN_COMPLETED',
    'TABLE_SCAN_COMPLETED',
    'TABLE_SCAN_COMPLETED',
    'TABLE_SCAN_COMPLETED',
    'COMPLETED',
  ]);
  expect(told.filter(({ data }) => data['status']).map(({ data }) => data['status'])).toEqual([
    'EMPTY',
    'SUCCEEDED',
    'EMPTY',
    'UNKNOWN_SCHEMA',
  ]);
});

test('pause holds what signals asked for, never a first snapshot', () => {
  const initial = newTask({
    schema: 'public',
    table: 'z',
    purpose: 'initial',
    method: 'pages',
    snapshotId: 'first',
  });
  const { tasks, told, send } = tasksFrom({ ...NO_SNAPSHOTS, tasks: [initial] });
  expect(tasks.hasInitial()).toBe(true);
  send('pause-snapshot');
  expect(tasks.state.paused).toBe(false);
  send('execute-snapshot', { 'data-collections': ['public.a'] });
  send('pause-snapshot');
  expect(tasks.current()?.table).toBe('z');
  tasks.finish(initial, 'SUCCEEDED');
  expect(tasks.current()).toBeNull();
  send('resume-snapshot');
  expect(tasks.current()?.table).toBe('a');
  expect(told.map(({ type }) => type)).toContain('PAUSED');
  expect(told.at(-1)).toMatchObject({ aggregate: 'Incremental Snapshot', type: 'RESUMED' });
});

test('stop takes named tables or all, and a pause with the last', () => {
  const { tasks, told, send } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.a', 'public.b'] });
  send('pause-snapshot');
  send('stop-snapshot', { 'data-collections': ['public.a'] });
  expect(tasks.state.tasks.map(({ table }) => table)).toEqual(['b']);
  send('stop-snapshot');
  expect(tasks.text).toBeNull();
  expect(told.filter(({ type }) => type === 'ABORTED')).toHaveLength(2);
});

test('blocking requests wait in the state; log and nonsense are notes', () => {
  const { tasks, told, notes, warnings, send, changes } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.a'], type: 'blocking' });
  const [request] = tasks.state.blocking;
  expect(request?.collections).toEqual(['public.a']);
  expect(tasks.text).toContain('"blocking":[{');
  if (request !== undefined) tasks.blockingDone(request, true);
  expect(tasks.text).toBeNull();
  expect(changes()).toBe(2);
  send('log', { message: 'at {}' });
  send('nonsense');
  send('snapshot-window-close');
  expect(notes).toEqual(['at here']);
  const reason = 'there is no signal of type nonsense';
  expect(warnings).toEqual([`the signal s is ignored: ${reason}`]);
  expect(told).toEqual([
    { id: 's', aggregate: 'Signal', type: 'REJECTED', data: { signal_type: 'nonsense', reason } },
  ]);
});

test('what is told has the id of the signal and names what is still to be read', () => {
  const { tasks, told, send } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.a', 'public.b'] });
  send('pause-snapshot');
  send('resume-snapshot');
  const a = tasks.current();
  if (a === null) throw new Error('no task');
  tasks.progressed(a, { last_processed_key: '4', maximum_key: '9' });
  tasks.update(a, { rows: 4 });
  tasks.finish(a, 'SUCCEEDED');
  send('stop-snapshot');
  const both = { data_collections: 'public.a,public.b' };
  expect(told).toEqual(
    [
      ['STARTED', both],
      ['PAUSED', both],
      ['RESUMED', both],
      [
        'IN_PROGRESS',
        {
          ...both,
          current_collection_in_progress: 'public.a',
          last_processed_key: '4',
          maximum_key: '9',
        },
      ],
      [
        'TABLE_SCAN_COMPLETED',
        {
          ...both,
          scanned_collection: 'public.a',
          total_rows_scanned: '4',
          status: 'SUCCEEDED',
        },
      ],
      ['ABORTED', { data_collections: 'public.b' }],
    ].map(([type, data]) => ({ id: 's', aggregate: 'Incremental Snapshot', type, data })),
  );
});

test('of a first snapshot that goes on, a table is told when it begins, without its keys', () => {
  const left = newTask({
    schema: 'public',
    table: 'z',
    purpose: 'initial',
    method: 'keys',
    snapshotId: 'first',
  });
  const { tasks, told } = tasksFrom({ ...NO_SNAPSHOTS, tasks: [left] });
  tasks.progressed(left, { last_processed_key: '4' });
  tasks.progressed({ ...left, rows: 10 }, { last_processed_key: '9' });
  const data = { data_collections: 'public.z', current_collection_in_progress: 'public.z' };
  expect(told).toEqual([{ aggregate: 'Initial Snapshot', type: 'IN_PROGRESS', data }]);
});

test('no signal whatever throws; one that is not followed is told', () => {
  const types = ['execute-snapshot', 'stop-snapshot', 'pause-snapshot', 'log', 'x', ''];
  const names = fc.constantFrom('public.a', 'public.((', '', '.*', '"public"."b"');
  const data = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ 'data-collections': fc.array(names, { minLength: 1 }) }),
    fc.record({
      'data-collections': fc.oneof(fc.array(names), fc.anything()),
      type: fc.constantFrom('incremental', 'BLOCKING', 1, null),
      'additional-conditions': fc.oneof(
        fc.array(fc.record({ 'data-collection': names, filter: fc.string() })),
        fc.anything(),
      ),
      'surrogate-key': fc.anything(),
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...types), data)), (signals) => {
      const { tasks, told, warnings } = tasksFrom();
      for (const [i, [type, value]] of signals.entries()) {
        const text = typeof value === 'string' ? value : safeText(value);
        tasks.apply({ id: `s${i}`, type, data: text }, tables);
      }
      const rejected = told.filter(({ type }) => type === 'REJECTED');
      expect(warnings.filter((text) => text.includes('is ignored'))).toHaveLength(rejected.length);
      const known = tasks.state.tasks.map((t) => `${t.snapshotId} ${t.schema}.${t.table}`);
      expect(new Set(known).size).toBe(known.length);
    }),
  );
});

/** `fc.anything` has values that JSON cannot show. */
function safeText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'unshowable';
  }
}

test('a start tells that the first snapshot goes on, or that there is none', () => {
  const left = newTask({
    schema: 'public',
    table: 'z',
    purpose: 'initial',
    method: 'keys',
    snapshotId: 'first',
  });
  const types = (state: typeof NO_SNAPSHOTS, resumed: boolean): unknown[] => {
    const { tasks, told } = tasksFrom(state);
    tasks.begin(resumed);
    return told.map(({ aggregate, type }) => [aggregate, type]);
  };
  expect(types({ ...NO_SNAPSHOTS, tasks: [left] }, true)).toEqual([
    ['Initial Snapshot', 'STARTED'],
  ]);
  expect(types(NO_SNAPSHOTS, true)).toEqual([['Initial Snapshot', 'SKIPPED']]);
  expect(types(NO_SNAPSHOTS, false)).toEqual([]);
});

test('a table that is emptied can be neither stopped nor held, and goes first', () => {
  const task = (snapshotId: string, emptied: boolean): TableTask =>
    newTask(
      { schema: 'public', table: 'k', purpose: 'incremental', method: 'whole', snapshotId },
      { emptied },
    );
  const { tasks } = tasksFrom({ ...NO_SNAPSHOTS, tasks: [task('one', false), task('two', true)] });
  const signal = (type: string): void => tasks.apply({ id: 'x', type, data: '{}' }, []);
  signal('pause-snapshot');
  expect(tasks.current()?.snapshotId).toBe('two');
  signal('stop-snapshot');
  expect(tasks.state.tasks.map(({ snapshotId }) => snapshotId)).toEqual(['two']);
  const id = { catalog: 'd', schema: 'public', table: 'k' };
  tasks.add([task('three', false)]);
  expect(tasks.of(id)?.snapshotId).toBe('two');
  const request = { snapshotId: 'two', collections: [], conditions: [] };
  tasks.blockingDone(request, false);
  expect(tasks.of(id)?.snapshotId).toBe('two');
  tasks.blockingDone(request, true);
  expect(tasks.of(id)?.snapshotId).toBe('three');
});

test('a repair goes first, also while snapshots pause, and ends like one', () => {
  const { tasks, told, warnings, notes, send } = tasksFrom();
  const keys = { 'key-columns': ['id'], keys: [['7'], ['8'], ['7']] };
  send('execute-snapshot', { 'data-collections': ['public.b'] });
  send('pause-snapshot');
  expect(tasks.current()).toBeNull();
  send('repair-rows', { 'data-collection': 'public.x', ...keys });
  send('repair-rows', { 'data-collection': 'public.k', ...keys });
  expect(warnings).toEqual([
    'the signal s is ignored: public.x is not captured',
    'the signal s is ignored: public.k has no key',
  ]);
  expect(told.filter(({ type }) => type === 'REJECTED')).toHaveLength(2);
  send('repair-rows', { 'data-collection': 'public.a', ...keys });
  const task = tasks.current();
  expect(task).toMatchObject({
    table: 'a',
    reread: ['1:7', '1:8'],
    maxKey: [],
    repair: { keyColumns: ['id'], deleted: [] },
  });
  // It is in the offset, and a restart goes on with it.
  const again = tasksFrom(decodeSnapshotState(tasks.text));
  expect(again.tasks.current()).toEqual(task);
  if (task !== null) tasks.finish(task, 'SUCCEEDED');
  expect(told.at(-1)).toMatchObject({ id: 's', type: 'TABLE_SCAN_COMPLETED' });
  expect(notes.at(-1)).toBe('the repair s of public.a is complete: 0 rows');
});

test('rows of a table that is read for the first time are not repaired', () => {
  const first = newTask({
    schema: 'public',
    table: 'a',
    purpose: 'initial',
    method: 'keys',
    snapshotId: 'f',
  });
  const { tasks, warnings, send } = tasksFrom({ ...NO_SNAPSHOTS, tasks: [first] });
  send('repair-rows', { 'data-collection': 'public.a', 'key-columns': ['id'], keys: [['7']] });
  expect(tasks.state.tasks).toEqual([first]);
  expect(warnings).toEqual(['the signal s is ignored: public.a is still read for the first time']);
});

test('the end of a remembered task is kept until it is noted; given up it has none', () => {
  const of = (table: string, remembered: boolean) => {
    const id = { schema: 'public', table, snapshotId: `ddl-${table}` };
    return newTask({ ...id, purpose: 'incremental', method: 'keys' }, { remembered });
  };
  const all = [of('a', true), of('b', true), of('k', true), of('c', false)];
  const { tasks, send } = tasksFrom({ ...NO_SNAPSHOTS, tasks: all });
  const ends = ['SUCCEEDED', 'SQL_EXCEPTION'];
  for (const [i, status] of ends.entries()) tasks.finish(all[i] ?? of('a', true), status);
  // Whoever stops it does not want it to be read.
  send('stop-snapshot', { 'data-collections': ['public.k', 'public.c'] });
  expect(tasks.state).toMatchObject({ tasks: [], done: ['ddl-a', 'ddl-k'] });
  const again = tasksFrom(decodeSnapshotState(tasks.text));
  again.tasks.keepDone(new Set(['ddl-a', 'ddl-b']));
  expect(again.tasks.state.done).toEqual(['ddl-a']);
  again.tasks.keepDone(new Set());
  expect([again.tasks.text, again.changes()]).toEqual([null, 2]);
  again.tasks.keepDone(new Set());
  expect(again.changes()).toBe(2);
});
