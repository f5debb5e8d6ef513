import { expect, test } from 'vitest';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { describeChange, SourceStatistics } from '../../src/runtime/source-statistics.ts';
import { INTEGER, keyedTable, rowChange, tableColumn, TEXT } from '../support/keyed-table.ts';

const BIGINT = {
  sourceType: 'bigint',
  schema: { type: 'int64', optional: false },
  format: { kind: 'integer' },
} as const;
const NULLABLE = { ...INTEGER, schema: { type: 'int32', optional: true } } as const;

function described(previous: TableSchema, table: TableSchema): string {
  return describeChange({ table, previous, position: '0/1' });
}

test('a change of shape in a few words', () => {
  const before = keyedTable();
  const id = tableColumn('id', 0, INTEGER, true);
  const columns = (...more: TableSchema['columns']) => keyedTable(INTEGER, { columns: more });
  const [, note] = before.columns;
  if (note === undefined) throw new Error('two columns');
  expect(described(before, columns(id, note, tableColumn('loyalty', 2, INTEGER)))).toBe(
    '+ loyalty integer',
  );
  expect(described(before, columns(id))).toBe('- note');
  expect(described(before, columns(tableColumn('id', 0, BIGINT, true), note))).toBe(
    'id integer → bigint',
  );
  expect(described(before, columns(tableColumn('id', 0, NULLABLE, true), note))).toBe(
    'id nullable',
  );
  expect(described(before, columns(id, tableColumn('note', 1, TEXT)))).toBe('note not null');
  expect(described(before, columns(id, tableColumn('memo', 1, TEXT)))).toBe('+ memo text, - note');
  expect(described(before, { ...before, keyColumns: [] })).toBe('key, default or identity changed');
});

test('counts each kind of event, transaction and record', () => {
  const statistics = new SourceStatistics();
  const table = keyedTable();
  for (const op of ['c', 'u', 'u', 'd', 'r', 'r', 'r'] as const) {
    statistics.row(rowChange(table, op, null, null));
  }
  statistics.truncated();
  statistics.committed(rowChange(table, 'c', null, null, { transactionId: 9 }));
  expect(statistics).toMatchObject({
    creates: 1,
    updates: 2,
    deletes: 1,
    reads: 3,
    truncates: 1,
    events: 8,
    transactions: 1,
    lastTransactionId: 9,
  });
});

test('latency is told once per append, of the last commit in it', () => {
  const statistics = new SourceStatistics();
  const commit = (atMs: bigint): void =>
    statistics.committed(rowChange(keyedTable(), 'c', null, null, { sourceMicros: atMs * 1000n }));
  statistics.published(1, 5);
  expect(statistics.latency.total).toBe(0);
  commit(10n);
  commit(20n);
  statistics.published(2, 24);
  statistics.published(2, 90);
  commit(100n);
  // The clocks differ: never below zero.
  statistics.published(1, 99);
  expect(statistics.latency).toMatchObject({ total: 2, minMs: 0, maxMs: 4, averageMs: 2 });
});

test('how long the first snapshot takes, also when the rest is read beside the stream', () => {
  const statistics = new SourceStatistics();
  statistics.snapshotBegan(100);
  expect(statistics).toMatchObject({ snapshotBeganAtMs: 100, snapshotEndedAtMs: null });
  statistics.snapshotReleased(150);
  expect(statistics).toMatchObject({ snapshotEndedAtMs: 150, snapshotDone: false });
  statistics.snapshotBegan(200);
  statistics.snapshotCompleted(260);
  expect(statistics).toMatchObject({ snapshotEndedAtMs: 260, snapshotDone: true });
});

test('an offset that moves without records is no sign of an event', () => {
  const statistics = new SourceStatistics();
  statistics.published(0, 5);
  expect(statistics.lastEventAtMs).toBeNull();
  statistics.published(3, 7);
  statistics.published(0, 9);
  expect(statistics).toMatchObject({ recordsPublished: 3, lastEventAtMs: 7 });
});

test('the last change of a shape is not hidden by a table that is seen for the first time', () => {
  const statistics = new SourceStatistics();
  const table = keyedTable();
  const other = keyedTable(INTEGER, { id: { catalog: 'shop', schema: 'public', table: 'other' } });
  statistics.schemaChanged({ table, previous: null, position: '0/1' }, 1);
  expect(statistics.lastSchemaChange).toEqual({
    table: 'public.orders',
    version: 1,
    atMs: 1,
    summary: 'first seen',
  });
  const changed = { ...table, version: 2, columns: table.columns.slice(0, 1) };
  statistics.schemaChanged({ table: changed, previous: table, position: '0/2' }, 2);
  statistics.schemaChanged({ table: other, previous: null, position: '0/3' }, 3);
  expect(statistics.lastSchemaChange).toMatchObject({ version: 2, atMs: 2, summary: '- note' });
});
