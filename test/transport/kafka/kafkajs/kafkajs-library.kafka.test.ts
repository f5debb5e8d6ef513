import { afterEach, beforeEach, expect, test } from 'vitest';
import { BrokerConnections } from '../../../../src/transport/kafka/kafkajs/kafkajs-cluster.ts';
import {
  createTopic,
  describeCluster,
} from '../../../../src/transport/kafka/kafkajs/kafkajs-library.ts';
import { freshPrefix, sharedBroker } from '../../../support/kafka.ts';
import { connectionTo } from './kafka-session.ts';

const warnings: string[] = [];
const note = (warning: Error): void => {
  warnings.push(warning.name);
};

beforeEach(() => {
  warnings.length = 0;
  process.on('warning', note);
});
afterEach(() => {
  process.off('warning', note);
});

const TOPIC = { numPartitions: 2, replicationFactor: 1, configEntries: [] };

test('no topics are asked for when none are named, and all when that is meant', async () => {
  await using connections = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  await connections.connect(true);
  const broker = await connections.anyBroker();
  const topic = freshPrefix();
  expect(await createTopic(broker, { ...TOPIC, topic }, 5000)).toMatchObject({ errorCode: 0 });
  expect((await describeCluster(broker, [])).topicMetadata).toEqual([]);
  await expect
    .poll(async () => (await describeCluster(broker, null)).topicMetadata.map((t) => t.topic))
    .toContain(topic);
});

test('a missing topic beside others has its code, and they have their partitions', async () => {
  await using connections = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  await connections.connect(true);
  const broker = await connections.anyBroker();
  const [topic, missing] = [freshPrefix(), freshPrefix()];
  await createTopic(broker, { ...TOPIC, topic }, 5000);
  const described = async (): Promise<unknown> => {
    const { topicMetadata } = await describeCluster(broker, [topic, missing]);
    const found = topicMetadata.map((t) => [
      t.topic,
      [t.topicErrorCode, t.partitionMetadata.length],
    ]);
    return Object.fromEntries(found) as unknown;
  };
  await expect.poll(described).toEqual({ [topic]: [0, 2], [missing]: [3, 0] });
});

test('a topic that is refused has the words of the broker', async () => {
  await using connections = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  await connections.connect(true);
  const broker = await connections.anyBroker();
  const wrong = { ...TOPIC, topic: freshPrefix(), replicationFactor: 9 };
  expect(await createTopic(broker, wrong, 5000)).toMatchObject({
    errorCode: 38,
    errorMessage: expect.stringContaining('9') as string,
  });
});

test('many requests bring no warning of Node', async () => {
  await using connections = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  await connections.connect(true);
  for (let asked = 0; asked < 20; asked++) await connections.describe([]);
  expect(warnings).toEqual([]);
});
