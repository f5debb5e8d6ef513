import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { EmbeddedRegistry } from '../../src/converter/registry/embedded-registry.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { registryRoutes } from '../../src/rest/registry-routes.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

const TYPE = 'application/vnd.schemaregistry.v1+json';
const A = '{"type":"record","name":"R","fields":[{"name":"id","type":"int"}]}';
const B =
  '{"type":"record","name":"R","fields":[{"name":"id","type":"int"},' +
  '{"name":"v","type":["null","string"],"default":null}]}';
const INCOMPATIBLE = '{"type":"record","name":"R","fields":[{"name":"id","type":"string"}]}';

let server: FastifyInstance;
let registry: EmbeddedRegistry;
let address: string;

beforeEach(async () => {
  registry = new EmbeddedRegistry(new MemoryDocuments());
  server = Fastify();
  await server.register(registryRoutes(registry));
  address = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.close();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${address}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'content-type': TYPE },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  });
  expect(response.headers.get('content-type')).toContain(TYPE);
  return { status: response.status, body: await response.json() };
}

const fails = async (
  status: number,
  errorCode: number,
  method: string,
  path: string,
  body?: unknown,
) => {
  const answer = await call(method, path, body);
  expect(answer).toMatchObject({ status, body: { error_code: errorCode } });
  expect((answer.body as { message: string }).message).not.toBe('');
};

describe("a stranger's client", () => {
  test('reads what our converter wrote', async () => {
    const schema: ConnectSchema = {
      type: 'struct',
      optional: false,
      name: 'shop.public.orders.Value',
      fields: [
        { name: 'id', schema: { type: 'int32', optional: false } },
        { name: 'note', schema: { type: 'string', optional: true } },
      ],
    };
    const converter = new AvroConverter(registry, { isKey: false });
    const prepared = await converter.prepare('shop.public.orders', schema);
    const bytes = converter.fromConnect(prepared, { schema, values: [7, 'hé'] }) as Buffer;
    const client = new SchemaRegistry({ host: address });
    expect({ ...((await client.decode(bytes)) as object) }).toEqual({ id: 7, note: 'hé' });
  });

  test('registers, looks up and encodes; our converter reads it', async () => {
    const client = new SchemaRegistry({ host: address });
    const { id } = await client.register(
      { type: SchemaType.AVRO, schema: A },
      { subject: 'odd/sub:ject-value' },
    );
    expect(id).toBe(1);
    expect(await client.getLatestSchemaId('odd/sub:ject-value')).toBe(1);
    expect(await client.getRegistryId('odd/sub:ject-value', 1)).toBe(1);
    const converter = new AvroConverter(registry, { isKey: false });
    const struct = await converter.toConnect('t', await client.encode(id, { id: 5 }));
    expect(struct?.values).toEqual([5]);
    expect(registry.subjects()).toEqual(['odd/sub:ject-value']);
  });

  test('is told that a schema does not fit', async () => {
    const client = new SchemaRegistry({ host: address, retry: { retries: 0 } });
    await client.register({ type: SchemaType.AVRO, schema: A }, { subject: 's' });
    await expect(
      client.register({ type: SchemaType.AVRO, schema: INCOMPATIBLE }, { subject: 's' }),
    ).rejects.toThrow(/incompatible/);
  });
});

