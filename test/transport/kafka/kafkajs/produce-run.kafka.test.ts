import { expect, test } from 'vitest';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import { KafkaSession, numbers, sendNumbers } from './kafka-session.ts';

test('what was not acknowledged in time is an error; the producer is of no more use', async () => {
  await using broker = await startOwnBroker();
  await using session = await KafkaSession.open(broker.bootstrapServers, {
    requestTimeoutMs: 30_000,
  });
  const topic = await session.topic('unanswered');
  const producer = await session.producer({ deliveryTimeoutMs: 4000 });
  await sendNumbers(producer, topic, 0, 10);
  broker.pause();
  await expect(sendNumbers(producer, topic, 10, 20)).rejects.toMatchObject({
    code: 'KAFKA_TIMEOUT',
    message: expect.stringContaining('delivery.timeout.ms') as string,
  });
  broker.resume();
  await expect(sendNumbers(producer, topic, 20, 30)).rejects.toMatchObject({
    code: 'KAFKA_TIMEOUT',
    message: expect.stringContaining('of no more use') as string,
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
    message: expect.stringContaining(topic) as string,
  });
});

test('a record without a key for a compacted topic: the words of the broker are told', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('compacted', 1, { 'cleanup.policy': 'compact' });
  const producer = await session.producer();
  await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({
    code: 'KAFKA_TOPIC',
    message: expect.stringMatching(/INVALID_RECORD.*key/s) as string,
  });
});
