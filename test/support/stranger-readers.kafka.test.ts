import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { freshPrefix, sharedBroker } from './kafka.ts';
import { makeTopics } from './kafka-topics.ts';
import { startRegistry } from './registry-server.ts';
import { readWithConfluent, readWithKcat } from './stranger-readers.ts';

test("Confluent's Python client and kcat read each record of a topic to its end", async () => {
  const { bootstrapServers } = sharedBroker();
  const topic = freshPrefix();
  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  await makeTopics(
    bootstrapServers,
    [topic, `${topic}-avro`].map((name) => ({ topic: name, numPartitions: 2 })),
  );
  const registry = await startRegistry();
  const client = new SchemaRegistry({ host: registry.url });
  const schema = JSON.stringify({
    type: 'record',
    name: 'Row',
    fields: [{ name: 'id', type: 'long' }],
  });
  const { id } = await client.register({ type: SchemaType.AVRO, schema }, { subject: topic });
  const producer = kafka.producer();
  await producer.connect();
  const text = (key: number, value: string | null) => ({
    key: `{"id":${key}}`,
    value,
    headers: { op: 'c' },
  });
  await producer.send({ topic, messages: [text(1, '{"a":"ä"}'), text(2, '{}'), text(1, null)] });
  const avro = await client.encode(id, { id: 5 });
  await producer.send({ topic: `${topic}-avro`, messages: [{ key: avro, value: avro }] });
  await producer.disconnect();

  const confluent = await readWithConfluent({ bootstrapServers, topic });
  const rows = confluent.map(({ key, value, headers }) => ({ key, value, headers }));
  const headers = [['op', Buffer.from('c').toString('base64')]];
  expect(rows).toHaveLength(3);
  expect(rows).toEqual(
    expect.arrayContaining([
      { key: { id: 1 }, value: { a: 'ä' }, headers },
      { key: { id: 2 }, value: {}, headers },
      { key: { id: 1 }, value: null, headers },
    ]),
  );
  const kcat = await readWithKcat(bootstrapServers, topic);
  expect(kcat.map(({ key, value }) => [key, value])).toEqual(
    expect.arrayContaining([
      ['{"id":1}', '{"a":"ä"}'],
      ['{"id":2}', '{}'],
      ['{"id":1}', null],
    ]),
  );
  expect(
    await readWithConfluent({
      bootstrapServers,
      topic: `${topic}-avro`,
      form: 'avro',
      registryUrl: registry.url,
    }),
  ).toMatchObject([{ key: { id: 5 }, value: { id: 5 } }]);
});
