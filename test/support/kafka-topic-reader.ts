import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { vi } from 'vitest';

/** A record as kafkajs gives it, with the partition that it was in. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: KafkaMessage['headers'];
}

const DEADLINE_MS = 60_000;

/**
 * Reads a topic from its beginning, committed records only, until `enough` says so; fails when that
 * is not so in a minute, and says what there was.
 */
export async function readTopic(
  bootstrapServers: string,
  topic: string,
  enough: (records: readonly ReadRecord[]) => boolean,
): Promise<ReadRecord[]> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `reader-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const records: ReadRecord[] = [];
  const done = Promise.withResolvers<void>();
  const late = setTimeout(() => {
    const seen = records
      .slice(-5)
      .map(({ key, value }) => `${String(key)} ${String(value)}`.slice(0, 300));
    done.reject(
      new Error(`${topic} has only ${records.length} records so far:\n${seen.join('\n')}`),
    );
  }, DEADLINE_MS);
  await consumer.connect();
  try {
    // Whoever writes it may yet have to create it.
    await vi.waitFor(() => consumer.subscribe({ topic, fromBeginning: true }), {
      timeout: DEADLINE_MS,
      interval: 100,
    });
    await consumer.run({
      eachMessage: ({ partition, message }) => {
        const { key, value, headers, offset } = message;
        records.push({ partition, offset: BigInt(offset), key, value, headers });
        if (enough(records)) done.resolve();
        return Promise.resolve();
      },
    });
    await done.promise;
  } finally {
    clearTimeout(late);
    await consumer.disconnect();
  }
  return records;
}
