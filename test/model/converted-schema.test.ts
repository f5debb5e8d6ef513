import { describe, expect, test } from 'vitest';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import { convertedSchema, WrongSchema } from '../../src/model/converted-schema.ts';

describe('a schema from outside', () => {
  test('keeps what it has, and is required unless it says otherwise', () => {
    expect(convertedSchema({ type: 'string' })).toEqual({ type: 'string', optional: false });
    const full = {
      type: 'struct',
      optional: true,
      name: 'com.acme.Money',
      version: 2,
      doc: 'an amount',
      parameters: { currency: 'EUR' },
      fields: [
        {
          name: 'amount',
          schema: { type: 'bytes', optional: false, name: DECIMAL, parameters: { scale: '2' } },
        },
        {
          name: 'tags',
          schema: {
            type: 'array',
            optional: true,
            valueSchema: { type: 'string', optional: false, default: 'x' },
          },
        },
        {
          name: 'rates',
          schema: {
            type: 'map',
            optional: false,
            keySchema: { type: 'string', optional: false },
            valueSchema: { type: 'float64', optional: true },
          },
        },
      ],
    };
    expect(convertedSchema(full)).toEqual(full);
  });

  test('a default is of its own type', () => {
    expect(convertedSchema({ type: 'int64', default: 7 }).default).toBe(7n);
    expect(() => convertedSchema({ type: 'int64', default: '7' })).toThrow(
      'schema.default: a string for int64',
    );
  });

  test.each<[unknown, string]>([
    [undefined, 'schema must be an object'],
    [[], 'schema must be an object'],
    ['string', 'schema must be an object'],
    [{}, 'schema.type must be one of'],
    [{ type: 'text' }, 'schema.type must be one of'],
    [{ type: 'string', size: 3 }, 'schema has size, which no schema has'],
    [{ type: 'string', optional: 'yes' }, 'schema.optional must be a boolean'],
    [{ type: 'string', name: 3 }, 'schema.name must be a string'],
    [{ type: 'string', version: 1.5 }, 'schema.version must be a whole number'],
    [{ type: 'string', parameters: { a: 1 } }, 'schema.parameters.a must be a string'],
    [{ type: 'string', fields: [] }, 'schema of type string has no fields'],
    [{ type: 'array' }, 'schema.valueSchema must be an object'],
    [{ type: 'array', fields: [] }, 'schema of type array has no fields'],
    [
      { type: 'map', valueSchema: { type: 'string' }, keySchema: { type: 'int32' } },
      'schema.keySchema must be a string',
    ],
    [{ type: 'struct' }, 'schema.fields must be a list'],
    [{ type: 'struct', fields: [] }, 'schema.fields must be a list'],
    [{ type: 'struct', fields: [{ schema: { type: 'string' } }] }, 'fields[0].name is missing'],
    [
      {
        type: 'struct',
        fields: [
          { name: 'a', schema: { type: 'string' } },
          { name: 'a', schema: { type: 'string' } },
        ],
      },
      'schema has two fields named a',
    ],
    [{ type: 'bytes', name: DECIMAL }, 'a Decimal is of type bytes and has the parameter scale'],
    [{ type: 'string', name: DECIMAL, parameters: { scale: '2' } }, 'a Decimal is of type bytes'],
  ])('%j is refused', (raw, message) => {
    expect(() => convertedSchema(raw)).toThrow(WrongSchema);
    expect(() => convertedSchema(raw)).toThrow(message);
  });

  test('a schema within itself is refused, not followed for ever', () => {
    const endless: Record<string, unknown> = { type: 'array' };
    endless['valueSchema'] = endless;
    expect(() => convertedSchema(endless)).toThrow('nested too deeply');
  });
});
