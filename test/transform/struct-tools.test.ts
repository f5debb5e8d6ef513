import { expect, test } from 'vitest';
import { structTools } from '../../src/transform/struct-tools.ts';
import { changeRecord, plain, ROW } from '../support/transform-records.ts';

const row = { schema: ROW, values: [1, 'a', null] };
const { get, set, without } = structTools;

test('values by path', () => {
  const { value } = changeRecord('c', null, [1, 'a', null]).value;
  expect([
    get(value, 'op'),
    get(value, 'after.v'),
    get(value, 'before.v'),
    get(value, 'x.y'),
  ]).toEqual(['c', 'a', null, null]);
});

test('a value can be replaced under the same schema', () => {
  expect(set(row, 'v', 'b')).toEqual({ schema: ROW, values: [1, 'b', null] });
  expect(set(row, 'v', 'b').schema).toBe(ROW);
  expect(row.values).toEqual([1, 'a', null]);
});

test('a new field makes one new schema, once', () => {
  const first = set(row, 'n', 5, { type: 'int32', optional: false });
  const second = set(row, 'n', 6, { type: 'int32', optional: false });
  expect(first.schema).toBe(second.schema);
  expect(first.schema).toMatchObject({ name: ROW.name, optional: true });
  expect(first.values).toEqual([1, 'a', null, 5]);
  expect(set(row, 'text', 'x').schema.fields?.at(-1)).toEqual({
    name: 'text',
    schema: { type: 'string', optional: true },
  });
  const retyped = set(row, 'id', 'one', { type: 'string', optional: false });
  expect(retyped.schema.fields?.[0]?.schema.type).toBe('string');
});

test('only structs can be changed', () => {
  expect(() => set(null, 'v', 1)).toThrow('it is no struct');
  expect(() => without('x', ['v'])).toThrow('it is no struct');
});

test('fields can be left out', () => {
  const rest = without(row, ['v', 'nope']);
  const record = { ...changeRecord('c', null, null), value: { schema: rest.schema, value: rest } };
  expect(plain(record)).toEqual({ id: 1, w: null });
  expect(without(row, ['v']).schema).toBe(rest.schema);
  expect(without(row, ['nope'])).toBe(row);
});
