import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KafkaCluster } from '../../../support/kafka-cluster.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import { KafkaSession, numbers, sendNumbers } from './kafka-session.ts';

/** Each partition has its share of the numbers, once and in order. */
function shares(count: number, partitions: number): string[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    numbers(0, count).filter((value) => Number(value) % partitions === partition),
  );
}

/** Sends numbers until told to stop; how many there were. */
async function sendUntil(
  session: KafkaSession,
  topic: string,
  partitions: number,
  work: () => Promise<void>,
): Promise<number> {
  const producer = await session.producer({ batchBytes: 2000, maxRequestBytes: 10_000 });
  let sent = 0;
  let stopped = false;
  const sending = (async () => {
    while (!stopped || sent < 5000) {
      await sendNumbers(producer, topic, sent, sent + 500, partitions);
      sent += 500;
    }
  })();
  await Promise.race([work(), sending]);
  stopped = true;
  await sending;
  return sent;
}

test('a broker that is killed and started again: nothing lost, doubled or out of order', async () => {
  await using broker = await startOwnBroker();
  await using session = await KafkaSession.open(broker.bootstrapServers);
  const topic = await session.topic('killed', 3);
  const sent = await sendUntil(session, topic, 3, async () => {
    for (let round = 0; round < 2; round++) {
      await broker.kill();
      await broker.start();
    }
  });
  expect(await session.values(topic, 3)).toEqual(shares(sent, 3));
});

test('a broker that answers late: what was sent again is not doubled', async () => {
  await using broker = await startOwnBroker();
  await using session = await KafkaSession.open(broker.bootstrapServers, {
    requestTimeoutMs: 400,
  });
  const topic = await session.topic('late', 2);
  const sent = await sendUntil(session, topic, 2, async () => {
    for (let round = 0; round < 2; round++) {
      broker.pause();
      // Longer than two requests of the producer may take.
      for (let asked = 0; asked < 2; asked++) {
        await expect(session.client.admin.clusterId()).rejects.toMatchObject({
          code: 'KAFKA_TIMEOUT',
        });
      }
      broker.resume();
    }
  });
  expect(await session.values(topic, 2)).toEqual(shares(sent, 2));
});

describe('three brokers', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startOwnBroker({ brokers: 3 });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test('leaders that change while batches are on their way', async () => {
    await using session = await KafkaSession.open(cluster.bootstrapServers);
    const topic = await session.topic('moved', 3);
    const sent = await sendUntil(session, topic, 3, async () => {
      for (const node of cluster.nodes.slice(0, 2)) {
        await node.kill();
        await session.client.admin.describeTopics([topic]);
        await node.start();
      }
    });
    expect(await session.values(topic, 3)).toEqual(shares(sent, 3));
  });

  test('one partition that fails for a while does not double or reorder the others', async () => {
    await using session = await KafkaSession.open(cluster.bootstrapServers);
    const good = await session.topic('good', 3, { 'min.insync.replicas': '1' });
    const bad = await session.topic('bad', 3, { 'min.insync.replicas': '3' });
    const producer = await session.producer({ batchBytes: 300 });
    const batch = batchOf(numbers(0, 100).map((value) => ({ topic: 0, value })));
    const records = Int32Array.from({ length: 100 }, (_, i) => i);
    const partitions = [good, bad].flatMap((topic) =>
      [0, 1, 2].map((partition) => ({ topic, partition, records })),
    );
    await producer.send(batch, partitions);
    const [node] = cluster.nodes;
    await node?.kill();
    const sending = producer.send(batch, partitions);
    // The good ones are there at once, the bad ones when the third replica is.
    const twice = [...numbers(0, 100), ...numbers(0, 100)];
    await expect
      .poll(() => session.values(good, 3), { timeout: 30_000 })
      .toEqual([twice, twice, twice]);
    await node?.start();
    await sending;
    expect(await session.values(bad, 3)).toEqual([twice, twice, twice]);
    expect(await session.values(good, 3)).toEqual([twice, twice, twice]);
  });
});

test('what was not acknowledged in time is an error; the producer is of no more use', async () => {
  await using broker = await startOwnBroker();
  await using session = await KafkaSession.open(broker.bootstrapServers, {
    requestTimeoutMs: 400,
  });
  const topic = await session.topic('unanswered');
  const producer = await session.producer({ deliveryTimeoutMs: 1000 });
  await sendNumbers(producer, topic, 0, 10);
  broker.pause();
  await expect(sendNumbers(producer, topic, 10, 20)).rejects.toMatchObject({
    code: 'KAFKA_TIMEOUT',
    message: expect.stringContaining('delivery.timeout.ms'),
  });
  broker.resume();
  await expect(sendNumbers(producer, topic, 20, 30)).rejects.toMatchObject({
    code: 'KAFKA_TIMEOUT',
    message: expect.stringContaining('of no more use'),
  });
});

test('a batch that is too large for the topic is sent in parts', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('small', 1, { 'max.message.bytes': '1000' });
  const producer = await session.producer();
  await sendNumbers(producer, topic, 0, 1000);
  await sendNumbers(producer, topic, 1000, 2000);
  expect(await session.values(topic)).toEqual([numbers(0, 2000)]);
});

test('a record that is too large for the topic is refused by name', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('narrow', 1, { 'max.message.bytes': '1000' });
  const producer = await session.producer();
  const batch = batchOf([{ topic: 0, value: 'x'.repeat(2000) }]);
  const sending = producer.send(batch, [{ topic, partition: 0, records: Int32Array.of(0) }]);
  await expect(sending).rejects.toMatchObject({
    code: 'RECORD_TOO_LARGE',
    message: expect.stringContaining(topic),
  });
});

test('a record without a key for a compacted topic: the words of the broker are told', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('compacted', 1, { 'cleanup.policy': 'compact' });
  const producer = await session.producer();
  await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    message: expect.stringMatching(/INVALID_RECORD.*key/s),
  });
});

test('a topic that stays missing is named when the time is over', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const producer = await session.producer({ deliveryTimeoutMs: 500 });
  const topic = `${session.prefix}-missing`;
  await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    message: expect.stringContaining(topic),
  });
});
