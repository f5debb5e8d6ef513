import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TableTask } from '../../../../src/source/incremental/snapshot-state.ts';
import type { OpenWindow } from '../../../../src/source/postgres/incremental/window-handover.ts';
import { WindowPlanner } from '../../../../src/source/postgres/incremental/window-planner.ts';
import type { WindowReader } from '../../../../src/source/postgres/incremental/window-reader.ts';
import { tableName } from '../../../../src/model/table-schema.ts';
import { must } from '../../../../src/foundation/assert.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { openWindow, READING, taskList } from '../../../support/window-fixtures.ts';

const options = sourceOptionsFor(
  { host: '', port: 0, user: '', password: '', name: 'd' },
  { snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, chunkSize: 2 } },
);
const { signal } = new AbortController();

function planner(more: Partial<TableTask>, maxKey: string[] | null = ['9']) {
  const asked: string[] = [];
  const reader = {
    wire: () =>
      Promise.resolve({
        query: (sql: string) => {
          asked.push(sql);
          return Promise.resolve([{ columns: [], rows: maxKey === null ? [] : [maxKey] }]);
        },
      }),
  } as unknown as WindowReader;
  const { tasks, task } = taskList(more);
  const made = new WindowPlanner(options, tasks, reader, {
    clock: new FakeClock(),
    note: () => undefined,
  });
  const latest = (): TableTask => must(tasks.latest(task), 'the task is there');
  const next = () => made.next(latest(), READING, signal);
  const close = (open: OpenWindow, lastKey: string[] | null, incomplete: string[] = []): void => {
    made.handedOver(open, latest(), { handed: 1, lastKey, incomplete, gone: [] });
  };
  return { made, tasks, task, asked, latest, next, close };
}

const part = { oid: 7, file: '500 2200 d t', pages: 10, done: [[0, 4]] as const };

test('keys follow each other up to the last key of the beginning', async () => {
  const { next, latest, close, asked, tasks, task } = planner({});
  const first = await next();
  expect(first).toEqual({ kind: 'keys', order: ['id'], after: null, upTo: ['9'], limit: 2 });
  expect(asked).toHaveLength(1);
  close(openWindow(latest(), must(first, 'a chunk'), ['1\ta', '4\tb']), ['4']);
  const second = await next();
  expect(second).toMatchObject({ after: ['4'], upTo: ['9'] });
  expect(asked).toHaveLength(1);
  // Fewer rows than asked for: nothing is left below the last key.
  close(openWindow(latest(), must(second, 'a chunk'), ['6\ta']), ['6']);
  expect(tasks.has(task)).toBe(false);
});

test('an empty table has no chunk', async () => {
  const { next } = planner({}, null);
  expect(await next()).toBeNull();
});

test('rows to be read again come when they are many, or when nothing else is left', async () => {
  const many = Array.from({ length: 700 }, (_, i) => `1:${i}`);
  const { next, latest, close, tasks, task } = planner({ reread: many, maxKey: [] });
  const chunk = must(await next(), 'a chunk');
  expect(chunk).toMatchObject({ kind: 'reread', columns: ['id'], keys: many.slice(0, 500) });
  close(openWindow(latest(), chunk, []), null, ['1:3']);
  expect(latest().reread).toEqual([...many.slice(500), '1:3']);
  const rest = must(await next(), 'a chunk');
  expect(rest.kind === 'reread' && rest.keys.length).toBe(201);
  close(openWindow(latest(), rest, []), null);
  expect(tasks.has(task)).toBe(false);
});

test('pages that are read are left out; a table with another file is read by key', async () => {
  const { next, made, latest, close, tasks, task } = planner({ method: 'pages', parts: [part] });
  const chunk = must(await next(), 'a chunk');
  expect(chunk).toMatchObject({ kind: 'pages', firstPage: 4, endPage: 10 });
  const open = openWindow(latest(), chunk, ['1\ta']);
  const read = must(open.read, 'it is read');
  expect(made.isUsable(open, read)).toBe(true);
  expect(made.isUsable(open, { ...read, fingerprints: new Map([[7, '501 2200 d t']]) })).toBe(
    false,
  );
  expect(latest()).toMatchObject({ method: 'keys', parts: [] });
  tasks.update(task, { method: 'pages', parts: [part] });
  close(open, ['1']);
  expect(tasks.has(task)).toBe(false);
});

