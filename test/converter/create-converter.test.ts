import { describe, expect, test, vi } from 'vitest';
import type { SchemaRegistry } from '../../src/converter/converter.ts';
import { createConverter } from '../../src/converter/create-converter.ts';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const SCHEMA: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'n.S',
  fields: [
    { name: 'id', schema: { type: 'int32', optional: false } },
    { name: 'v', schema: { type: 'float64', optional: true } },
    { name: 'n', schema: { type: 'string', optional: true } },
  ],
};
const STRUCT: Struct = { schema: SCHEMA, values: [1, 2, null] };

async function written(name: string, schema = SCHEMA, value: Struct | Buffer | string = STRUCT) {
  const registry = new EmbeddedRegistry(new MemoryDocuments());
  const converter = createConverter({ name, isKey: true, registry, schemasEnable: false });
  const prepared = await converter.prepare('t', schema);
  return { converter, bytes: converter.fromConnect(prepared, value), prepared };
}

describe('converters by name', () => {
  test.each([
    ['json', '{"id":1,"v":2.0,"n":null}'],
    ['org.apache.kafka.connect.json.JsonConverter', '{"id":1,"v":2.0,"n":null}'],
    ['string', 'Struct{id=1,v=2.0}'],
    ['org.apache.kafka.connect.storage.StringConverter', 'Struct{id=1,v=2.0}'],
  ])('%s', async (name, text) => {
    expect((await written(name)).bytes?.toString()).toBe(text);
  });

  test.each(['avro', 'io.confluent.connect.avro.AvroConverter'])('%s', async (name) => {
    const { bytes } = await written(name);
    expect(bytes?.toString('hex')).toBe('00000000010202000000000000004000');
  });

  test('jsonschema asks for an id of JSON, under the subject that the strategy names', async () => {
    const register = vi.fn<SchemaRegistry['register']>(() => Promise.resolve(258));
    const registry = { register, schemaById: () => Promise.reject(new Error('not asked')) };
    for (const name of ['jsonschema', 'io.confluent.connect.json.JsonSchemaConverter']) {
      const settings = { name, isKey: true, registry, subjectStrategy: 'topic-record' as const };
      const converter = createConverter(settings);
      const bytes = converter.fromConnect(await converter.prepare('t', SCHEMA), STRUCT);
      expect(bytes?.toString('latin1')).toBe('\0\0\0\u0001\u0002{"id":1,"v":2.0,"n":null}');
      expect(register.mock.lastCall?.[0]).toBe('t-n.S');
      expect(register.mock.lastCall?.[2]).toBe('JSON');
    }
  });

  test('an unknown name is refused', () => {
    const registry = new EmbeddedRegistry(new MemoryDocuments());
    expect(() => createConverter({ name: 'protobuf', isKey: false, registry })).toThrow(
      expect.objectContaining({ code: 'CONFIG_UNSUPPORTED' }),
    );
  });
});

describe('bytearray and string', () => {
  test('bytes pass as they are; anything else is refused', async () => {
    const bytes = Buffer.from([0, 1, 255]);
    const schema: ConnectSchema = { type: 'bytes', optional: true };
    expect((await written('bytearray', schema, bytes)).bytes).toEqual(bytes);
    await expect(written('bytearray')).rejects.toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID' }),
    );
  });

  test.each(['bytearray', 'string'])('%s: nulls pass, rows cannot be read back', async (name) => {
    const schema: ConnectSchema = { type: 'bytes', optional: true };
    const { converter, prepared } = await written(name, schema, Buffer.from('x'));
    expect(converter.fromConnect(prepared, null)).toBeNull();
    expect(converter.toConnect('t', null)).toBeNull();
    expect(() => converter.toConnect('t', Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'RECORD_FORMAT' }),
    );
  });
});
