import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileJsonDecoder, OtherLayout } from '../../src/converter/json-payload-decoder.ts';
import { valueJson } from '../../src/converter/json-text.ts';
import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import { valueFromJson } from '../../src/model/connect-json.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';

const OPTIONS = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;

function read(schema: ConnectSchema, text: string) {
  const bytes = Buffer.from(text);
  const cursor = { bytes, at: 0 };
  const value = compileJsonDecoder(schema)(cursor);
  return { value, at: cursor.at, length: bytes.length };
}

const required = (type: ConnectSchema['type']): ConnectSchema => ({ type, optional: false });

describe('reading by the schema', () => {
  test('gives what the general path gives, or declines', () => {
    let taken = 0;
    fc.assert(
      fc.property(anyStruct, ({ schema, value }) => {
        const text = valueJson(schema, value, OPTIONS);
        const general = valueFromJson(schema, parseLosslessJson(text));
        try {
          const fast = read(schema, text);
          expect(plain(fast.value)).toEqual(plain(general));
          expect(fast.at).toBe(fast.length);
          taken++;
        } catch (error) {
          expect(error).toBeInstanceOf(OtherLayout);
        }
      }),
    );
    // The structs end with a map, which only the general path reads.
    expect(taken).toBe(0);
  });

  test('takes every struct without maps and quoted floats', () => {
    fc.assert(
      fc.property(anyStruct, ({ schema, value }) => {
        const fields = (schema.fields ?? []).slice(0, -1);
        const cut = { ...schema, fields };
        const values = (value as Struct).values.slice(0, -1);
        const text = valueJson(cut, { schema: cut, values }, OPTIONS);
        fc.pre(!/"(NaN|-?Infinity)"|\{\}/.test(text));
        expect(plain(read(cut, text).value)).toEqual(plain({ schema: cut, values }));
      }),
    );
  });

  test('longs to the last digit', () => {
    const edges = [0n, 999999999n, 10n ** 15n - 1n, 10n ** 15n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    const long = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(...edges, ...edges.map((edge) => -edge), -(2n ** 63n)),
    );
    fc.assert(
      fc.property(long, (value) => {
        expect(read(required('int64'), String(value)).value).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a long beyond 2⁶³', required('int64'), '9223372036854775808'],
    ['twenty digits', required('int64'), '10000000000000000000'],
    ['no digits', required('int64'), '-'],
    ['a quoted number', required('float64'), '"NaN"'],
    ['an open string', required('string'), '"abc'],
    ['an open escape', required('string'), '"abc\\'],
    ['a raw control', required('string'), '"a\nb"'],
    ['a bad escape', required('string'), '"\\x"'],
    ['null where the schema forbids it', required('boolean'), 'null'],
    ['an open array', { ...required('array'), valueSchema: required('int32') }, '[1,2'],
    [
      'fields in another order',
      {
        ...required('struct'),
        fields: [
          { name: 'a', schema: required('int32') },
          { name: 'b', schema: required('int32') },
        ],
      },
      '{"b":1,"a":2}',
    ],
  ])('declines %s', (_what, schema, text) => {
    expect(() => read(schema, text)).toThrow(OtherLayout);
  });

  test.each([
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t é"', '"\\/\b\f\n\r\t é'],
    ['"\\uD83D\\uDE00\\u001F"', '😀\u001f'],
    ['""', ''],
  ])('unescapes %s', (text, value) => {
    expect(read(required('string'), text).value).toBe(value);
  });
});
