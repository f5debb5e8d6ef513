import { expect, test } from 'vitest';
import { tableName } from '../../src/model/table-schema.ts';

test('the name that lists match keeps the dots of its parts as they are (P39)', () => {
  expect(tableName({ catalog: 'shop', schema: 'public', table: 'orders' })).toBe('public.orders');
  expect(tableName({ catalog: 'shop', schema: 'a.b', table: 'c' })).toBe('a.b.c');
});
