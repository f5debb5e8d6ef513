import { describe, expect, test } from 'vitest';
import { sharedBroker } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import { COMPRESSIONS, KafkaSession, numbers, sendNumbers } from './kafka-session.ts';

test.each(COMPRESSIONS)('records come back as they were: %s', async (compression) => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('same');
  const producer = await session.producer({ compression });
  const timestampMs = Date.now();
  const headers = [
    ['null', null],
    ['', 'no name'],
    ['empty', ''],
    ['twice', '1'],
    ['twice', '2'],
  ] as const;
  const records = [
    { topic: 0, key: 'k', value: 'v', timestampMs, headers },
    { topic: 0, key: null, value: null, timestampMs: 1 },
    { topic: 0, key: '', value: '', timestampMs: timestampMs - 1 },
    { topic: 0, key: 'large', value: Buffer.alloc(100_000, 'abcdefg'), timestampMs: 0 },
  ];
  const all = Int32Array.of(0, 1, 2, 3);
  await producer.send(batchOf(records), [{ topic, partition: 0, records: all }]);
  const consumer = await session.consumer();
  await consumer.subscribe([topic]);
  const read: unknown[] = [];
  const signal = AbortSignal.timeout(10_000);
  while (read.length < records.length) {
    signal.throwIfAborted();
    for (const fetch of await consumer.poll({ maxWaitMs: 1000, signal })) {
      for (const record of fetch.records) {
        read.push({
          topic: 0,
          key: record.key?.toString() ?? null,
          value: record.value?.toString() ?? null,
          timestampMs: record.timestampMs,
          headers: record.headers.map((h) => [h.name, h.value?.toString() ?? null]),
        });
      }
    }
  }
  expect(read).toEqual(
    records.map((record) => ({
      headers: [],
      ...record,
      value: record.value?.toString() ?? null,
    })),
  );
});

describe('transactions', () => {
  test.each(['send', 'commit', 'abort'] as const)(
    'of an older producer with the same id are fenced: %s',
    async (step) => {
      await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
      const topic = await session.topic('fenced');
      const transactionalId = `${session.prefix}-id`;
      const old = await session.producer({ transactionalId });
      await old.beginTransaction();
      await sendNumbers(old, topic, 0, 10);
      const young = await session.producer({ transactionalId });
      await young.beginTransaction();
      await sendNumbers(young, topic, 10, 20);
      const late = {
        send: () => sendNumbers(old, topic, 20, 30),
        commit: () => old.commitTransaction(),
        abort: () => old.abortTransaction(),
      };
      await expect(late[step]()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
      await expect(old.beginTransaction()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
      await young.commitTransaction();
      expect(await session.values(topic)).toEqual([numbers(10, 20)]);
    },
  );

  test('are quick', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('quick');
    const producer = await session.producer({ transactionalId: `${session.prefix}-id` });
    const took: number[] = [];
    for (let i = 0; i < 50; i++) {
      const start = performance.now();
      await producer.beginTransaction();
      await sendNumbers(producer, topic, i, i + 1);
      await producer.commitTransaction();
      took.push(performance.now() - start);
    }
    // The library's own waits make it seven a second, also on a machine with nothing else to do.
    expect(Math.min(...took)).toBeLessThan(100);
  });

  test('only in a transaction does a transactional producer send', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('outside');
    const producer = await session.producer({ transactionalId: `${session.prefix}-id` });
    await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

test('a closed producer says so', async () => {
  await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
  const topic = await session.topic('closed');
  const producer = await session.producer();
  await producer[Symbol.asyncDispose]();
  await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({
    code: 'KAFKA_CONNECT',
  });
});
