import { expect, test } from 'vitest';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { rowKeyColumns } from '../../../../src/source/postgres/incremental/row-key-columns.ts';

const column = (number: number, name: string, notNull = true): TableInfo['columns'][number] =>
  ({ number, name, notNull }) as TableInfo['columns'][number];

function table(more: Partial<TableInfo>): TableInfo {
  const columns = [column(1, 'a'), column(2, 'b'), column(3, 'c', false)];
  return { replicaIdentity: 'default', columns, uniqueIndexes: [], ...more } as TableInfo;
}

const index = (
  columns: number[],
  more: Partial<TableInfo['uniqueIndexes'][number]> = {},
): TableInfo['uniqueIndexes'][number] => ({
  name: 'i',
  columns,
  primary: false,
  replicaIdentity: false,
  immediate: true,
  ...more,
});

test('the key is what every old image holds', () => {
  const primary = index([2, 1], { primary: true });
  const identity = index([2], { replicaIdentity: true });
  expect(rowKeyColumns(table({ uniqueIndexes: [primary] }))).toEqual(['b', 'a']);
  const both = [primary, identity];
  expect(rowKeyColumns(table({ uniqueIndexes: both, replicaIdentity: 'index' }))).toEqual(['b']);
  expect(rowKeyColumns(table({ uniqueIndexes: [index([1])] }))).toBeNull();
  expect(rowKeyColumns(table({ uniqueIndexes: [index([1])], replicaIdentity: 'full' }))).toEqual([
    'a',
  ]);
  expect(rowKeyColumns(table({ uniqueIndexes: [index([3])], replicaIdentity: 'full' }))).toBeNull();
  const late = index([1], { primary: true, immediate: false });
  expect(rowKeyColumns(table({ uniqueIndexes: [late] }))).toBeNull();
});
