import { expect, test } from 'vitest';
import { jsonOf, searchField } from '../../../dialects/search/search-field-types.ts';
import type { SearchTarget } from '../../../dialects/search/search-target.ts';
import { DOUBLE_VECTOR, FLOAT_VECTOR, SPARSE_VECTOR } from '../../../dialects/semantic-schemas.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const elastic: SearchTarget = { product: 'elasticsearch' };
const KEPT = { type: 'object', enabled: false };

function arrayOf(valueSchema: ConnectSchema, source?: string): ConnectSchema {
  const parameters = source === undefined ? {} : { '__tidemark.source.type': source };
  return { type: 'array', optional: true, valueSchema, parameters };
}

const TEXT: ConnectSchema = { type: 'string', optional: true };

test('arrays have the field of their elements, and keep their nulls', () => {
  const longs = searchField(arrayOf({ type: 'int64', optional: true }), elastic);
  expect(longs.mapping).toEqual({ type: 'long' });
  expect(longs.encode([2n ** 63n - 1n, null])).toBe('[9223372036854775807,null]');
  expect(searchField(arrayOf(arrayOf(TEXT)), elastic).encode([['a"', null], [], null])).toBe(
    String.raw`[["a\"",null],[],null]`,
  );
  const inner: ConnectSchema = { type: 'string', optional: true };
  expect(searchField(arrayOf(inner, 'inet[]'), elastic).mapping['type']).toBe('ip');
  const ranges = searchField(arrayOf(inner, 'int4range[]'), elastic);
  expect(ranges.encode(['[1,2)', null])).toBe('[{"text":"[1,2)","range":{"gte":1,"lt":2}},null]');
  expect(() => searchField({ type: 'array', optional: true }, elastic)).toThrow(/array/);
  expect(() => longs.encode('x')).toThrow(/an array/);
});

test('maps are one field, or lists of their entries', () => {
  const map: ConnectSchema = { type: 'map', optional: true, keySchema: TEXT, valueSchema: TEXT };
  const value = new Map([
    ['a.b', 'x'],
    ['', null],
  ]);
  expect(searchField(map, elastic).mapping['type']).toBe('flattened');
  expect(searchField(map, elastic).encode(value)).toBe('{"a.b":"x","":null}');
  const listed = searchField(map, { ...elastic, compactMaps: false });
  expect(listed.mapping['type']).toBe('nested');
  expect(listed.encode(value)).toBe('[{"key":"a.b","value":"x"},{"key":"","value":null}]');
  expect(() => searchField(map, elastic).encode('x')).toThrow(/a map/);
});

test('other structs are objects', () => {
  const fields = [
    { name: 'city', schema: TEXT },
    { name: 'at', schema: { type: 'int32', optional: true, name: 'io.debezium.time.Date' } },
  ] as const;
  const schema: ConnectSchema = { type: 'struct', optional: true, name: 'Address', fields };
  const field = searchField(schema, elastic);
  expect(field.encode({ schema, values: ['Ulm', null] })).toBe('{"city":"Ulm","at":null}');
  expect(field.mapping).toMatchObject({ properties: { at: { type: 'date' } } });
  expect(jsonOf(field, null)).toBe('null');
});

test('vectors whose dimensions are told have neighbours', () => {
  const parameters = { '__tidemark.source.type': 'vector(3)' };
  const field = searchField({ ...DOUBLE_VECTOR, parameters }, elastic);
  expect(field.mapping).toEqual({
    type: 'dense_vector',
    dims: 3,
    index: true,
    similarity: 'l2_norm',
  });
  expect(field.encode([1, 0.5, -0])).toBe('[1,0.5,-0.0]');
  expect(searchField(FLOAT_VECTOR, elastic).encode([Math.fround(0.1)])).toBe('[0.1]');
  expect(searchField(FLOAT_VECTOR, elastic).mapping).toEqual(KEPT);
  const open: SearchTarget = { product: 'opensearch' };
  expect(searchField({ ...DOUBLE_VECTOR, parameters }, open).mapping).toMatchObject({
    type: 'knn_vector',
    dimension: 3,
  });
  const long = { '__tidemark.source.type': 'vector(5000)' };
  expect(searchField({ ...DOUBLE_VECTOR, parameters: long }, elastic).mapping).toEqual(KEPT);
  expect(searchField(arrayOf(DOUBLE_VECTOR, 'vector(3)[]'), elastic).mapping).toEqual(KEPT);
  const sparse = { schema: SPARSE_VECTOR, values: [5, new Map([[1, 0.5]])] };
  expect(searchField(SPARSE_VECTOR, elastic).encode(sparse)).toBe('"{1:0.5}/5"');
});
