import { expect, test } from 'vitest';
import {
  mappingChange,
  mappingSettings,
  wantedMapping,
} from '../../../dialects/search/search-mapping.ts';
import { countFields } from '../../../dialects/search/field-limit.ts';
import type { JsonObject } from '../../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const elastic = { product: 'elasticsearch' } as const;

function row(fields: Readonly<Record<string, Partial<ConnectSchema>>>): ConnectSchema {
  return {
    type: 'struct',
    optional: true,
    fields: Object.entries(fields).map(([name, schema]) => ({
      name,
      schema: { type: 'string', optional: true, ...schema },
    })),
  };
}

function change(actual: JsonObject, wanted: JsonObject): ReturnType<typeof mappingChange> {
  return mappingChange({ properties: actual }, { properties: wanted });
}

/** Whether a field of the first type takes values of the second. */
function conflict(actual: JsonObject, wanted: JsonObject): string | undefined {
  const { conflicts, additions } = change({ f: actual }, { f: wanted });
  expect(additions).toEqual({});
  return conflicts[0]?.reason;
}

test('a mapping has all columns, and guesses nothing', () => {
  expect(wantedMapping(row({ id: { type: 'int64' }, name: {} }), elastic)).toEqual({
    dynamic: false,
    properties: {
      id: { type: 'long' },
      name: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 8191 } } },
    },
  });
  expect(() => wantedMapping(row({ a: {}, 'a.b': {} }), elastic)).toThrow(/"a" and "a.b"/);
});

test('many columns raise the limit, vectors ask for their index', () => {
  const wide = row(Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`c${i}`, {}])));
  const mapping = wantedMapping(wide, elastic);
  expect(countFields(mapping)).toBe(800);
  expect(mappingSettings(mapping)).toEqual({ 'index.mapping.total_fields.limit': 1600 });
  expect(mappingSettings(wantedMapping(row({ a: {} }), elastic))).toEqual({});
  const vector: Partial<ConnectSchema> = {
    type: 'array',
    name: 'io.debezium.data.DoubleVector',
    valueSchema: { type: 'float64', optional: false },
    parameters: { '__tidemark.source.type': 'vector(3)' },
  };
  const knn = wantedMapping(row({ v: vector }), { product: 'opensearch' });
  expect(mappingSettings(knn)).toEqual({ 'index.knn': true });
});

test('what is there already needs nothing', () => {
  const wanted = wantedMapping(row({ id: { type: 'int64' }, 'a.b': {} }), elastic);
  expect(mappingChange(wanted, wanted)).toEqual({ additions: {}, conflicts: [] });
  // As servers tell names with dots, and booleans of settings.
  const told = { a: { properties: { b: { type: 'keyword' } } }, id: { type: 'long' } };
  expect(mappingChange({ dynamic: 'false', properties: told }, wanted).additions).toEqual({});
  expect(conflict({ type: 'object', enabled: 'false' }, { type: 'long' })).toBeUndefined();
});

test('new fields and sub-fields are added, in objects too', () => {
  const long: JsonObject = { type: 'long' };
  expect(change({ a: long }, { a: long, b: long }).additions).toEqual({ properties: { b: long } });
  const object = (properties: JsonObject): JsonObject => ({ properties });
  expect(change({ o: object({ a: long }) }, { o: object({ a: long, b: long }) }).additions).toEqual(
    {
      properties: { o: { properties: { b: long } } },
    },
  );
  expect(
    change({ o: { type: 'nested', ...object({}) } }, { o: object({ a: long }) }).additions,
  ).toEqual({ properties: { o: { type: 'nested', properties: { a: long } } } });
  const keyword: JsonObject = { type: 'keyword' };
  const plain: JsonObject = { type: 'double', ignore_malformed: true };
  expect(change({ f: plain }, { f: { ...plain, fields: { exact: keyword } } }).additions).toEqual({
    properties: { f: { ...plain, fields: { exact: keyword } } },
  });
});

test('a field that refuses values, or makes others of them, is a conflict', () => {
  const long: JsonObject = { type: 'long' };
  expect(conflict(long, { type: 'double' })).toMatch(/does not take them all/);
  expect(conflict(long, { type: 'text' })).toMatch(/does not take them all/);
  expect(conflict(long, { type: 'unsigned_long' })).toMatch(/another range/);
  expect(conflict({ type: 'date' }, long)).toMatch(/does not take/);
  expect(conflict({ type: 'text' }, { properties: { a: long } })).toMatch(/does not take/);
  expect(conflict({ properties: { a: long } }, long)).toMatch(/does not take/);
  expect(conflict({ type: 'alias', path: 'b' }, long)).toMatch(/alias/);
  expect(conflict({ type: 'text' }, { type: 'object', enabled: false })).toMatch(/any JSON/);
  const vector = (dims: number): JsonObject => ({ type: 'dense_vector', dims });
  expect(conflict(vector(3), vector(4))).toMatch(/dimensions/);
  const { conflicts } = change(
    { o: { properties: { a: long } } },
    { o: { properties: { a: { type: 'text' } } } },
  );
  expect(conflicts).toMatchObject([{ field: 'o.a', actual: 'long', wanted: 'text' }]);
});

test('an index of somebody’s own may have other types that take the values', () => {
  const takes: readonly (readonly [string, string])[] = [
    ['integer', 'long'],
    ['double', 'long'],
    ['scaled_float', 'double'],
    ['keyword', 'text'],
    ['wildcard', 'keyword'],
    ['keyword', 'date'],
    ['date_nanos', 'date'],
    ['text', 'ip'],
    ['keyword', 'long'],
  ];
  for (const [actual, wanted] of takes) {
    expect(conflict({ type: actual }, { type: wanted }), `${wanted} in ${actual}`).toBeUndefined();
  }
});
