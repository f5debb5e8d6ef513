import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient, KafkaConnection } from '../../../src/transport/kafka/kafka-client.ts';
import { openKafkaTransport } from '../../../src/transport/kafka/kafka-transport.ts';
import { openKafkajsClient } from '../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { freshPrefix, startOwnBroker } from '../../support/kafka.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import { transportConformance } from '../conformance.ts';
import { batchOf } from '../batch-of.ts';
import { kafkaLog, transportSettings } from './kafka-conformance.ts';

// Of their own: a test deletes all topics and groups that it finds.
let broker: KafkaCluster;
beforeAll(async () => {
  broker = await startOwnBroker();
});
afterAll(() => broker[Symbol.asyncDispose]());

const connection = (): KafkaConnection => ({
  bootstrapServers: broker.bootstrapServers.split(','),
  clientId: 'conformance',
  tls: null,
  sasl: null,
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  metadataMaxAgeMs: 30_000,
});

const CLIENTS: readonly (readonly [string, () => Promise<KafkaClient>])[] = [
  ['kafkajs', () => openKafkajsClient(connection())],
  ['platformatic', () => openPlatformaticClient(connection())],
];

for (const [name, open] of CLIENTS) {
  transportConformance(`kafka by ${name}`, kafkaLog(open));
}

test('a topic that was deleted begins its next generation at its own first record', async () => {
  const client = await openPlatformaticClient(connection());
  const settings = transportSettings(freshPrefix());
  const openConsuming = (): Promise<KafkaClient> => Promise.resolve(client);
  await using log = await openKafkaTransport({ ...settings, producing: client, openConsuming });
  const topic = freshPrefix();
  const stored = { key: 'o', value: '1' };
  const handle = await log.openTopic(topic);
  await log.append(batchOf([{ topic: handle, value: 'a' }]), stored);
  await log.beginGeneration([topic], stored);
  const before = await log.describeTopic(topic);
  expect(before?.partitions).toMatchObject([{ startOffset: 1 }]);
  await client.admin.deleteTopics([topic]);
  await expect.poll(() => client.admin.describeTopics([topic])).toEqual([]);
  await log.beginGeneration([topic], stored);
  const after = await log.describeTopic(topic);
  expect(after?.partitions).toMatchObject([{ startOffset: 0 }]);
  expect(after?.generation).toBeGreaterThan(before?.generation ?? 0);
});

test('a topic is read where no daemon has made its storage topics', async () => {
  const client = await openPlatformaticClient(connection());
  const settings = { ...transportSettings(freshPrefix()), readOnly: true };
  const openConsuming = (): Promise<KafkaClient> => Promise.resolve(client);
  await using log = await openKafkaTransport({ ...settings, producing: client, openConsuming });
  const topic = freshPrefix();
  await client.admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, configs: {} });
  await using consumer = await log.consumer({ group: 'tail', topics: [topic], register: false });
  expect(consumer.assignment()).toMatchObject([{ topic, position: 0 }]);
});
