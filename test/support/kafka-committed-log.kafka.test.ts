import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { CommittedLog } from './kafka-committed-log.ts';
import { freshPrefix, sharedBroker } from './kafka.ts';

test('reads what is committed, and nothing of a transaction that is open or undone', async () => {
  const { bootstrapServers } = sharedBroker();
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
  const topic = freshPrefix();
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.disconnect();
  const producer = kafka.producer({
    transactionalId: topic,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  await using log = new CommittedLog(bootstrapServers);
  const values = async (): Promise<string[][]> =>
    (await log.read(topic)).map((records) => records.map(({ value }) => String(value)));
  let committed = 0;
  const expected = (): string[][] => [0, 1].map(() => Array<string>(committed).fill('commit'));
  for (const end of ['commit', 'abort', 'commit'] as const) {
    const transaction = await producer.transaction();
    for (const partition of [0, 1]) {
      await transaction.send({ topic, messages: [{ partition, key: 'k', value: end }] });
    }
    expect(await values(), 'while it is open').toEqual(expected());
    await transaction[end]();
    if (end === 'commit') committed++;
    // The brokers write the markers after they have answered.
    await expect.poll(values, { timeout: 45_000 }).toEqual(expected());
  }
  await producer.disconnect();
});
