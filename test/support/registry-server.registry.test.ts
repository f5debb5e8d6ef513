import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { expect, test } from 'vitest';
import { basicAuthorization, startRegistryFront } from './registry-front.ts';
import { sharedRegistry, startRegistry } from './registry-server.ts';

const registry = sharedRegistry();
const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Row',
  fields: [{ name: 'id', type: 'int' }],
});

function subjects(origin: string, authorization?: string): Promise<Response> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return fetch(`${origin}/apis/ccompat/v7/subjects`, {
    headers,
    signal: AbortSignal.timeout(10_000),
  });
}

test("the registry takes schemas of Confluent's client and gives them back by id", async () => {
  const client = new SchemaRegistry({ host: registry.url });
  const { id } = await client.register(
    { type: SchemaType.AVRO, schema: SCHEMA },
    { subject: 'made-value' },
  );
  const bytes = await client.encode(id, { id: 7 });
  expect(bytes.readUInt8(0)).toBe(0);
  expect(bytes.readInt32BE(1)).toBe(id);
  expect(await new SchemaRegistry({ host: registry.url }).decode(bytes)).toEqual({ id: 7 });
});

test('the gateway lets only the right user through, and misbehaves as it is told', async () => {
  const authorization = basicAuthorization('cdc', 'secret');
  await using front = await startRegistryFront({ target: registry.origin, authorization });
  expect((await subjects(front.origin)).status).toBe(401);
  expect((await subjects(front.origin, authorization)).status).toBe(200);
  front.behaviour = 503;
  expect((await subjects(front.origin, authorization)).status).toBe(503);
  front.behaviour = 'cut';
  await expect(subjects(front.origin, authorization)).rejects.toThrow('fetch failed');
  front.behaviour = 'pass';
  expect((await subjects(front.origin, authorization)).status).toBe(200);
  expect(front.requests.map(({ path }) => path)).toContain('/apis/ccompat/v7/subjects');
});

test('a paused registry answers when it goes on, a killed one has forgotten', async () => {
  await using own = await startRegistry();
  const client = new SchemaRegistry({ host: own.url });
  await client.register({ type: SchemaType.AVRO, schema: SCHEMA }, { subject: 'kept' });
  own.pause();
  const answer = subjects(own.origin);
  own.resume();
  expect(await (await answer).json()).toEqual(['kept']);
  await own.kill();
  await expect(subjects(own.origin)).rejects.toThrow('fetch failed');
  await own.start();
  expect(await (await subjects(own.origin)).json()).toEqual([]);
});
