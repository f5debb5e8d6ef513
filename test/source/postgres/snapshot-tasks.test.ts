import { expect, test } from 'vitest';
import type { SourceNotification } from '../../../src/model/source-notification.ts';
import type { CapturedTable } from '../../../src/source/postgres/captured-tables.ts';
import { newTask, NO_SNAPSHOTS } from '../../../src/source/postgres/snapshot-state.ts';
import { SnapshotTasks } from '../../../src/source/postgres/snapshot-tasks.ts';

function captured(name: string, keyed = true): CapturedTable {
  const uniqueIndexes = keyed ? [{ columns: [1], primary: true, immediate: true }] : [];
  return {
    info: { columns: [{ number: 1, name: 'id', notNull: true }], uniqueIndexes },
    schema: { id: { catalog: 'd', schema: 'public', table: name } },
  } as unknown as CapturedTable;
}

const tables = [captured('a'), captured('b'), captured('k', false)];

function tasksFrom(state = NO_SNAPSHOTS) {
  const told: SourceNotification[] = [];
  const notes: string[] = [];
  let changes = 0;
  const tasks = new SnapshotTasks(state, {
    changed: () => changes++,
    tablesChanged: () => undefined,
    notify: (notification) => told.push(notification),
    note: (text) => notes.push(text),
    offsetText: () => 'here',
  });
  const send = (type: string, data: object = {}): void => {
    tasks.apply({ id: 's', type, data: JSON.stringify(data) }, tables);
  };
  return { tasks, told, notes, send, changes: () => changes };
}

test('a signal becomes tasks in the order of its names, and its end is told', () => {
  const { tasks, told, notes, send } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.b', 'public.(a|k)', 'public.x'] });
  expect(tasks.state.tasks.map(({ table, method }) => [table, method])).toEqual([
    ['b', 'keys'],
    ['a', 'keys'],
    ['k', 'whole'],
  ]);
  expect(notes).toEqual(['the signal s names public.x, which is not captured']);
  send('execute-snapshot', { 'data-collections': ['public.b'] });
  expect(tasks.state.tasks).toHaveLength(3);
  for (let task = tasks.current(); task !== null; task = tasks.current()) {
    tasks.update(task, { rows: task.table === 'a' ? 5 : 0 });
    tasks.progressed(task, {});
    tasks.finish(task, 'SUCCEEDED');
  }
  expect(tasks.text).toBeNull();
  const types = told.map(({ type }) => type);
  expect(types.filter((type) => type !== 'IN_PROGRESS')).toEqual([
    'STARTED',
    'STARTED',
    'TABLE_SCAN_COMPLETED',
    'TABLE_SCAN_COMPLETED',
    'TABLE_SCAN_COMPLETED',
    'COMPLETED',
  ]);
  expect(told.filter(({ data }) => data['status']).map(({ data }) => data['status'])).toEqual([
    'EMPTY',
    'SUCCEEDED',
    'EMPTY',
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
  const { tasks, notes, send, changes } = tasksFrom();
  send('execute-snapshot', { 'data-collections': ['public.a'], type: 'blocking' });
  const [request] = tasks.state.blocking;
  expect(request?.collections).toEqual(['public.a']);
  expect(tasks.text).toContain('"blocking":[{');
  if (request !== undefined) tasks.blockingDone(request);
  expect(tasks.text).toBeNull();
  expect(changes()).toBe(2);
  send('log', { message: 'at {}' });
  send('nonsense');
  send('snapshot-window-close');
  expect(notes).toEqual([
    'at here',
    'the signal s is ignored: there is no signal of type nonsense',
  ]);
});
