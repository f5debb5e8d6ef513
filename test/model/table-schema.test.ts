import { expect, test } from 'vitest';
import type { ColumnSchema } from '../../src/model/table-schema.ts';
import { rowColumns, tableName } from '../../src/model/table-schema.ts';
import { INTEGER, tableColumn } from '../support/keyed-table.ts';

test('the name that lists match keeps the dots of its parts as they are (P39)', () => {
  expect(tableName({ catalog: 'shop', schema: 'public', table: 'orders' })).toBe('public.orders');
  expect(tableName({ catalog: 'shop', schema: 'a.b', table: 'c' })).toBe('a.b.c');
});

test('the row leaves out what belongs to the key alone', () => {
  const column = (name: string, more: Partial<ColumnSchema> = {}): ColumnSchema => ({
    ...tableColumn(name, 0, INTEGER),
    ...more,
  });
  const columns = [column('a'), column('b')];
  expect(rowColumns({ columns })).toBe(columns);
  const kept = rowColumns({ columns: [column('k', { keyOnly: true }), ...columns] });
  expect(kept).toEqual(columns);
});
