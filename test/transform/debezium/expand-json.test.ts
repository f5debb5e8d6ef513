import { describe, expect, test } from 'vitest';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import { isStruct } from '../../../src/model/connect-schema.ts';
import type { JsonExpansion } from '../../../src/transform/debezium/expand-json.ts';
import { expandJson } from '../../../src/transform/debezium/expand-json.ts';

const IGNORE: JsonExpansion = {
  nullFields: 'ignore',
  emptyArrays: 'ignore',
  name: 'payload',
  adjust: (name) => name,
};

function plain(value: ConnectValue): unknown {
  if (value !== null && isStruct(value)) {
    const fields = value.schema.fields ?? [];
    return Object.fromEntries(fields.map(({ name }, i) => [name, plain(value.values[i] ?? null)]));
  }
  return Array.isArray(value) ? (value as ConnectValue[]).map(plain) : value;
}

const types = (text: string): unknown =>
  expandJson(text, IGNORE)?.schema?.fields?.map(({ name, schema }) => `${name} ${schema.type}`);

describe('expandJson', () => {
  test('gives each field the type of its value', () => {
    const text = '{"i": 1, "l": 9007199254740993, "d": 1.5, "b": true, "s": "x", "o": {"a": 1}}';
    const wanted = ['i int32', 'l int64', 'd float64', 'b boolean', 's string', 'o struct'];
    expect(types(text)).toEqual(wanted);
    expect(plain(expandJson(text, IGNORE)?.value ?? null)).toEqual({
      i: 1,
      l: 9007199254740993n,
      d: 1.5,
      b: true,
      s: 'x',
      o: { a: 1 },
    });
  });

  test('names inner structs by their path', () => {
    const schema = expandJson('{"o": {"p": {"q": 1}}}', IGNORE)?.schema;
    expect(schema).toMatchObject({ name: 'payload', fields: [{ schema: { name: 'payload.o' } }] });
    const bare = expandJson('{"o": {"p": 1}}', { ...IGNORE, name: null })?.schema;
    expect(bare?.name).toBeUndefined();
    expect(bare?.fields?.[0]?.schema.name).toBe('o');
  });

  test('nulls and empty arrays have no type: left out, or optional bytes', () => {
    const text = '{"n": null, "e": [], "x": 1}';
    expect(types(text)).toEqual(['x int32']);
    const kept = {
      ...IGNORE,
      nullFields: 'optional_bytes',
      emptyArrays: 'optional_bytes',
    } as const;
    const expanded = expandJson(text, kept);
    const found = expanded?.schema?.fields?.map(({ schema }) => schema.type);
    expect(found).toEqual(['bytes', 'array', 'int32']);
    expect(plain(expanded?.value ?? null)).toEqual({ n: null, e: [], x: 1 });
  });

  test('structs in an array share one schema', () => {
    const expanded = expandJson('{"m": [{"a": 1}, {"b": "x", "a": 3}]}', IGNORE);
    expect(plain(expanded?.value ?? null)).toEqual({
      m: [
        { a: 1, b: null },
        { a: 3, b: 'x' },
      ],
    });
  });

  test('names are made valid', () => {
    const adjust = (name: string): string => name.replaceAll('-', '_');
    const expanded = expandJson('{"a-b": 1}', { ...IGNORE, adjust });
    expect(plain(expanded?.value ?? null)).toEqual({ a_b: 1 });
  });

  test.each([
    '"text"',
    '12',
    '{"a": ',
    'plain',
    '[{"a": 1}]',
    '{"m": [1, "x"]}',
    '{"m": [1, 3000000000]}',
    '{"m": [{"a": 1}, {"a": "x"}]}',
    '{"m": [null]}',
    ' {"a": 1}',
  ])('leaves %s alone', (text) => {
    expect(expandJson(text, IGNORE)).toBeNull();
  });

  test('a number beyond 64 bits is a double', () => {
    const text = '123456789012345678901234567890';
    const expanded = expandJson(`{"big": ${text}}`, IGNORE);
    expect(plain(expanded?.value ?? null)).toEqual({ big: Number(text) });
  });
});
