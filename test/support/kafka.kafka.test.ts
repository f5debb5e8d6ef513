import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { freshPrefix, sharedBroker, startOwnBroker } from './kafka.ts';
import { makeTopics } from './kafka-topics.ts';
import { KAFKA_USERS } from './kafka-security.ts';
import { pem } from './tls-server.ts';

const quiet = { clientId: 'test', logLevel: logLevel.NOTHING } as const;

test('the shared broker makes topics, and only those that are asked for', async () => {
  const { bootstrapServers } = sharedBroker();
  const kafka = new Kafka({ ...quiet, brokers: [bootstrapServers] });
  const admin = kafka.admin();
  await admin.connect();
  const topic = freshPrefix();
  await makeTopics(bootstrapServers, [{ topic }]);
  expect(await admin.listTopics()).toContain(topic);
  await admin.disconnect();
});

test('an own broker keeps its topics over a kill and a stop', async () => {
  await using broker = await startOwnBroker();
  const topics = async (): Promise<string[]> => {
    const admin = new Kafka({ ...quiet, brokers: [broker.bootstrapServers] }).admin();
    await admin.connect();
    try {
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  };
  await makeTopics(broker.bootstrapServers, [{ topic: 'kept' }]);
  await broker.kill();
  await broker.start();
  expect(await topics()).toEqual(['kept']);
  await broker.stop();
  await broker.start();
  expect(await topics()).toEqual(['kept']);
});

test('a cluster of three goes on when the leader of a partition is killed', async () => {
  await using cluster = await startOwnBroker({ brokers: 3 });
  const admin = new Kafka({
    ...quiet,
    brokers: cluster.bootstrapServers.split(','),
    retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 500 },
  }).admin();
  await admin.connect();
  await makeTopics(cluster.bootstrapServers, [
    { topic: 'led', numPartitions: 1, replicationFactor: 3 },
  ]);
  const leader = async (): Promise<number> => {
    const { topics } = await admin.fetchTopicMetadata({ topics: ['led'] });
    return topics[0]?.partitions[0]?.leader ?? -1;
  };
  const first = await leader();
  await cluster.nodes.find(({ nodeId }) => nodeId === first)?.kill();
  const isAnother = (nodeId: number): boolean => nodeId >= 0 && nodeId !== first;
  await expect.poll(leader, { timeout: 45_000 }).toSatisfy(isAnother);
  await admin.disconnect();
});

test('a secured broker knows every mechanism, and denies what no ACL allows', async () => {
  await using broker = await startOwnBroker({ secure: true });
  const ssl = { ca: pem('ca.pem') };
  const { admin: password } = KAFKA_USERS;
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    const admin = new Kafka({
      ...quiet,
      brokers: [broker.bootstrapServers],
      ssl,
      sasl: { mechanism, username: 'admin', password } as never,
    }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: mechanism }], waitForLeaders: false });
    await expect.poll(() => admin.listTopics()).toContain(mechanism);
    await admin.disconnect();
  }
  const seen = async (kafka: Kafka): Promise<string[]> => {
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await admin.listTopics();
    } finally {
      await admin.disconnect();
    }
  };
  const bearer = (token: string): Kafka =>
    new Kafka({
      ...quiet,
      brokers: [broker.saslPlaintextServers],
      retry: { retries: 0 },
      sasl: {
        mechanism: 'oauthbearer',
        oauthBearerProvider: () => Promise.resolve({ value: token }),
      },
    });
  expect(await seen(bearer(broker.token('admin')))).toHaveLength(3);
  expect(await seen(bearer(broker.token('alice')))).toEqual([]);
  await expect(seen(bearer(broker.token('admin', -60)))).rejects.toThrow();
  const client = { ...ssl, cert: pem('client.pem'), key: pem('client.key') };
  expect(
    await seen(new Kafka({ ...quiet, brokers: [broker.mutualTlsServers], ssl: client })),
  ).toEqual([]);
  expect(await seen(new Kafka({ ...quiet, brokers: [broker.sslServers], ssl }))).toEqual([]);
});
