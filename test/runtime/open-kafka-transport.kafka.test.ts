import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { holdingTopic } from '../../src/runtime/held-topics.ts';
import { openKafkaTransportOf } from '../../src/runtime/open-kafka-transport.ts';
import { openPlatformaticClient } from '../../src/transport/kafka/platformatic/platformatic-client.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { appendTo, readAll, shown } from '../transport/log-reading.ts';

const CONTEXT = { clock: systemClock, warn: () => undefined };

function pipeline(prefix: string, source: Readonly<Record<string, unknown>> = {}) {
  return parsedPipeline({
    transport: {
      type: 'kafka',
      'bootstrap.servers': sharedBroker().bootstrapServers,
      'offset.storage.topic': `${prefix}-offsets`,
      'offset.storage.partitions': 2,
      'state.storage.topic': `${prefix}-state`,
    },
    source: { 'topic.prefix': prefix, ...source },
  });
}

const open = (config: ReturnType<typeof pipeline>, readOnly = false): Promise<Transport> =>
  openKafkaTransportOf(config, CONTEXT, readOnly);

async function cluster() {
  return openPlatformaticClient({
    bootstrapServers: sharedBroker().bootstrapServers.split(','),
    clientId: 'test',
    tls: null,
    sasl: null,
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    metadataMaxAgeMs: 30_000,
  });
}

test('topics are made by the rules of the source; what is held is kept for ever', async () => {
  const prefix = freshPrefix();
  const rules = {
    'topic.creation.groups': 'compacted',
    'topic.creation.default.partitions': 3,
    'topic.creation.default.replication.factor': 1,
    'topic.creation.compacted.include': '.*mirror',
    'topic.creation.compacted.cleanup.policy': 'compact',
  };
  await using log = await open(pipeline(prefix, rules));
  const names = [`${prefix}.a`, `${prefix}.mirror`, holdingTopic(`${prefix}.a`)];
  for (const name of names) await log.openTopic(name);
  await using client = await cluster();
  const described = await client.admin.describeTopics(names);
  const partitions = new Map(described.map((topic) => [topic.name, topic.partitions]));
  expect(names.map((name) => partitions.get(name))).toEqual([3, 3, 1]);
  const config = async (name = ''): Promise<ReadonlyMap<string, string>> =>
    client.admin.topicConfig(name);
  expect((await config(names[0])).get('cleanup.policy')).toBe('delete');
  expect((await config(names[1])).get('cleanup.policy')).toBe('compact');
  expect((await config(names[2])).get('retention.ms')).toBe('-1');
  expect((await config(`${prefix}-offsets`)).get('cleanup.policy')).toBe('compact');
});

test('whoever only reads leaves nothing in the cluster, and shuts nobody out', async () => {
  const prefix = freshPrefix();
  const config = pipeline(prefix, { 'exactly.once.support': 'required' });
  {
    await using reader = await open(config, true);
    expect(await reader.listOffsets()).toEqual([]);
    expect(await reader.loadOffset('k')).toBeNull();
  }
  await using client = await cluster();
  expect(await client.admin.describeTopics([`${prefix}-offsets`, `${prefix}-state`])).toEqual([]);
  await using log = await open(config);
  await log.storeOffset({ key: 'k', value: '1' });
  await using reader = await open(config, true);
  expect(await reader.loadOffset('k')).toBe('1');
  await log.storeOffset({ key: 'k', value: '2' });
  expect(await reader.loadOffset('k')).toBe('2');
});

test('an offsets topic that forgets is refused', async () => {
  const prefix = freshPrefix();
  await using client = await cluster();
  const name = `${prefix}-offsets`;
  await client.admin.createTopic({ name, partitions: 1, replicationFactor: 1, configs: {} });
  await expect(open(pipeline(prefix))).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    cure: expect.stringContaining('--add-config cleanup.policy=compact') as string,
  });
});

test('a record over max.request.size goes to the dead letters in parts', async () => {
  const prefix = freshPrefix();
  const limits = {
    'producer.override.max.request.size': '20kb',
    'producer.override.batch.size': '10kb',
    'producer.record.too.large': 'dead_letter',
    'producer.record.too.large.topic.name': `${prefix}.dead`,
  };
  await using log = await open(pipeline(prefix, limits));
  const topic = await log.openTopic(`${prefix}.a`, { partitions: 1 });
  const value = Array.from({ length: 5000 }, (_, n) => `part ${n}; `).join('');
  await appendTo(log, [
    { topic, key: 'small', value: 'x' },
    { topic, key: 'large', value },
  ]);
  const read = async (name: string) => {
    await using consumer = await log.consumer({ group: 'g', topics: [name], register: false });
    return await readAll(consumer);
  };
  expect(shown(await read(`${prefix}.a`))).toEqual([`${prefix}.a/0@0 small=x`]);
  const letters = (await read(`${prefix}.dead`)).flatMap(({ records }) => records);
  expect(letters.length).toBeGreaterThan(2);
  expect(letters.map((letter) => letter.value?.toString()).join('')).toBe(value);
  expect(new Set(letters.map((letter) => letter.key?.toString()))).toEqual(new Set(['large']));
});

test('without the policy it is refused by name, and nothing of the batch is sent', async () => {
  const prefix = freshPrefix();
  await using log = await open(pipeline(prefix));
  const topic = await log.openTopic(`${prefix}.a`);
  const records = [
    { topic, value: 'x' },
    { topic, value: Buffer.alloc(2 * 1024 * 1024) },
  ];
  await expect(appendTo(log, records)).rejects.toMatchObject({
    code: 'RECORD_TOO_LARGE',
    message: expect.stringContaining(`${prefix}.a`) as string,
  });
  expect((await log.describeTopic(`${prefix}.a`))?.partitions[0]?.endOffset).toBe(0);
  await appendTo(log, [{ topic, value: 'after' }]);
});