test('a SELECT override reads by key what pages of the table were cut into', async () => {
  const override = { table: tableName(READING.schema.id), statement: 'SELECT * FROM x' };
  const snapshots = { ...options.snapshots, overrides: [override] };
  const queries: string[] = [];
  const reader = {
    wire: () =>
      Promise.resolve({
        query: (sql: string) => {
          queries.push(sql);
          return Promise.resolve([{ columns: [], rows: [['9']] }]);
        },
      }),
  } as unknown as WindowReader;
  for (const purpose of ['initial', 'incremental'] as const) {
    const { tasks, task } = taskList({ method: 'pages', parts: [part], purpose });
    const environment = { clock: new FakeClock(), note: () => undefined };
    const made = new WindowPlanner({ ...options, snapshots }, tasks, reader, environment);
    const chunk = must(await made.next(task, READING, signal), 'a chunk');
    queries.push(made.query(chunk, READING, task));
  }
  expect(queries.map((sql) => sql.includes('FROM (SELECT * FROM x'))).toEqual([true, true, false]);
  expect(queries.map((sql) => sql.includes('ctid'))).toEqual([false, false, true]);
});

test('rows that do not fit are asked for in smaller pieces', async () => {
  const { next, made, latest } = planner({ method: 'pages', parts: [{ ...part, pages: 400 }] });
  const first = must(await next(), 'a chunk');
  const cut = openWindow(latest(), first, ['1\ta'], true);
  expect(made.isUsable(cut, must(cut.read, 'it is read'))).toBe(false);
  const second = must(await next(), 'a chunk');
  const size = (chunk: typeof first): number =>
    chunk.kind === 'pages' ? chunk.endPage - chunk.firstPage : 0;
  expect(size(second)).toBe(Math.floor(size(first) / 2));
  const byKey = openWindow(latest(), { ...first, endPage: 5 } as typeof first, ['1\ta'], true);
  expect(made.isUsable(byKey, must(byKey.read, 'it is read'))).toBe(false);
  expect(latest().method).toBe('keys');
});

test('a cut chunk of keys goes on behind the last row that fitted', async () => {
  const { next, latest, close } = planner({});
  const chunk = must(await next(), 'a chunk');
  close(openWindow(latest(), chunk, ['1\ta'], true), ['1']);
  expect(latest().lastKey).toEqual(['1']);
});

test('a key that is masked is not told', () => {
  const keys: unknown[] = [];
  const { tasks, task } = taskList({ maxKey: ['9'] }, ({ data }) => {
    keys.push([data['last_processed_key'], data['maximum_key']]);
  });
  const made = new WindowPlanner(options, tasks, {} as WindowReader, {
    clock: new FakeClock(),
    note: () => undefined,
  });
  const [id, ...others] = READING.schema.columns;
  const mask = { kind: 'constant', text: '*****' } as const;
  const masked = { ...READING.schema, columns: [{ ...must(id, 'id'), mask }, ...others] };
  const chunk = { kind: 'keys', order: ['id'], after: null, upTo: ['9'], limit: 2 } as const;
  const rows = { handed: 2, lastKey: ['4'], incomplete: [], gone: [] };
  const open = openWindow(task, chunk, ['1\ta', '4\tb']);
  made.handedOver(open, task, rows);
  made.handedOver({ ...open, reading: { ...READING, schema: masked } }, task, rows);
  expect(keys).toEqual([
    ['4', '9'],
    ['<hidden>', '<hidden>'],
  ]);
});

test('a key that was told as deleted is read once more behind that', async () => {
  const repair = { keyColumns: ['id'], deleted: [] };
  const none = { reread: ['1:5', '1:6'], lastKey: [], maxKey: [], repair };
  const { made, tasks, task, latest, next } = planner(none);
  const chunk = must(await next(), 'a chunk');
  expect(chunk).toMatchObject({ kind: 'reread', keys: ['1:5', '1:6'] });
  const rows = { handed: 2, lastKey: ['5'], incomplete: [], gone: ['1:6'] };
  made.handedOver(openWindow(task, chunk, ['5\ta']), latest(), rows);
  expect(latest()).toMatchObject({ reread: ['1:6'], repair: { deleted: ['1:6'] } });
  const again = must(await next(), 'a chunk');
  made.handedOver(openWindow(task, again, []), latest(), { ...rows, gone: [] });
  expect(tasks.has(task)).toBe(false);
});
