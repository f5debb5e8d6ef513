import { describe, expect, test } from 'vitest';
import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import { parseDecimalText, schemaFromJson, valueFromJson } from '../../src/model/connect-json.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';

const decimal: ConnectSchema = {
  type: 'bytes',
  optional: false,
  name: DECIMAL,
  parameters: { scale: '2' },
};
const read = (schema: ConnectSchema, text: string) =>
  valueFromJson(schema, parseLosslessJson(text));

describe('schemas', () => {
  test('every part is read', () => {
    const text =
      '{"type":"struct","fields":[{"type":"map","keys":{"type":"string","optional":false},' +
      '"values":{"type":"float","optional":true},"optional":true,"doc":"d","field":"m"}],' +
      '"optional":false,"name":"n","version":2}';
    expect(schemaFromJson(parseLosslessJson(text))).toEqual({
      type: 'struct',
      optional: false,
      name: 'n',
      version: 2,
      fields: [
        {
          name: 'm',
          schema: {
            type: 'map',
            optional: true,
            doc: 'd',
            keySchema: { type: 'string', optional: false },
            valueSchema: { type: 'float32', optional: true },
          },
        },
      ],
    });
  });

  test.each([
    '1',
    '{}',
    '{"type":"float64"}',
    '{"type":"array"}',
    '{"type":"struct","fields":[1]}',
  ])('%s is none', (text) => {
    expect(() => schemaFromJson(parseLosslessJson(text))).toThrow(
      expect.objectContaining({ code: 'RECORD_FORMAT' }),
    );
  });
});

describe('values', () => {
  test('decimals in both formats, brought to the scale of the schema', () => {
    expect(read(decimal, '"BM4="')).toEqual({ unscaled: 1230n, scale: 2 });
    expect(read(decimal, '12.3')).toEqual({ unscaled: 1230n, scale: 2 });
    expect(read(decimal, '12')).toEqual({ unscaled: 1200n, scale: 2 });
    expect(read(decimal, '1.230E1')).toEqual({ unscaled: 1230n, scale: 2 });
    expect(() => read(decimal, '1.234')).toThrow('more digits than scale 2');
  });

  test('a missing field is its default, or null, or an error', () => {
    const field = (schema: ConnectSchema): ConnectSchema => ({
      type: 'struct',
      optional: false,
      fields: [{ name: 'a', schema }],
    });
    const values = (schema: ConnectSchema) =>
      (read(field(schema), '{}') as { readonly values: unknown }).values;
    expect(values({ type: 'int32', optional: true, default: 5 })).toEqual([null]);
    expect(values({ type: 'int32', optional: false, default: 5 })).toEqual([5]);
    expect(() => values({ type: 'int32', optional: false })).toThrow('null where');
  });

  test('maps as objects or as pairs (PITFALLS C31)', () => {
    const map: ConnectSchema = {
      type: 'map',
      optional: false,
      keySchema: { type: 'string', optional: true },
      valueSchema: { type: 'int64', optional: true },
    };
    expect(read(map, '{"a":1}')).toEqual(new Map([['a', 1n]]));
    expect(read(map, '[["a",1],["b",null]]')).toEqual(
      new Map([
        ['a', 1n],
        ['b', null],
      ]),
    );
  });

  test.each<[ConnectSchema['type'], string]>([
    ['int32', '"1"'],
    ['int64', '1.5'],
    ['boolean', '0'],
    ['string', '1'],
    ['float64', '"x"'],
    ['bytes', '1'],
    ['struct', '[]'],
  ])('%s is not %s', (type, text) => {
    expect(() => read({ type, optional: true }, text)).toThrow(
      expect.objectContaining({ code: 'RECORD_FORMAT' }),
    );
  });
});

test('decimal text', () => {
  expect(parseDecimalText('-0.10')).toEqual({ unscaled: -10n, scale: 2 });
  expect(parseDecimalText('1E+3')).toEqual({ unscaled: 1n, scale: -3 });
  expect(() => parseDecimalText('NaN')).toThrow('not a decimal');
});
