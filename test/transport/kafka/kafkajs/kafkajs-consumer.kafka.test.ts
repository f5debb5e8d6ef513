import { describe, expect, test } from 'vitest';
import type { KafkaConsumer, KafkaFetch } from '../../../../src/transport/kafka/kafka-client.ts';
import type { TopicPartition } from '../../../../src/transport/transport.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { KafkaSession, numbers, sendNumbers } from './kafka-session.ts';

const NEVER = new AbortController().signal;

function poll(consumer: KafkaConsumer, maxWaitMs = 5000): Promise<readonly KafkaFetch[]> {
  return consumer.poll({ maxWaitMs, signal: NEVER });
}

function partitionsOf(consumer: KafkaConsumer): number[] {
  return consumer
    .assignment()
    .map(({ partition }) => partition)
    .toSorted((a, b) => a - b);
}

function onlyNumbers(partitions: readonly TopicPartition[]): number[] {
  return partitions.map(({ partition }) => partition).toSorted((a, b) => a - b);
}

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

describe('positions', () => {
  test('follow what was returned, and a seek', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('seek');
    const producer = await session.producer();
    await sendNumbers(producer, topic, 0, 100);
    const consumer = await session.consumer();
    await consumer.subscribe([topic]);
    const [first] = await poll(consumer);
    expect(first).toMatchObject({ topic, partition: 0, startOffset: 0, endOffset: 100 });
    expect(first?.nextOffset).toBe(100);
    expect(consumer.assignment()).toEqual([{ topic, partition: 0, position: 100 }]);
    await sendNumbers(producer, topic, 100, 110);
    consumer.seek({ topic, partition: 0 }, 97);
    const values = await pollUntil(consumer, () => consumer.assignment()[0]?.position === 110);
    expect(values).toEqual(numbers(97, 110));
  });

  test('move behind aborted records and marks, though nothing is returned of them', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('marks');
    const producer = await session.producer({ transactionalId: `${session.prefix}-id` });
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 0, 10);
    await producer.abortTransaction();
    const consumer = await session.consumer();
    await consumer.subscribe([topic]);
    const values = await pollUntil(consumer, () => consumer.assignment()[0]?.position === 11);
    expect(values).toEqual([]);
  });

  test('outside of the log are an error that says where', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('outside');
    const consumer = await session.consumer();
    await consumer.subscribe([topic]);
    consumer.seek({ topic, partition: 0 }, 4711);
    await expect(poll(consumer)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: expect.stringMatching(/4711/),
    });
  });
});

describe('a poll', () => {
  test('waits for records, at most as long as it was told', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('waits');
    const consumer = await session.consumer();
    await consumer.subscribe([topic]);
    expect(await poll(consumer, 100)).toEqual([]);
    const waiting = poll(consumer, 30_000);
    await sendNumbers(await session.producer(), topic, 0, 1);
    expect((await waiting)[0]?.records).toHaveLength(1);
  });

  test('ends when it is aborted, and when the consumer is closed', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const topic = await session.topic('ends');
    const consumer = await session.consumer();
    await consumer.subscribe([topic]);
    const stop = new AbortController();
    const waiting = consumer.poll({ maxWaitMs: 60_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).toEqual([]);
    const closing = poll(consumer, 60_000);
    await consumer[Symbol.asyncDispose]();
    expect(await closing).toEqual([]);
  });

  test('goes on when the broker was away', async () => {
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
});

describe('a group', () => {
  test('divides the partitions: what is given up is finished and committed first', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const group = `${session.prefix}-g`;
    const topic = await session.topic('divided', 4);
    await sendNumbers(await session.producer(), topic, 0, 400, 4);
    const told: (readonly [string, number[]])[] = [];
    const first: KafkaConsumer = await session.consumer({
      group,
      onAssigned: (partitions) => {
        told.push(['assigned', onlyNumbers(partitions)]);
        return Promise.resolve(partitions.map((p) => ({ ...p, offset: 0 })));
      },
      onRevoked: async (partitions) => {
        await first.commit(partitions.map((p) => ({ ...p, offset: 100 })));
        told.push(['revoked', onlyNumbers(partitions)]);
      },
    });
    await first.subscribe([topic]);
    await pollUntil(first, () => first.assignment().every(({ position }) => position === 100));
    let seen: readonly unknown[] = [];
    const second: KafkaConsumer = await session.consumer({
      group,
      onAssigned: async (partitions) => {
        const committed = await second.committed(partitions);
        seen = committed.map(({ offset }) => offset);
        return committed;
      },
    });
    await second.subscribe([topic]);
    await expect.poll(() => partitionsOf(first).length).toBe(2);
    expect(told[0]).toEqual(['assigned', [0, 1, 2, 3]]);
    expect(told[1]).toEqual(['revoked', [0, 1, 2, 3]]);
    expect(seen).toEqual([100, 100]);
    expect([...partitionsOf(first), ...partitionsOf(second)].toSorted()).toEqual([0, 1, 2, 3]);
    await second[Symbol.asyncDispose]();
    await expect.poll(() => partitionsOf(first)).toEqual([0, 1, 2, 3]);
  });

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

  test('refuses the commit of a partition that went to another', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const group = `${session.prefix}-g`;
    const topic = await session.topic('refused');
    const first = await session.consumer({ group });
    await first.subscribe([topic]);
    const second = await session.consumer({ group });
    await second.subscribe([topic]);
    await expect.poll(() => first.assignment().length + second.assignment().length).toBe(1);
    const [owner, other] = first.assignment().length === 1 ? [first, second] : [second, first];
    await owner.commit([{ topic, partition: 0, offset: 3 }]);
    await expect(other.commit([{ topic, partition: 0, offset: 5 }])).rejects.toMatchObject({
      code: 'KAFKA_REBALANCE',
    });
    const committed = await other.committed([{ topic, partition: 0 }]);
    expect(committed).toEqual([{ topic, partition: 0, offset: 3 }]);
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
    await expect.poll(() => lost, { timeout: 10_000 }).toContainEqual([0]);
  });

  test('picks up partitions that are added, and topics that are asked for', async () => {
    await using session = await KafkaSession.open(sharedBroker().bootstrapServers);
    const group = `${session.prefix}-g`;
    const topic = await session.topic('first');
    const consumer = await session.consumer({ group });
    await consumer.subscribe([topic]);
    const second = await session.topic('second', 2);
    await consumer.subscribe([topic, second]);
    const topics = consumer.assignment().map((p) => p.topic);
    expect(topics.toSorted()).toEqual([topic, second, second].toSorted());
    await consumer.subscribe([second]);
    expect(consumer.assignment().map((p) => p.topic)).toEqual([second, second]);
  });
});

function timeout(ms: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve('still waiting');
    }, ms);
  });
}
