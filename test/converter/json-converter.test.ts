import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';
import { goldenRecords, goldenTable } from '../support/golden-records.ts';

const converter = new JsonConverter();

function one(field: ConnectSchema, value: ConnectValue): Struct {
  return {
    schema: { type: 'struct', optional: false, fields: [{ name: 'v', schema: field }] },
    values: [value],
  };
}

function payload(field: ConnectSchema, value: ConnectValue, from = converter): string {
  const struct = one(field, value);
  const text = from.fromConnect(from.prepared(struct.schema), struct)?.toString() ?? '';
  return text.slice(text.indexOf('"payload":{"v":') + '"payload":{"v":'.length, -2);
}

describe('what Connect wrote, read and written again, is the same bytes', () => {
  test.each(['values', 'changes', 'tombstones-off', 'heartbeat', 'transaction'])('%s', (name) => {
    let compared = 0;
    for (const record of goldenRecords(name)) {
      for (const text of [record.key, record.value]) {
        if (text === null) continue;
        const struct = converter.toConnect('t', Buffer.from(text)) as Struct;
        const again = converter.fromConnect(converter.prepared(struct.schema), struct);
        expect(again?.toString()).toBe(text);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1);
  });

  test('schemas.enable=false writes the bare payload (PITFALLS C35)', () => {
    const bare = new JsonConverter({ schemasEnable: false });
    const rows = (name: string) =>
      goldenTable(name, 'public.t_pkupd').filter((record) => record.value !== null);
    const withSchemas = rows('changes');
    const without = rows('schemaless');
    expect(without.length).toBe(withSchemas.length);
    withSchemas.forEach((record, i) => {
      const struct = converter.toConnect('t', Buffer.from(record.value ?? '')) as Struct;
      const made = bare.fromConnect(bare.prepared(struct.schema), struct)?.toString();
      expect(withoutRun(made)).toBe(withoutRun(without[i]?.value));
    });
  });

  function withoutRun(text: string | null | undefined): string {
    const run = /"(ts_ms|ts_us|ts_ns|lsn|txId|sequence|name)":("(\\"|[^"])*"|[0-9]+)/g;
    return (text ?? '').replace(run, '"$1":*');
  }
});

describe('values', () => {
  test.each<[string, ConnectSchema['type'], ConnectValue, string]>([
    ['int64 as raw digits (C34)', 'int64', 9007199254740993n, '9007199254740993'],
    ['the least int64', 'int64', -(2n ** 63n), '-9223372036854775808'],
    ['double as Java prints', 'float64', 1e10, '1.0E10'],
    ['NaN quoted', 'float64', NaN, '"NaN"'],
    ['infinity quoted', 'float32', -Infinity, '"-Infinity"'],
    ['negative zero', 'float64', -0, '-0.0'],
    ['base64', 'bytes', Buffer.from([0xff, 0]), '"/wA="'],
    ['controls in upper case', 'string', '\u001f\u0001\n', '"\\u001F\\u0001\\n"'],
    ['surrogates escaped, the rest raw', 'string', '😀é\u2028', '"\\uD83D\\uDE00é\u2028"'],
  ])('%s', (_what, type, value, text) => {
    expect(payload({ type, optional: true }, value)).toBe(text);
  });

  test('decimal.format (C28, C32)', () => {
    const schema: ConnectSchema = {
      type: 'bytes',
      optional: true,
      name: DECIMAL,
      parameters: { scale: '2' },
    };
    const numeric = new JsonConverter({ decimalFormat: 'NUMERIC' });
    const value = { unscaled: 1230n, scale: 2 };
    expect(payload(schema, value)).toBe('"BM4="');
    expect(payload(schema, value, numeric)).toBe('12.30');
    const struct = one(schema, value);
    const bytes = numeric.fromConnect(numeric.prepared(struct.schema), struct);
    expect(numeric.toConnect('t', bytes)?.values).toEqual([value]);
  });

  test('a null stays null unless replace.null.with.default asks otherwise (C33)', () => {
    const schema: ConnectSchema = { type: 'int32', optional: true, default: 42 };
    expect(payload(schema, null)).toBe('null');
    const replacing = new JsonConverter({ replaceNullWithDefault: true });
    expect(payload(schema, null, replacing)).toBe('42');
  });

  test('maps: object for string keys, pairs for optional ones (C31)', () => {
    const values = { type: 'int32', optional: false } as const;
    const map = new Map([['a', 1]]);
    const schema = (optional: boolean): ConnectSchema => ({
      type: 'map',
      optional: false,
      keySchema: { type: 'string', optional },
      valueSchema: values,
    });
    expect(payload(schema(false), map)).toBe('{"a":1}');
    expect(payload(schema(true), map)).toBe('[["a",1]]');
  });

  test.each<[string, ConnectSchema, ConnectValue]>([
    ['null where the schema forbids it', { type: 'string', optional: false }, null],
    ['text for a number', { type: 'int32', optional: true }, 'x'],
    ['a number for int64', { type: 'int64', optional: true }, 1],
  ])('%s is a conversion error', (_what, schema, value) => {
    expect(() => payload(schema, value)).toThrow(
      expect.objectContaining({ code: 'VALUE_CONVERSION' }),
    );
  });
});

describe('reading', () => {
  test('every struct comes back as it was', () => {
    fc.assert(
      fc.property(anyStruct, ({ schema, value }) => {
        const bytes = converter.fromConnect(converter.prepared(schema), value);
        const back = converter.toConnect('t', bytes) as Struct;
        expect(plain(back)).toEqual(plain(value));
        expect(back.schema).toEqual(schema);
      }),
    );
  });

  test('records of a topic are cut by the bytes of its schema, also after it changed', () => {
    const own = new JsonConverter();
    const tricky = one({ type: 'string', optional: false, doc: ',"payload":' }, ',"payload":{}}');
    const other = one({ type: 'int64', optional: false }, 5n);
    for (const struct of [tricky, tricky, other, tricky]) {
      const bytes = own.fromConnect(own.prepared(struct.schema), struct);
      expect(own.toConnect('t', bytes)?.values).toEqual(struct.values);
    }
  });

  test('keys in another order and spaces are read as well', () => {
    const text = `{ "payload": {"v": 1}, "schema": {"fields": [{"field": "v", "optional": false,
      "type": "int64"}], "type": "struct", "optional": false} }`;
    expect(converter.toConnect('t', Buffer.from(text))?.values).toEqual([1n]);
  });

  test('a tombstone is null, not a value (C3)', () => {
    expect(converter.toConnect('t', null)).toBeNull();
    expect(
      converter.fromConnect(
        converter.prepared(one({ type: 'int8', optional: true }, 1).schema),
        null,
      ),
    ).toBeNull();
  });

  test.each(['{"v":1}', '5', '"x"', '[1]'])('without a schema there are no rows: %s', (text) => {
    expect(() => converter.toConnect('t', Buffer.from(text))).toThrow(
      expect.objectContaining({
        code: 'RECORD_FORMAT',
        cure: expect.stringContaining('schemas.enable') as string,
      }),
    );
  });

  test('no prefix of a record is taken for one', () => {
    const text = goldenTable('changes', 'public.t_pkupd')[0]?.value ?? '';
    for (let end = 0; end < text.length; end += 7) {
      const own = new JsonConverter();
      expect(() => own.toConnect('t', Buffer.from(text.slice(0, end)))).toThrow(
        expect.objectContaining({ code: 'RECORD_FORMAT' }),
      );
    }
  });
});
