import { expect, test } from 'vitest';
import { BrokerConnections } from '../../../../src/transport/kafka/kafkajs/kafkajs-cluster.ts';
import { AnsweredError } from '../../../../src/transport/kafka/kafkajs/kafkajs-errors.ts';
import { freshPrefix, sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { connectionTo } from './kafka-session.ts';

const LEADER_NOT_AVAILABLE = 5;
const NO_ACCESS_TO_TOPIC = 29;

async function connected(): Promise<BrokerConnections> {
  const connections = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  await connections.connect(true);
  return connections;
}

test('without patience each bootstrap server is tried, and no more', async () => {
  await using nowhere = new BrokerConnections(connectionTo('127.0.0.1:1,127.0.0.1:2'));
  await expect(nowhere.connect(false)).rejects.toMatchObject({
    code: 'KAFKA_CONNECT',
    message: expect.stringMatching(/127\.0\.0\.1:[12]/) as string,
  });
  const servers = `127.0.0.1:1,${sharedBroker().bootstrapServers}`;
  await using second = new BrokerConnections(connectionTo(servers));
  await second.connect(false);
  expect((await second.describe([])).clusterId).toMatch(/./);
});

test('a bootstrap server may be an IPv6 address', async () => {
  await using nowhere = new BrokerConnections(connectionTo('[::1]:1'));
  await expect(nowhere.connect(false)).rejects.toMatchObject({
    code: 'KAFKA_CONNECT',
    message: expect.stringMatching(/connect E\w+ ::1:1/) as string,
  });
});

test('what may pass is tried again until it passes, what may not is thrown at once', async () => {
  await using connections = await connected();
  let tries = 0;
  const attempt = connections.attempt('WRITE', 'Topic:t');
  const done = await connections.retrying(attempt, async () => {
    await Promise.resolve();
    if (++tries < 3) throw new AnsweredError(LEADER_NOT_AVAILABLE);
    return 'done';
  });
  expect([done, tries]).toEqual(['done', 3]);
  const refused = connections.retrying(attempt, () => {
    tries++;
    return Promise.reject(new AnsweredError(NO_ACCESS_TO_TOPIC));
  });
  await expect(refused).rejects.toMatchObject({ code: 'KAFKA_ACCESS' });
  expect(tries).toBe(4);
});

test('what does not pass in time is thrown', async () => {
  await using connections = await connected();
  const attempt = { ...connections.attempt('WRITE', 'Topic:t'), deadline: 0 };
  const late = connections.retrying(attempt, () =>
    Promise.reject(new AnsweredError(LEADER_NOT_AVAILABLE)),
  );
  await expect(late).rejects.toMatchObject({
    message: expect.stringContaining('LEADER_NOT_AVAILABLE') as string,
  });
});

test('a topic that is missing has no partitions and no leader', async () => {
  await using connections = await connected();
  const topic = freshPrefix();
  await connections.know([topic]);
  expect(connections.partitionCount(topic)).toBe(0);
  expect(() => connections.leader(topic, 0)).toThrow('UNKNOWN_TOPIC_OR_PARTITION');
});

test('a broker that was away is connected to again, without a warning of Node', async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => {
    warnings.push(`${warning.name}: ${warning.message}`);
  };
  process.on('warning', note);
  await using broker = await startOwnBroker();
  await using connections = new BrokerConnections(
    connectionTo(broker.bootstrapServers, { requestTimeoutMs: 30_000 }),
  );
  await connections.connect(true);
  await broker.kill();
  const asking = Promise.all([
    connections.retrying(connections.attempt('DESCRIBE', 'Cluster'), () =>
      connections.describe([]),
    ),
    broker.start(),
  ]);
  const [{ clusterId }] = await asking;
  expect(clusterId).toMatch(/./);
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
