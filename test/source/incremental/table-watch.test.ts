import { describe, expect, test } from 'vitest';
import type { PostgresRowChange, PostgresTruncateChange } from '../../../src/model/change-event.ts';
import { lsn } from '../../../src/model/lsn.ts';
import { RowImage } from '../../../src/model/row-image.ts';
import type { SourceSignal } from '../../../src/model/source-signal.ts';
import type { TableSchema } from '../../../src/model/table-schema.ts';
import type { TableTask } from '../../../src/source/incremental/snapshot-state.ts';
import { newTask } from '../../../src/source/incremental/snapshot-state.ts';
import { SnapshotWindow } from '../../../src/source/incremental/snapshot-window.ts';
import type { WatchedTable } from '../../../src/source/incremental/table-watch.ts';
import { SignalWatch, TableWatch } from '../../../src/source/incremental/table-watch.ts';

const table = {
  id: { catalog: 'd', schema: 's', table: 't' },
  version: 1,
  columns: [
    { name: 'id', tupleIndex: 0, schema: {}, format: { kind: 'string' } },
    { name: 'v', tupleIndex: 1, schema: {}, format: { kind: 'string' } },
  ],
  keyColumns: [0],
  replicaIdentity: 'default',
} as unknown as TableSchema;

function change(
  op: 'c' | 'u' | 'd',
  before: (string | null | undefined)[] | null,
  after: (string | null | undefined)[] | null,
  transactionId = 120,
): PostgresRowChange {
  return {
    op,
    table,
    before: before === null ? null : RowImage.of(before),
    beforeIsKeyOnly: before !== null,
    after: after === null ? null : RowImage.of(after),
    family: 'postgres',
    lsn: lsn(1n),
    commitLsn: lsn(1n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId,
    sourceMicros: 0n,
    snapshot: 'false',
  };
}

const visibility = { sees: (id: number): boolean => id < 110 };

interface Watched {
  readonly watch: TableWatch<number>;
  readonly deleted: readonly string[];
  readonly window: SnapshotWindow<number>;
  readonly reread: readonly string[];
}

function watched(
  task: Partial<TableTask> | undefined,
  more: Partial<WatchedTable<number>> = {},
): Watched {
  const deleted: string[] = [];
  const window = new SnapshotWindow<number>();
  const reread: string[] = [];
  const base = { schema: 's', table: 't', snapshotId: 'x' };
  const watch = new TableWatch<number>({
    transactionOf: (origin) => (origin.family === 'postgres' ? (origin.transactionId ?? 0) : 0),
    deleted: (_, before) => deleted.push(`d ${before.text(0)}`),
    encoding: 'utf8',
    task: () =>
      task === undefined
        ? undefined
        : newTask({ ...base, purpose: 'incremental', method: 'keys' }, task),
    keyColumns: ['id'],
    window: () => window,
    seen: () => null,
    reread: (key) => reread.push(key),
    ...more,
  });
  return { watch, deleted, window, reread };
}

describe('a table under snapshot', () => {
  test('changes go by and are noted by their keys, a moved row under both', () => {
    const { watch, window } = watched({});
    expect(watch.row(change('c', null, ['1', 'a']))).toBe(true);
    expect(watch.row(change('d', ['2', null], null))).toBe(true);
    expect(watch.row(change('u', ['3', null], ['4', 'b']))).toBe(true);
    expect([...window.judge(visibility).newer]).toEqual(['1:1', '1:2', '1:4', '1:3']);
  });

  test('an incomplete change goes by when a target has the row', () => {
    const { watch, window, reread } = watched({});
    expect(watch.row(change('u', null, ['1', undefined]))).toBe(true);
    expect([...window.judge(visibility).incomplete]).toEqual(['1:1']);
    expect(reread).toEqual([]);
  });

  test('where a target may lack the row it is read again instead (ruling 2)', () => {
    const { watch, deleted, reread } = watched({ purpose: 'initial' });
    expect(watch.row(change('u', null, ['1', undefined]))).toBe(false);
    expect(watch.row(change('u', ['2', null], ['3', undefined]))).toBe(false);
    expect(reread).toEqual(['1:1', '1:3']);
    expect(deleted).toEqual(['d 2']);
    expect(watch.row(change('u', null, ['4', 'x']))).toBe(true);
  });

  test('of a table that is to be read whole nothing goes by when no target has it', () => {
    expect(watched({ method: 'whole' }).watch.row(change('c', null, ['1', 'a']))).toBe(true);
    const { watch } = watched({ method: 'whole', purpose: 'initial' });
    expect(watch.row(change('c', null, ['1', 'a']))).toBe(false);
  });

  test('what a whole read has seen is left out (ruling 1)', () => {
    const { watch } = watched(undefined, { seen: () => visibility });
    expect(watch.row(change('c', null, ['1', 'a'], 105))).toBe(false);
    expect(watch.row(change('c', null, ['1', 'a'], 120))).toBe(true);
    expect(watch.truncate(change('c', null, null, 105) as unknown as PostgresTruncateChange)).toBe(
      false,
    );
  });

  test('TRUNCATE empties the window', () => {
    const { watch, window } = watched({});
    expect(watch.truncate(change('c', null, null) as unknown as PostgresTruncateChange)).toBe(true);
    expect(window.judge(visibility).emptied).toBe(true);
  });
});

test('an insert into the signal table is a signal, whether its rows are records or not', () => {
  const signals: SourceSignal[] = [];
  const signalTable = {
    ...table,
    columns: ['id', 'type', 'data'].map((name, tupleIndex) => ({ name, tupleIndex })),
  } as unknown as TableSchema;
  const row = (op: 'c' | 'u', values: (string | null)[]): PostgresRowChange => ({
    ...change(op, null, values),
    table: signalTable,
  });
  const loud = new SignalWatch((signal) => signals.push(signal), false);
  expect(loud.row(row('c', ['1', 'log', '{}']))).toBe(true);
  expect(loud.row(row('u', ['1', 'log', '{}']))).toBe(true);
  const silent = new SignalWatch((signal) => signals.push(signal), true);
  expect(silent.row(row('c', ['2', 'pause-snapshot', null]))).toBe(false);
  // Whoever reads the signal says what is wrong with it.
  expect(silent.row(row('c', ['3', null, null]))).toBe(false);
  expect(silent.truncate()).toBe(false);
  expect(signals).toEqual([
    { id: '1', type: 'log', data: '{}' },
    { id: '2', type: 'pause-snapshot', data: null },
    { id: '3', type: '', data: null },
  ]);
});
