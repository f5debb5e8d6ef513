import { expect, test } from 'vitest';
import { renderBootstrap } from '../../src/cli/bootstrap-command.ts';
import type { PipelineStatus, SnapshotTableView } from '../../src/runtime/pipeline-status.ts';
import { RUNNING_SOURCE } from '../support/pipeline-statuses.ts';

function statusOf(snapshot: readonly SnapshotTableView[]): PipelineStatus {
  return {
    name: 'shop',
    family: 'postgres',
    healthy: true,
    uptimeMs: 0,
    source: { ...RUNNING_SOURCE, phase: 'snapshot', snapshot },
    sinks: [],
    transport: { bytesUsed: 0, bytesLimit: 0, bytesReusable: 0, records: 0, oldestReaderMs: 0 },
  };
}

function table(name: string, rowsDone: number, rowsEstimated: number): SnapshotTableView {
  return { table: name, rowsDone, rowsEstimated, bytesDone: 0, completed: false };
}

test('a bar for each table that is being read, and the sum', () => {
  const done = { ...table('public.done', 5, 5), completed: true };
  const tables = [table('public.orders', 500, 1000), table('public.later', 0, 10), done];
  const lines = renderBootstrap({ kind: 'snapshot' }, statusOf(tables), 60);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^public\.orders █+░+ 500 of ~1,000$/);
  expect(lines[0]?.match(/█/g)?.length).toBe(lines[0]?.match(/░/g)?.length);
  expect(lines[1]).toBe('snapshot: 1 of 3 tables, 505 rows');
});

test('more rows than were estimated do not break the bar', () => {
  const [line] = renderBootstrap({ kind: 'snapshot' }, statusOf([table('public.t', 9, 4)]), 80);
  expect(line).toMatch(/^public\.t █+ 9 of ~4$/);
});

test.each([0, -1])('nothing is made up for a table that was never analyzed (%i)', (estimate) => {
  const tables = [table('public.t', 9, estimate)];
  const [line] = renderBootstrap({ kind: 'snapshot' }, statusOf(tables), 80);
  expect(line).toBe('public.t 9 rows');
});

test('what comes after the snapshot', () => {
  const last = (state: Parameters<typeof renderBootstrap>[0]): string | undefined =>
    renderBootstrap(state, statusOf([]), 80).at(-1);
  expect(last({ kind: 'snapshot' })).toBe('source running');
  expect(last({ kind: 'applying', recordsLeft: 1200 })).toBe('applying: 1,200 records to go');
  expect(last({ kind: 'catching-up' })).toBe('catching up with the changes made meanwhile');
  expect(last({ kind: 'done' })).toBe('done');
});
