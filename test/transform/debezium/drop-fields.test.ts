import { expect, test } from 'vitest';
import { dropFields, namesInHeader } from '../../../src/transform/debezium/drop-fields.ts';
import { ROW } from '../../support/transform-records.ts';

const data = { schema: ROW, value: { schema: ROW, values: [1, 'a', 'b'] } };

test('the same fields give the same schema object', () => {
  const first = dropFields(data, ['v'], true);
  expect(first.value).toMatchObject({ values: [1, 'b'] });
  expect(dropFields(data, ['v'], true).schema).toBe(first.schema);
  expect(dropFields(data, ['v', 'w'], true).schema).not.toBe(first.schema);
});

test('nothing to drop leaves all as it is', () => {
  expect(dropFields(data, ['x'], false)).toBe(data);
  expect(dropFields({ schema: ROW, value: null }, ['v'], false).value).toBeNull();
});

test('names come from the first header of the name that is a list', () => {
  const headers = [
    { name: 'a', schema: null, value: ['x', 1] },
    { name: 'a', schema: null, value: ['y'] },
  ];
  expect(namesInHeader(headers, 'a')).toEqual(['x']);
  expect(namesInHeader(headers, 'b')).toEqual([]);
});
