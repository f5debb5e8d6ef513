import { expect, test } from 'vitest';
import { openPlatformaticClient } from '../../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import {
  connectionTo,
  expectNumbers,
  newTopic,
  PRODUCER,
  sendNumbers,
} from '../client-contract-fixtures.ts';
import { ClusterOracle } from '../cluster-oracle.ts';

test('a batch too large for its topic goes in parts, a record is refused by name', async () => {
  const { bootstrapServers } = sharedBroker();
  await using client = await openPlatformaticClient(connectionTo(bootstrapServers));
  await using oracle = new ClusterOracle(bootstrapServers);
  const topic = await newTopic(client, 1, { 'max.message.bytes': '1000' });
  await using producer = await client.producer(PRODUCER);
  await sendNumbers(producer, topic, 0, 1000);
  await sendNumbers(producer, topic, 1000, 2000);
  expectNumbers(await oracle.numbers(topic), 2000);
  const batch = batchOf([{ topic: 0, value: 'x'.repeat(2000) }]);
  const sent = producer.send(batch, [{ topic, partition: 0, records: Int32Array.of(0) }]);
  await expect(sent).rejects.toMatchObject({
    code: 'RECORD_TOO_LARGE',
    message: expect.stringContaining(`max.message.bytes of Topic:${topic}`) as string,
  });
});

test('a transaction that took too long is told from a fence where the broker does', async () => {
  const { bootstrapServers, major } = sharedBroker();
  await using client = await openPlatformaticClient(connectionTo(bootstrapServers));
  const topic = await newTopic(client);
  const options = { ...PRODUCER, transactionalId: topic, transactionTimeoutMs: 1000 };
  await using producer = await client.producer(options);
  await producer.beginTransaction();
  await sendNumbers(producer, topic, 0, 10);
  const at = [{ topic, partition: 0 }];
  // Its records and the mark of the abort.
  const end = async (): Promise<number | undefined> =>
    (await client.admin.offsets(at, 'latest', 'read_committed'))[0]?.offset;
  await expect.poll(end, { timeout: 45_000 }).toBe(11);
  // Before 4 the coordinator does not tell the two from each other.
  await expect(producer.commitTransaction()).rejects.toMatchObject({
    code: major === '4' ? 'KAFKA_TIMEOUT' : 'KAFKA_FENCED',
    message: expect.stringContaining('transaction.timeout.ms') as string,
  });
});

test('what is not acknowledged in time is KAFKA_TIMEOUT, and the producer done with', async () => {
  await using broker = await startOwnBroker();
  const connection = connectionTo(broker.bootstrapServers, { requestTimeoutMs: 2000 });
  await using client = await openPlatformaticClient(connection);
  const topic = await newTopic(client);
  // The first records of a broker that has just started take a second on a busy machine.
  await using producer = await client.producer({ ...PRODUCER, deliveryTimeoutMs: 5000 });
  await sendNumbers(producer, topic, 0, 10);
  broker.pause();
  const error = { code: 'KAFKA_TIMEOUT', message: expect.stringContaining(topic) as string };
  await expect(sendNumbers(producer, topic, 10, 20)).rejects.toMatchObject(error);
  broker.resume();
  await expect(sendNumbers(producer, topic, 20, 30)).rejects.toMatchObject(error);
});

test('a record without a key for a compacted topic: the broker’s own words are told', async () => {
  await using client = await openPlatformaticClient(connectionTo(sharedBroker().bootstrapServers));
  const topic = await newTopic(client, 1, { 'cleanup.policy': 'compact' });
  await using producer = await client.producer(PRODUCER);
  const batch = batchOf([{ topic: 0, value: 'x' }]);
  const sent = producer.send(batch, [{ topic, partition: 0, records: Int32Array.of(0) }]);
  await expect(sent).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    message: expect.stringMatching(/INVALID_RECORD.*key/s) as string,
  });
});
