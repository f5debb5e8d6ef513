import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileAvroEncoder } from '../../src/converter/avro-encoder.ts';
import { valueJson } from '../../src/converter/json-text.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { type ConnectSchema, DECIMAL } from '../../src/model/connect-schema.ts';
import { convertedSchema } from '../../src/model/converted-schema.ts';
import { convertedValue, WrongValue } from '../../src/model/converted-value.ts';

const schema = (type: ConnectSchema['type'], more: Partial<ConnectSchema> = {}): ConnectSchema => ({
  type,
  optional: false,
  ...more,
});
const MONEY = schema('bytes', { name: DECIMAL, parameters: { scale: '2' } });
const STRINGS = schema('array', { valueSchema: schema('string') });
const POINT = schema('struct', {
  name: 'p',
  fields: [
    { name: 'x', schema: schema('float64') },
    { name: 'note', schema: schema('string', { optional: true }) },
  ],
});
const RATES = schema('map', { keySchema: schema('string'), valueSchema: schema('int32') });

describe('what fits', () => {
  test.each<[ConnectSchema, unknown, unknown]>([
    [schema('int8'), -128, -128],
    [schema('int16'), 32_767, 32_767],
    [schema('int32'), -(2 ** 31), -(2 ** 31)],
    [schema('int32'), -0, 0],
    [schema('int64'), 5, 5n],
    [schema('int64'), -(2n ** 63n), -(2n ** 63n)],
    [schema('float32'), 0.1, Math.fround(0.1)],
    [schema('float64'), Number.NaN, Number.NaN],
    [schema('boolean'), false, false],
    [schema('string'), '', ''],
    [schema('bytes'), new Uint8Array([1, 2]), Buffer.from([1, 2])],
    [MONEY, { unscaled: 125n, scale: 2 }, { unscaled: 125n, scale: 2 }],
    [STRINGS, ['a', 'b'], ['a', 'b']],
    [RATES, { a: 1 }, new Map([['a', 1]])],
    [RATES, new Map([['b', 2]]), new Map([['b', 2]])],
    [POINT, { x: 1 }, { schema: POINT, values: [1, null] }],
    [schema('string', { optional: true }), null, null],
  ])('%j takes %s', (target, raw, value) => {
    expect(convertedValue(target)(raw)).toEqual(value);
  });

  test('bytes are a copy: the converter may go on with its own', () => {
    const own = Buffer.from([1]);
    const value = convertedValue(schema('bytes'))(own);
    own[0] = 2;
    expect(value).toEqual(Buffer.from([1]));
  });
});

describe('what does not fit', () => {
  test.each<[ConnectSchema, unknown, string]>([
    [schema('int8'), 128, 'a number outside of int8'],
    [schema('int32'), 1.5, 'a number outside of int32'],
    [schema('int32'), Number.NaN, 'a number outside of int32'],
    [schema('int32'), '1', 'a string for int32'],
    [schema('int64'), 2 ** 53, 'a number that int64 cannot hold exactly'],
    [schema('int64'), 2n ** 63n, 'a number that int64 cannot hold exactly'],
    [schema('float64'), 1n, 'a bigint for float64'],
    [schema('boolean'), 0, 'a number for boolean'],
    [schema('string'), 5, 'a number for string'],
    [schema('string'), '\ud800', 'half of a surrogate pair'],
    [schema('string'), undefined, 'undefined for string'],
    [schema('string', { optional: true }), undefined, 'undefined for string'],
    [schema('string'), null, 'null for string'],
    [schema('string'), Promise.resolve('x'), 'a promise (convert must not be async)'],
    [schema('bytes'), 'abc', 'a string for bytes'],
    [schema('bytes'), [1, 2], 'an array for bytes'],
    [MONEY, { unscaled: 125n, scale: 3 }, 'a Decimal of another scale than 2'],
    [MONEY, { unscaled: 125, scale: 2 }, `an object for ${DECIMAL}`],
    [MONEY, 1.25, `a number for ${DECIMAL}`],
    [STRINGS, 'a', 'a string for array'],
    [STRINGS, ['a', null], '[1]: null for string'],
    // oxlint-disable-next-line no-sparse-arrays -- a hole is what is tested
    [STRINGS, ['a', , 'c'], '[1]: undefined for string'],
    [RATES, new Map([[1, 1]]), 'a key of a map that is no string'],
    [RATES, { a: 'x' }, 'a value of the map: a string for int32'],
    [RATES, ['a'], 'an array for map'],
    [POINT, { note: 'n' }, 'no value for the field x'],
    [POINT, { x: 'n' }, 'x: a string for float64'],
    [POINT, { x: 1, y: 2 }, 'a field that the struct does not have'],
    [POINT, new Date(0), 'an object for p'],
  ])('%j refuses %s', (target, raw, message) => {
    expect(() => convertedValue(target)(raw)).toThrow(WrongValue);
    expect(() => convertedValue(target)(raw)).toThrow(message);
  });

  test('no message shows the value', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        for (const target of [schema('int8'), MONEY, STRINGS, POINT, RATES]) {
          try {
            convertedValue(target)({ secret: raw, x: 'secret-text' });
          } catch (error) {
            expect((error as Error).message).not.toContain('secret');
          }
        }
      }),
    );
  });
});

test('whatever passes can be written as JSON and as Avro', () => {
  const rawSchema = fc.letrec<{ schema: unknown }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({
        type: fc.constantFrom('int8', 'int32', 'int64', 'float64', 'boolean', 'string', 'bytes'),
        optional: fc.boolean(),
      }),
      fc.record({ type: fc.constant('array'), valueSchema: tie('schema') }),
      fc.record({ type: fc.constant('map'), valueSchema: tie('schema') }),
      fc.record({
        type: fc.constant('struct'),
        name: fc.constant('s'),
        fields: tie('schema').map((inner) => [{ name: 'f', schema: inner }]),
      }),
    ),
  })).schema;
  const raw = fc.anything({ withBigInt: true, withMap: true, withTypedArray: true });
  let passed = 0;
  fc.assert(
    fc.property(rawSchema, raw, (given, value) => {
      const target = convertedSchema(given);
      let checked;
      try {
        checked = convertedValue(target)(value);
      } catch (error) {
        expect(error).toBeInstanceOf(WrongValue);
        return;
      }
      passed++;
      compileAvroEncoder(target)(new ByteWriter(64), checked);
      const text = valueJson(target, checked, {
        decimalFormat: 'BASE64',
        replaceNullWithDefault: false,
      });
      // Java's NaN and Infinity are no JSON; a float may be one.
      if (!/NaN|Infinity/.test(text)) JSON.parse(text);
    }),
    { numRuns: 2000 },
  );
  expect(passed).toBeGreaterThan(0);
});
