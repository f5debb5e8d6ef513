import { describe, expect, test } from 'vitest';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import { isStruct } from '../../src/model/connect-schema.ts';
import { expandJson } from '../../src/transform/expand-json.ts';

const IGNORE = { nullFields: 'ignore', emptyArrays: 'ignore' } as const;

function plain(value: ConnectValue): unknown {
  if (value !== null && isStruct(value)) {
    const fields = value.schema.fields ?? [];
    return Object.fromEntries(fields.map(({ name }, i) => [name, plain(value.values[i] ?? null)]));
  }
  return Array.isArray(value) ? (value as ConnectValue[]).map(plain) : value;
}

const types = (text: string, options = IGNORE): unknown =>
  expandJson(text, options)?.schema?.fields?.map(({ name, schema }) => `${name} ${schema.type}`);

describe('expandJson', () => {
  test('gives each field the type of its value', () => {
    const text = '{"i": 1, "l": 9007199254740993, "d": 1.5, "b": true, "s": "x", "o": {"a": 1}}';
    expect(types(text)).toEqual([
      'i int32',
      'l int64',
      'd float64',
      'b boolean',
      's string',
      'o struct',
    ]);
    const value = expandJson(text, IGNORE)?.value ?? null;
    expect(plain(value)).toEqual({
      i: 1,
      l: 9007199254740993n,
      d: 1.5,
      b: true,
      s: 'x',
      o: { a: 1 },
    });
  });

  test('nulls and empty arrays have no type: left out, or optional bytes', () => {
    const text = '{"n": null, "e": [], "x": 1}';
    expect(types(text)).toEqual(['x int32']);
    const kept = { nullFields: 'optional_bytes', emptyArrays: 'optional_bytes' } as const;
    const expanded = expandJson(text, kept);
    expect(expanded?.schema?.fields?.map(({ schema }) => schema.type)).toEqual([
      'bytes',
      'array',
      'int32',
    ]);
    expect(plain(expanded?.value ?? null)).toEqual({ n: null, e: [], x: 1 });
  });

  test('elements of an array share one schema', () => {
    const expanded = expandJson('[{"a": 1}, {"b": "x", "a": 3000000000}]', IGNORE);
    expect(plain(expanded?.value ?? null)).toEqual([
      { a: 1n, b: null },
      { a: 3000000000n, b: 'x' },
    ]);
    expect(plain(expandJson('[1, "x", 2.5]', IGNORE)?.value ?? null)).toEqual(['1', 'x', '2.5']);
  });

  test.each(['"text"', '12', '{"a": ', 'plain'])('leaves %s alone', (text) => {
    expect(expandJson(text, IGNORE)).toBeNull();
  });
});
