import { expect, test } from 'vitest';
import type { ColumnSchema, TableSchema } from '../../../src/model/table-schema.ts';
import {
  goneKeys,
  isRepairOf,
  repairAfter,
  repairedKeys,
} from '../../../src/source/incremental/repaired-rows.ts';

const column = (name: string, more: Partial<ColumnSchema> = {}): ColumnSchema =>
  ({
    name,
    schema: { type: 'int32', optional: false },
    format: { kind: 'integer' },
    ...more,
  }) as ColumnSchema;
const table = (...columns: readonly ColumnSchema[]): TableSchema =>
  ({ id: { catalog: 'd', schema: 's', table: 't' }, columns }) as unknown as TableSchema;
const request = {
  snapshotId: 'r',
  collection: 's.t',
  keyColumns: ['b', 'a'],
  keys: [
    ['2', '1'],
    ['4', '3'],
  ],
};
const form = {
  keyColumns: ['a', 'b'],
  encoding: 'utf8',
  stored: (_: string, t: string) => t,
} as const;

test('keys come in the order of the table, and such as cannot be told are refused', () => {
  expect(repairedKeys(table(column('a'), column('b')), request, form)).toEqual({
    keyColumns: ['a', 'b'],
    keys: ['1:11:2', '1:31:4'],
  });
  expect(repairedKeys(table(column('a')), request, form)).toBe('has a key that is not captured');
  const masked = column('b', { mask: { kind: 'constant', text: 'x' } });
  expect(repairedKeys(table(column('a'), masked), request, form)).toContain('otherwise');
  const odd = { ...request, keys: [['2', 'one']] };
  expect(repairedKeys(table(column('a'), column('b')), odd, form)).toContain('has no such key');
  const half = { ...request, keyColumns: ['a'], keys: [['1']] };
  expect(repairedKeys(table(), half, form)).toBe('has its rows told apart by (a, b)');
});

test('gone is what neither the read nor the stream has, and was not told before', () => {
  const repair = { keyColumns: ['a'], deleted: ['1:4'] };
  const verdict = {
    newer: new Set(['1:2']),
    incomplete: new Set(''),
    emptied: false,
    unclear: false,
  };
  const asked = ['1:1', '1:2', '1:3', '1:4'];
  expect(goneKeys({ repair }, asked, new Set(['1:1']), verdict)).toEqual(['1:3']);
  expect(goneKeys({ repair }, asked, new Set(), { ...verdict, emptied: true })).toEqual([]);
  // Rows of a snapshot that are read again are no reason to delete one.
  expect(goneKeys({}, asked, new Set(), verdict)).toEqual([]);
  expect(repairAfter({ repair }, ['1:3'])).toEqual({
    repair: { keyColumns: ['a'], deleted: ['1:4', '1:3'] },
  });
  expect(repairAfter({ repair }, [])).toEqual({});
  expect(isRepairOf(repair, ['a'])).toBe(true);
  expect(isRepairOf(repair, ['a', 'b'])).toBe(false);
});
