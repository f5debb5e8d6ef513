import { expect, test } from 'vitest';
import { requireStruct, structOrNull, withSide } from '../../src/transform/record-side.ts';
import { changeRecord, tombstone } from '../support/transform-records.ts';

const record = changeRecord('c', null, [1, 'a', 'b']);
const other = { schema: { type: 'string', optional: false }, value: 'x' } as const;

test('key and value can be replaced', () => {
  expect(withSide(record, 'key', other)).toEqual({ ...record, key: other });
  expect(withSide(record, 'value', other)).toEqual({ ...record, value: other });
});

test('a struct is asked for', () => {
  expect(requireStruct(record.value, 'X')).toBe(record.value.value);
  expect(structOrNull(tombstone().value, 'X')).toBeNull();
  expect(() => requireStruct(tombstone().value, 'X')).toThrow('X needs a struct');
  expect(() => requireStruct(other, 'X')).toThrow('X needs a struct, the record has string');
  expect(() => structOrNull({ ...other, value: [] }, 'X')).toThrow('the record has an array');
});