describe('subjects and versions', () => {
  beforeEach(async () => {
    await call('POST', '/subjects/s-value/versions', { schema: A });
    await call('POST', '/subjects/s-value/versions', { schema: B });
  });

  test('reading', async () => {
    const latest = { subject: 's-value', version: 2, id: 2, schema: B };
    expect((await call('GET', '/subjects')).body).toEqual(['s-value']);
    expect((await call('GET', '/subjects/s-value/versions')).body).toEqual([1, 2]);
    expect((await call('GET', '/subjects/s-value/versions/latest')).body).toEqual(latest);
    expect((await call('GET', '/subjects/s-value/versions/-1')).body).toEqual(latest);
    expect((await call('GET', '/subjects/s-value/versions/1/schema')).body).toEqual(JSON.parse(A));
    expect((await call('POST', '/subjects/s-value', { schema: B })).body).toEqual(latest);
    expect((await call('GET', '/schemas/ids/1')).body).toEqual({ schema: A });
    expect((await call('GET', '/schemas/ids/2/schema')).body).toEqual(JSON.parse(B));
    expect((await call('GET', '/schemas/ids/2/subjects')).body).toEqual(['s-value']);
    expect((await call('GET', '/schemas/ids/2/versions')).body).toEqual([
      { subject: 's-value', version: 2 },
    ]);
    expect((await call('GET', '/schemas/types')).body).toEqual(['AVRO']);
  });

  test('deleting', async () => {
    expect((await call('DELETE', '/subjects/s-value/versions/1')).body).toBe(1);
    expect((await call('GET', '/subjects/s-value/versions?deleted=true')).body).toEqual([1, 2]);
    expect((await call('DELETE', '/subjects/s-value')).body).toEqual([2]);
    expect((await call('GET', '/subjects')).body).toEqual([]);
    expect((await call('GET', '/subjects?deleted=true')).body).toEqual(['s-value']);
    expect((await call('DELETE', '/subjects/s-value?permanent=true')).body).toEqual([1, 2]);
    await fails(404, 40401, 'DELETE', '/subjects/s-value');
  });

  test('compatibility', async () => {
    const path = '/compatibility/subjects/s-value/versions';
    expect((await call('POST', `${path}/latest`, { schema: A })).body).toEqual({
      is_compatible: true,
    });
    expect(
      (await call('POST', `${path}/latest?verbose=true`, { schema: INCOMPATIBLE })).body,
    ).toEqual({ is_compatible: false, messages: [expect.stringContaining('id: string')] });
    expect((await call('POST', path, { schema: INCOMPATIBLE })).body).toEqual({
      is_compatible: false,
    });
  });

  test('errors by number', async () => {
    await fails(404, 40401, 'GET', '/subjects/none/versions');
    await fails(404, 40401, 'POST', '/subjects/none', { schema: A });
    await fails(404, 40402, 'GET', '/subjects/s-value/versions/9');
    await fails(404, 40403, 'GET', '/schemas/ids/99');
    await fails(404, 40403, 'POST', '/subjects/s-value', { schema: INCOMPATIBLE });
    await fails(422, 42202, 'GET', '/subjects/s-value/versions/0');
    await fails(422, 42202, 'GET', '/subjects/s-value/versions/x');
    await fails(422, 42201, 'POST', '/subjects/s-value/versions', { schema: '{"type":"nope"}' });
    await fails(422, 42201, 'POST', '/subjects/s-value/versions', { schema: '' });
    await fails(422, 42201, 'POST', '/subjects/s-value/versions', '{not json');
    await fails(422, 42201, 'POST', '/subjects/s/versions', { schema: A, schemaType: 'PROTOBUF' });
    await fails(409, 409, 'POST', '/subjects/s-value/versions', { schema: INCOMPATIBLE });
  });
});

describe('settings', () => {
  test('config', async () => {
    expect((await call('GET', '/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect((await call('PUT', '/config', { compatibility: 'FULL' })).body).toEqual({
      compatibility: 'FULL',
    });
    await fails(404, 40408, 'GET', '/config/s');
    expect((await call('GET', '/config/s?defaultToGlobal=true')).body).toEqual({
      compatibilityLevel: 'FULL',
    });
    await call('PUT', '/config/s', { compatibility: 'NONE' });
    expect((await call('GET', '/config/s')).body).toEqual({ compatibilityLevel: 'NONE' });
    expect((await call('DELETE', '/config/s')).body).toEqual({ compatibilityLevel: 'NONE' });
    await fails(404, 40408, 'GET', '/config/s');
    await fails(422, 42203, 'PUT', '/config', { compatibility: 'SOME' });
    expect((await call('DELETE', '/config')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect((await call('GET', '/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
  });

  test('mode', async () => {
    expect((await call('GET', '/mode')).body).toEqual({ mode: 'READWRITE' });
    expect((await call('PUT', '/mode/s', { mode: 'READONLY' })).body).toEqual({ mode: 'READONLY' });
    await fails(422, 42205, 'POST', '/subjects/s/versions', { schema: A });
    await fails(404, 40409, 'GET', '/mode/t');
    expect((await call('PUT', '/mode', { mode: 'READONLY' })).status).toBe(200);
    expect((await call('GET', '/mode/t?defaultToGlobal=true')).body).toEqual({ mode: 'READONLY' });
    await fails(422, 42204, 'PUT', '/mode', { mode: 'OPEN' });
  });
});
