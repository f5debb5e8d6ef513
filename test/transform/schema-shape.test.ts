import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import {
  fieldIndex,
  perSchema,
  schemaBasics,
  selectValues,
  valueAt,
  valuesOf,
} from '../../src/transform/schema-shape.ts';
import { ROW } from '../support/transform-records.ts';

const row = { schema: ROW, values: [1, null, null] };

test('something is computed once for a schema, also null', () => {
  let count = 0;
  const compute = perSchema((): null => {
    count++;
    return null;
  });
  const other: ConnectSchema = { ...ROW };
  expect([compute(ROW), compute(ROW), compute(other), count]).toEqual([null, null, null, 2]);
});

test('a schema that is built anew is required and has no default', () => {
  const schema: ConnectSchema = {
    type: 'string',
    optional: true,
    name: 'n',
    version: 2,
    parameters: { a: 'b' },
    default: 'x',
  };
  const { default: _default, ...rest } = schema;
  expect(schemaBasics(schema)).toEqual({ ...rest, optional: false });
});

test('nulls become defaults when asked', () => {
  expect([valueAt(row, 1, false), valueAt(row, 1, true), valueAt(row, 9, true)]).toEqual([
    null,
    'dflt',
    null,
  ]);
  expect(valuesOf(row, false)).toEqual([1, null, null]);
  expect(valuesOf(row, true)).toEqual([1, 'dflt', null]);
  expect(selectValues(row, { schema: ROW, from: [1, 0] }, true)).toEqual(['dflt', 1]);
});

test('fields by name', () => {
  expect([fieldIndex(ROW, 'w'), fieldIndex(ROW, 'x')]).toEqual([2, -1]);
});
