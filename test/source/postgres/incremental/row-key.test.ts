import { expect, test } from 'vitest';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import { RowImage } from '../../../../src/model/row-image.ts';
import {
  isComplete,
  rowKey,
  rowKeyColumns,
  rowKeyValues,
} from '../../../../src/source/postgres/incremental/row-key.ts';

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

test('keys differ where rows differ, and give their values back', () => {
  const key = (...values: string[]): string | null =>
    rowKey(
      RowImage.of(values),
      null,
      values.map((_, i) => i),
    );
  expect(key('1', '23')).not.toBe(key('12', '3'));
  for (const values of [
    ['1', '23'],
    ['', ':'],
    ['5:x', 'ü'],
  ]) {
    expect(rowKeyValues(key(...values) ?? '')).toEqual(values);
  }
});

test('a part that did not change may come from the old image; a missing one leaves no key', () => {
  const before = RowImage.of(['k', null]);
  expect(rowKey(RowImage.of([undefined, 'x']), before, [0])).toBe('1:k');
  expect(rowKey(RowImage.of([undefined, 'x']), null, [0])).toBeNull();
  expect(rowKey(RowImage.of([null]), null, [0])).toBeNull();
});

test('an image is complete without absent values', () => {
  expect(isComplete(RowImage.of(['a', null]))).toBe(true);
  expect(isComplete(RowImage.of(['a', undefined]))).toBe(false);
});
