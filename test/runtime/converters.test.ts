import { expect, test } from 'vitest';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { convertersOf, needsGeneralPath } from '../../src/runtime/converters.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const SCHEMA: ConnectSchema = {
  type: 'struct',
  optional: false,
  name: 'K',
  fields: [{ name: 'id', schema: { type: 'int32', optional: false } }],
};

function setup(source: Readonly<Record<string, unknown>>) {
  const config = parsedPipeline({ source });
  const documents = new MemoryDocuments();
  return { documents, ...convertersOf(config.source.options, new EmbeddedRegistry(documents)) };
}

test('Avro registers key and value under subjects of their own', async () => {
  const { key, value, documents } = setup({ 'key.converter': 'avro', 'value.converter': 'avro' });
  expect([key.format, value.format]).toEqual(['avro', 'avro']);
  const keyBytes = key.converter.fromConnect(await key.converter.prepare('t', SCHEMA), {
    schema: SCHEMA,
    values: [7],
  });
  expect(keyBytes?.[0]).toBe(0);
  await value.converter.prepare('t', SCHEMA);
  const stored = JSON.stringify([...documents.collections.values()].map((map) => [...map]));
  expect(stored).toContain('t-key');
  expect(stored).toContain('t-value');
});

test('JSON carries its schema unless it is told not to, each side by itself', async () => {
  const { key, value, documents } = setup({
    'key.converter': 'json',
    'key.converter.schemas.enable': false,
    'value.converter': 'json',
    'value.converter.schemas.enable': true,
  });
  expect([key.format, value.format]).toEqual(['json', 'json']);
  const struct = { schema: SCHEMA, values: [7] };
  const text = async (side: typeof key): Promise<string | undefined> =>
    side.converter.fromConnect(await side.converter.prepare('t', SCHEMA), struct)?.toString();
  expect(await text(key)).toBe('{"id":7}');
  expect(await text(value)).toMatch(/^\{"schema":\{.*\},"payload":\{"id":7\}\}$/);
  expect(documents.writes).toBe(0);
});

test('decimals as base64 or as numbers, each side by itself, and both are read', async () => {
  const { key, value } = setup({
    'key.converter': 'json',
    'key.converter.schemas.enable': false,
    'value.converter': 'json',
    'value.converter.decimal.format': 'numeric',
  });
  const name = 'org.apache.kafka.connect.data.Decimal';
  const decimal: ConnectSchema = {
    type: 'bytes',
    optional: false,
    name,
    parameters: { scale: '2' },
  };
  const schema: ConnectSchema = { ...SCHEMA, fields: [{ name: 'price', schema: decimal }] };
  const struct = { schema, values: [{ unscaled: 1230n, scale: 2 }] };
  const bytes = async (side: typeof key): Promise<Buffer | null> =>
    side.converter.fromConnect(await side.converter.prepare('t', schema), struct);
  expect(String(await bytes(key))).toBe('{"price":"BM4="}');
  const written = await bytes(value);
  expect(String(written)).toMatch(/"payload":\{"price":12\.30\}\}$/);
  expect([key.decimalFormat, value.decimalFormat]).toEqual(['BASE64', 'NUMERIC']);
  const read = await value.converter.toConnect('t', written);
  expect(read).toMatchObject({ values: [{ unscaled: 1230n, scale: 2 }] });
});

test('bytes pass, and what is none is written by the delegate', async () => {
  const { value } = setup({
    'value.converter': 'io.debezium.converters.BinaryDataConverter',
    'value.converter.delegate.converter.type': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.delegate.converter.type.schemas.enable': 'false',
  });
  expect(value.format).toBeNull();
  const { converter } = value;
  const bytes: ConnectSchema = { type: 'bytes', optional: true };
  const raw = await converter.prepare('t', bytes);
  expect(converter.fromConnect(raw, Buffer.from([0, 1]))).toEqual(Buffer.from([0, 1]));
  expect([converter.fromConnect(raw, null), converter.nullOf?.(raw)]).toEqual([null, null]);
  const struct = await converter.prepare('t', SCHEMA);
  expect(String(converter.fromConnect(struct, { schema: SCHEMA, values: [7] }))).toBe('{"id":7}');
});

test('text and bytes have no compiled encoder: rows take the general path', async () => {
  const properties = {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'json',
  };
  const { key, value } = setup(properties);
  expect([key.format, value.format]).toEqual([null, 'json']);
  expect(needsGeneralPath({ key, value })).toBe(true);
  expect(needsGeneralPath(setup({}))).toBe(false);
  const struct = { schema: SCHEMA, values: [7] };
  const bytes = key.converter.fromConnect(await key.converter.prepare('t', SCHEMA), struct);
  expect(String(bytes)).toBe('Struct{id=7}');
});
