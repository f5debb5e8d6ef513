import { expect, test } from 'vitest';
import { jsonSchemaText } from '../../src/converter/json-schema-text.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const OPTIONS = { decimalFormat: 'BASE64', replaceNullWithDefault: false } as const;
const text = (schema: ConnectSchema): unknown => JSON.parse(jsonSchemaText(schema, OPTIONS));

const ROW: ConnectSchema = {
  type: 'struct',
  optional: true,
  name: 'shop.public.orders.Value',
  fields: [
    { name: 'id', schema: { type: 'int32', optional: false, default: 0 } },
    { name: 'note', schema: { type: 'string', optional: true, doc: 'what was said' } },
    {
      name: 'day',
      schema: { type: 'int32', optional: true, name: 'io.debezium.time.Date', version: 1 },
    },
  ],
};

test('a row of Debezium: optional things are one of null and themselves', () => {
  expect(
    text({ type: 'struct', optional: false, name: 'E', fields: [{ name: 'after', schema: ROW }] }),
  ).toEqual({
    type: 'object',
    title: 'E',
    properties: {
      after: {
        oneOf: [
          { type: 'null' },
          {
            type: 'object',
            title: 'shop.public.orders.Value',
            properties: {
              id: { type: 'integer', 'connect.type': 'int32', 'connect.index': 0, default: 0 },
              note: {
                oneOf: [{ type: 'null' }, { type: 'string', description: 'what was said' }],
                'connect.index': 1,
              },
              day: {
                oneOf: [
                  { type: 'null' },
                  {
                    type: 'integer',
                    title: 'io.debezium.time.Date',
                    'connect.type': 'int32',
                    'connect.version': 1,
                  },
                ],
                'connect.index': 2,
              },
            },
          },
        ],
        'connect.index': 0,
      },
    },
  });
});

test.each<[ConnectSchema, object]>([
  [
    { type: 'int8', optional: false },
    { type: 'integer', 'connect.type': 'int8' },
  ],
  [
    { type: 'int64', optional: false },
    { type: 'integer', 'connect.type': 'int64' },
  ],
  [
    { type: 'float32', optional: false },
    { type: 'number', 'connect.type': 'float32' },
  ],
  [
    { type: 'float64', optional: false },
    { type: 'number', 'connect.type': 'float64' },
  ],
  [
    { type: 'bytes', optional: false },
    { type: 'string', 'connect.type': 'bytes' },
  ],
  [{ type: 'boolean', optional: false }, { type: 'boolean' }],
  [
    {
      type: 'bytes',
      optional: false,
      name: 'org.apache.kafka.connect.data.Decimal',
      version: 1,
      parameters: { scale: '2' },
    },
    {
      type: 'number',
      title: 'org.apache.kafka.connect.data.Decimal',
      'connect.type': 'bytes',
      'connect.version': 1,
      'connect.parameters': { scale: '2' },
    },
  ],
  [
    { type: 'array', optional: false, valueSchema: { type: 'string', optional: true } },
    { type: 'array', items: { oneOf: [{ type: 'null' }, { type: 'string' }] } },
  ],
  [
    {
      type: 'map',
      optional: false,
      keySchema: { type: 'string', optional: false },
      valueSchema: { type: 'boolean', optional: false },
    },
    { type: 'object', additionalProperties: { type: 'boolean' }, 'connect.type': 'map' },
  ],
  [
    {
      type: 'map',
      optional: false,
      keySchema: { type: 'int16', optional: false },
      valueSchema: { type: 'boolean', optional: false },
    },
    {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          key: { type: 'integer', 'connect.type': 'int16', 'connect.index': 0 },
          value: { type: 'boolean', 'connect.index': 1 },
        },
      },
      'connect.type': 'map',
    },
  ],
])('%o', (schema, wanted) => {
  expect(text(schema)).toEqual(wanted);
});
