import { expect, test } from 'vitest';
import type { KafkaConsumer } from '../../../../src/transport/kafka/kafka-client.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import { KafkaSession, numbers, sendNumbers } from './kafka-session.ts';

/** Polls until the condition holds; the values that came. */
async function pollUntil(consumer: KafkaConsumer, holds: () => boolean): Promise<string[]> {
  const values: string[] = [];
  const signal = AbortSignal.timeout(40_000);
  while (!holds()) {
    signal.throwIfAborted();
    for (const { records } of await consumer.poll({ maxWaitMs: 50, signal })) {
      values.push(...records.map(({ value }) => value?.toString() ?? 'null'));
    }
  }
  return values;
}

test('reading goes on when the broker was away', async () => {
  await using broker = await startOwnBroker();
  await using session = await KafkaSession.open(broker.bootstrapServers, {
    requestTimeoutMs: 30_000,
  });
  const topic = await session.topic('away');
  await sendNumbers(await session.producer(), topic, 0, 10);
  const consumer = await session.consumer({ group: `${session.prefix}-g` });
  await consumer.subscribe([topic]);
  await pollUntil(consumer, () => consumer.assignment()[0]?.position === 10);
  await broker.kill();
  const [values] = await Promise.all([
    pollUntil(consumer, () => consumer.assignment()[0]?.position === 20),
    broker.start().then(async () => {
      await sendNumbers(await session.producer(), topic, 10, 20);
    }),
  ]);
  expect(values).toEqual(numbers(10, 20));
  await consumer.commit([{ topic, partition: 0, offset: 20 }]);
});

test('no more than one fetch is read ahead of the caller', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('ahead');
  const producer = await session.producer({ batchBytes: 1000 });
  await sendNumbers(producer, topic, 0, 5000);
  const consumer = await session.consumer({ partitionFetchBytes: 2000 });
  await consumer.subscribe([topic]);
  const { signal } = new AbortController();
  const sizes: number[] = [];
  for (let polls = 0; polls < 5; polls++) {
    const [fetch] = await consumer.poll({ maxWaitMs: 5000, signal });
    sizes.push(fetch?.records.length ?? 0);
  }
  expect(Math.max(...sizes)).toBeLessThan(200);
  expect(consumer.assignment()[0]?.position).toBe(sizes.reduce((sum, size) => sum + size, 0));
});

test('a large batch is read although a partition before it is busy', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('busy', 2);
  const producer = await session.producer({ batchBytes: 1000 });
  const large = batchOf([{ topic: 0, value: 'x'.repeat(5000) }]);
  await producer.send(large, [{ topic, partition: 1, records: Int32Array.of(0) }]);
  await sendNumbers(producer, topic, 0, 5000);
  const consumer = await session.consumer({ partitionFetchBytes: 2000 });
  await consumer.subscribe([topic]);
  const place = (partition: number): number =>
    consumer.assignment().find((assigned) => assigned.partition === partition)?.position ?? 0;
  await pollUntil(consumer, () => place(1) === 1);
  expect(place(0)).toBeLessThan(5000);
});
