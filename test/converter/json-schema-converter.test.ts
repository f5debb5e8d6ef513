import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SchemaRegistry } from '../../src/converter/converter.ts';
import { JsonSchemaConverter } from '../../src/converter/json-schema-converter.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';

/** Remembers texts by id. */
class Texts implements SchemaRegistry {
  readonly asked: string[] = [];
  readonly #texts: string[] = [];

  register(subject: string, schema: string, type?: string): Promise<number> {
    this.asked.push(`${type} ${subject}`);
    if (!this.#texts.includes(schema)) this.#texts.push(schema);
    return Promise.resolve(this.#texts.indexOf(schema) + 1);
  }

  schemaById(id: number): Promise<string> {
    const text = this.#texts[id - 1];
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(new TidemarkError('SCHEMA_UNKNOWN', `no ${id}`));
  }
}

function setup(decimalFormat: 'BASE64' | 'NUMERIC' = 'BASE64') {
  const registry = new Texts();
  const make = () =>
    new JsonSchemaConverter(registry, {
      decimalFormat,
      replaceNullWithDefault: false,
      subjectOf: (topic) => `${topic}-value`,
    });
  return { registry, converter: make(), reader: make() };
}

const ROW: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: [
    { name: 'id', schema: { type: 'int64', optional: false } },
    {
      name: 'price',
      schema: {
        type: 'bytes',
        optional: true,
        name: 'org.apache.kafka.connect.data.Decimal',
        parameters: { scale: '2' },
      },
    },
  ],
};

test.each([
  ['BASE64', '{"id":9007199254740993,"price":"BM4="}'],
  ['NUMERIC', '{"id":9007199254740993,"price":12.30}'],
] as const)('wire format, decimals as %s', async (format, text) => {
  const { converter, reader } = setup(format);
  const prepared = await converter.prepare('t', ROW);
  const price = { unscaled: 1230n, scale: 2 };
  const struct = { schema: ROW, values: [9007199254740993n, price] };
  const bytes = converter.fromConnect(prepared, struct);
  expect(bytes?.subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 1]));
  expect(bytes?.subarray(5).toString()).toBe(text);
  expect(await reader.toConnect('t', bytes)).toEqual(struct);
  expect(reader.toConnect('t', bytes)).toEqual(struct);
});

test('every value comes back', async () => {
  const { converter, reader } = setup();
  await fc.assert(
    fc.asyncProperty(anyStruct, async ({ schema, value }) => {
      const bytes = converter.fromConnect(await converter.prepare('t', schema), value);
      const read = await reader.toConnect('t', bytes);
      expect(read?.schema).toEqual(schema);
      expect(plain(read)).toEqual(plain(value));
    }),
    { numRuns: 200 },
  );
});

test('one schema is asked for once; null is a tombstone', async () => {
  const { converter, registry } = setup();
  const prepared = await converter.prepare('t', ROW);
  await converter.prepare('t', { ...ROW });
  expect(registry.asked).toEqual(['JSON t-value']);
  expect([converter.fromConnect(prepared, null), converter.toConnect('t', null)]).toEqual([
    null,
    null,
  ]);
});

test('what does not begin with an id is refused', () => {
  expect(() => setup().converter.toConnect('t', Buffer.from('{"id":1}'))).toThrow(
    expect.objectContaining({ code: 'RECORD_FORMAT' }),
  );
});
