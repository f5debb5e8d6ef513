import { describe, expect, test } from 'vitest';
import type { KafkaConsumer } from '../../../../src/transport/kafka/kafka-client.ts';
import type { TopicPartition } from '../../../../src/transport/transport.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { KafkaSession } from './kafka-session.ts';

function partitionsOf(consumer: KafkaConsumer): number[] {
  return consumer
    .assignment()
    .map(({ partition }) => partition)
    .toSorted((a, b) => a - b);
}

function onlyNumbers(partitions: readonly TopicPartition[]): number[] {
  return partitions.map(({ partition }) => partition).toSorted((a, b) => a - b);
}

describe('a group', () => {
  test('waits for a member at work, whose session goes on meanwhile', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const group = `${session.prefix}-g`;
    const topic = await session.topic('slow', 2);
    const release = Promise.withResolvers<void>();
    const revoking = Promise.withResolvers<void>();
    const lost: unknown[] = [];
    const first: KafkaConsumer = await session.consumer({
      group,
      rebalanceTimeoutMs: 30_000,
      onRevoked: async (partitions) => {
        revoking.resolve();
        await release.promise;
        await first.commit(partitions.map((p) => ({ ...p, offset: 7 })));
      },
      onLost: (partitions) => lost.push(partitions),
    });
    await first.subscribe([topic]);
    const second = await session.consumer({ group, rebalanceTimeoutMs: 30_000 });
    const joining = second.subscribe([topic]);
    await revoking.promise;
    // Longer than a session (six seconds) would last without heartbeats.
    await expect(Promise.race([joining, timeout(7000)])).resolves.toBe('still waiting');
    release.resolve();
    await joining;
    expect(lost).toEqual([]);
    const both = [0, 1].map((partition) => ({ topic, partition }));
    const committed = await second.committed(both);
    expect(committed.map(({ offset }) => offset)).toEqual([7, 7]);
  });

  test('that went on without a member: its partitions are lost, its commit refused', async () => {
    await using broker = await startOwnBroker({
      settings: { 'group.min.session.timeout.ms': 500 },
    });
    await using session = await KafkaSession.open(broker.bootstrapServers);
    const group = `${session.prefix}-g`;
    const topic = await session.topic('lost');
    const lost: number[][] = [];
    const consumer = await session.consumer({
      group,
      sessionTimeoutMs: 500,
      heartbeatIntervalMs: 3000,
      onLost: (partitions) => lost.push(onlyNumbers(partitions)),
    });
    await consumer.subscribe([topic]);
    // The group does not wait longer for the first member than its session lasts.
    const other = await session.consumer({ group });
    await other.subscribe([topic]);
    expect(partitionsOf(other)).toEqual([0]);
    await expect(consumer.commit([{ topic, partition: 0, offset: 1 }])).rejects.toMatchObject({
      code: 'KAFKA_REBALANCE',
    });
    await expect.poll(() => lost).toContainEqual([0]);
  });
});

function timeout(ms: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve('still waiting');
    }, ms);
  });
}
