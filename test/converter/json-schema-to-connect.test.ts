import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectSchemaOf } from '../../src/converter/json-schema-to-connect.ts';
import { jsonSchemaText } from '../../src/converter/json-schema-text.ts';
import { anyStruct } from '../support/arbitrary-schema.ts';

const OPTIONS = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
const parsed = (schema: unknown) => connectSchemaOf(JSON.stringify(schema));

test('what we write comes back', () => {
  fc.assert(
    fc.property(anyStruct, ({ schema }) => {
      expect(connectSchemaOf(jsonSchemaText(schema, OPTIONS))).toEqual(schema);
    }),
    { numRuns: 300 },
  );
});

describe('what others write', () => {
  test('types without connect.type are the widest, fields stand as they are written', () => {
    const schema = parsed({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      title: 'Order',
      properties: {
        b: { type: 'integer' },
        a: { type: ['null', 'number'] },
        c: { anyOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] },
        kind: { enum: ['x', 'y'] },
      },
      required: ['b'],
    });
    expect(schema).toEqual({
      type: 'struct',
      optional: false,
      name: 'Order',
      fields: [
        { name: 'b', schema: { type: 'int64', optional: false } },
        { name: 'a', schema: { type: 'float64', optional: true } },
        { name: 'c', schema: { type: 'string', optional: true } },
        { name: 'kind', schema: { type: 'string', optional: false } },
      ],
    });
  });

  test('connect.index decides the order of fields', () => {
    const properties = {
      b: { type: 'string', 'connect.index': 1 },
      a: { type: 'string', 'connect.index': 0 },
    };
    const { fields } = parsed({ type: 'object', properties });
    expect(fields?.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test.each([
    [{ oneOf: [{ type: 'string' }, { type: 'integer' }] }, /x is one of 2 types/],
    [{ type: ['string', 'integer'] }, /x is one of 2 types/],
    [{ $ref: '#/definitions/x' }, /x is a \$ref/],
    [{ type: 'strange' }, /x has no known type/],
    [{ type: 'object', properties: { y: true } }, /x\.y is no object/],
  ])('%o has no schema in Connect', (field, told) => {
    expect(() => parsed({ type: 'object', properties: { x: field } })).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_INVALID',
        message: expect.stringMatching(told) as string,
      }),
    );
  });

  test('what is no JSON is said so', () => {
    expect(() => connectSchemaOf('{')).toThrow(/is not JSON/);
  });
});
