import { expect, test } from 'vitest';
import { rawChange, rawShapes } from '../../src/envelope/raw-change.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import {
  BYTEA,
  INTEGER,
  keyedTable,
  rowChange,
  tableColumn,
  TEXT,
} from '../support/keyed-table.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';

const NOW = 1_700_000_000_123_456n;

function shown(change: ReturnType<typeof rowChange>, table: TableSchema) {
  const { key, value, headers } = rawChange(change, rawShapes(table, OPTIONS), OPTIONS, NOW);
  const plain = plainValue(value.value) as Record<string, unknown>;
  return { key: plainValue(key.value), ...plain, headers: headers.map((one) => one.value) };
}

test('every column as the text of the source, also in the key', () => {
  const table = keyedTable();
  expect(shown(rowChange(table, 'u', ['1', 'a'], ['NaN', null]), table)).toMatchObject({
    key: { id: 'NaN' },
    before: { id: '1', note: 'a' },
    after: { id: 'NaN', note: null },
    op: 'u',
    ts_ms: 1_700_000_000_123,
    source: { table: 'orders', lsn: 16 },
    headers: [],
  });
  const gone = shown(rowChange(table, 'd', ['2', null], null, { beforeIsKeyOnly: true }), table);
  expect(gone).toMatchObject({ key: { id: '2' }, before: { id: '2', note: null }, after: null });
});

test('what is hidden in records is hidden here, and what is absent is named', () => {
  const table: TableSchema = {
    ...keyedTable(),
    keyColumns: [],
    columns: [
      { ...tableColumn('card', 0, TEXT), mask: { kind: 'constant', text: '****' } },
      { ...tableColumn('name', 1, TEXT), mask: { kind: 'truncate', length: 2, unit: 'character' } },
      tableColumn('photo', 2, BYTEA),
      { ...tableColumn('hidden', 3, INTEGER), keyOnly: true },
    ],
  };
  expect(
    shown(rowChange(table, 'c', null, ['4111', 'Joanna', undefined, '9']), table),
  ).toMatchObject({
    key: null,
    before: null,
    after: { card: '****', name: 'Jo', photo: null },
    headers: ['["photo"]'],
  });
  expect(rawShapes(table, OPTIONS).key).toBeNull();
});
