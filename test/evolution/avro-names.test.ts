import { expect, test } from 'vitest';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { AvroNames } from '../../src/evolution/avro-names.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const int: ConnectSchema = { type: 'int32', optional: false };

test('names that Avro has no place for are replaced, and come back in texts', () => {
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    name: 'shop.my table.Value',
    fields: [
      { name: 'two words', schema: int },
      { name: 'plain', schema: int },
      {
        name: 'größen',
        schema: {
          type: 'array',
          optional: false,
          valueSchema: { type: 'struct', optional: false, fields: [{ name: '1st', schema: int }] },
        },
      },
    ],
  };
  expect(() => avroSchemaText(schema)).toThrow('not a valid Avro name');
  const names = new AvroNames();
  const text = avroSchemaText(names.of(schema));
  expect(text).not.toMatch(/words|größen|1st/);
  expect(text).toContain('"name":"plain"');
  expect(JSON.parse(names.restored(text))).toMatchObject({
    fields: [
      { name: 'two words' },
      { name: 'plain' },
      { name: 'größen', type: { items: { fields: [{ name: '1st' }] } } },
    ],
  });
});

test('one name is replaced by the same everywhere, so that two schemas can be compared', () => {
  const names = new AvroNames();
  const of = (name: string): ConnectSchema => ({
    type: 'struct',
    optional: false,
    fields: [{ name, schema: int }],
  });
  const [one, again, other] = ['a b', 'a b', 'a c'].map((name) =>
    avroSchemaText(names.of(of(name))),
  );
  expect(one).toBe(again);
  expect(one).not.toBe(other);
  expect(names.restored('tidemark_name_7_ is theirs')).toBe('tidemark_name_7_ is theirs');
});
