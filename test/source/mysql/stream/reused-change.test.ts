import { expect, test } from 'vitest';
import { unusedChange } from '../../../../src/source/mysql/stream/reused-change.ts';

test('a change before the first row is of no table, and each stream has its own', () => {
  const change = unusedChange();
  expect(change).toMatchObject({ family: 'binlog', snapshot: 'false', before: null, after: null });
  expect(change.table.columns).toEqual([]);
  expect(unusedChange()).not.toBe(change);
});
