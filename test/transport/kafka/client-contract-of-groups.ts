import { expect } from 'vitest';
import type { KafkaConsumer, KafkaFetch } from '../../../src/transport/kafka/kafka-client.ts';
import { freshPrefix, sharedBroker } from '../../support/kafka.ts';
import {
  connectionTo,
  type Contract,
  expectNumbers,
  NEVER,
  newTopic,
  numbersOf,
  openMember,
  pollRecords,
  PRODUCER,
  sendNumbers,
  type TestMember,
  valuesOf,
} from './client-contract-fixtures.ts';
import { ClusterOracle } from './cluster-oracle.ts';

/** Stores where the consumer stands. */
async function commitAll(consumer: KafkaConsumer): Promise<void> {
  await consumer.commit(
    consumer.assignment().map(({ position, ...at }) => ({ ...at, offset: position })),
  );
}

function held({ consumer }: TestMember): number {
  return consumer.assignment().length;
}

/** Members of one group. */
export const groupContract: Contract = {
  'a member begins where the group has committed': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using producer = await client.producer(PRODUCER);
    await sendNumbers(producer, topic, 0, 10);
    const first = await openMember(client, topic);
    await first.consumer.subscribe([topic]);
    expect(await first.consumer.committed([{ topic, partition: 0 }])).toEqual([]);
    await pollRecords(first.consumer, 10);
    await first.consumer.commit([{ topic, partition: 0, offset: 4 }]);
    expect(await client.admin.groupOffsets(topic)).toEqual([{ topic, partition: 0, offset: 4 }]);
    await first.consumer[Symbol.asyncDispose]();
    const second = await openMember(client, topic);
    await second.consumer.subscribe([topic]);
    expect(valuesOf(await pollRecords(second.consumer, 6))).toEqual(['4', '5', '6', '7', '8', '9']);
  },

  'partitions are shared evenly, and go back to who stays': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client, 4);
    const a = await openMember(client, topic);
    await a.consumer.subscribe([topic]);
    expect(held(a)).toBe(4);
    const b = await openMember(client, topic);
    await b.consumer.subscribe([topic]);
    await expect.poll(() => [held(a), held(b)]).toEqual([2, 2]);
    await b.consumer[Symbol.asyncDispose]();
    await expect.poll(() => held(a)).toBe(4);
  },

  'what was read is committed before partitions go: each record is read once, in order': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const partitions = 4;
    const topic = await newTopic(client, partitions);
    await using producer = await client.producer(PRODUCER);
    const stop = new AbortController();
    const read = new Map<number, number[]>();
    const note = (fetches: readonly KafkaFetch[]): void => {
      for (const { partition, records } of fetches) {
        const values = records.map(({ value }) => Number(value?.toString()));
        read.set(partition, [...(read.get(partition) ?? []), ...values]);
      }
    };
    const run = async (): Promise<void> => {
      const member: TestMember = await openMember(client, topic, {
        // Between polls nothing is in work: the position is what was applied.
        onRevoked: async (gone) => {
          const keys = new Set(gone.map(({ partition }) => partition));
          const at = member.consumer.assignment().filter(({ partition }) => keys.has(partition));
          await member.consumer.commit(
            at.map(({ position, ...where }) => ({ ...where, offset: position })),
          );
        },
      });
      await member.consumer.subscribe([topic]);
      while (!stop.signal.aborted) {
        note(await member.consumer.poll({ maxWaitMs: 50, signal: stop.signal }));
        await commitAll(member.consumer).catch((error: unknown) => {
          // Commits of what was just given up are refused: `onRevoked` has made them.
          expect(error).toMatchObject({ code: 'KAFKA_REBALANCE' });
        });
      }
      await member.consumer[Symbol.asyncDispose]();
    };
    const members = [run()];
    const total = 6000;
    for (let n = 0; n < total; n += 100) {
      await sendNumbers(producer, topic, n, n + 100, partitions);
      if (n === 1000 || n === 3000) members.push(run());
    }
    const count = (): number => [...read.values()].flat().length;
    await expect.poll(count, { timeout: 45_000 }).toBeGreaterThanOrEqual(total);
    stop.abort();
    await Promise.all(members);
    expectNumbers([...read.values()], total);
  },

  'partitions wait for `onRevoked`, but not longer than the rebalance timeout': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client, 2);
    const flushed = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    const a = await openMember(client, topic, {
      onRevoked: () => {
        asked.resolve(undefined);
        return flushed.promise;
      },
    });
    await a.consumer.subscribe([topic]);
    const b = await openMember(client, topic);
    const joined = b.consumer.subscribe([topic]);
    await asked.promise;
    expect(held(b)).toBe(0);
    flushed.resolve(undefined);
    await joined;
    await expect.poll(() => [held(a), held(b)]).toEqual([1, 1]);
    const stuck = await openMember(client, `${topic}-stuck`, {
      rebalanceTimeoutMs: 1000,
      onRevoked: () => Promise.withResolvers<undefined>().promise,
    });
    await stuck.consumer.subscribe([topic]);
    const heir = await openMember(client, `${topic}-stuck`, { rebalanceTimeoutMs: 1000 });
    await heir.consumer.subscribe([topic]);
    await expect.poll(() => held(heir), { timeout: 45_000 }).toBeGreaterThan(0);
  },

  'a member that was thrown out has lost its partitions, and comes back': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client, 2);
    const member = await openMember(client, topic);
    await member.consumer.subscribe([topic]);
    await oracle.throwOut(topic);
    await expect
      .poll(() => member.events)
      .toEqual([
        ['assigned', [0, 1]],
        ['lost', [0, 1]],
        ['assigned', [0, 1]],
      ]);
  },

  'a commit for a partition of somebody else is KAFKA_REBALANCE': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client, 2);
    const a = await openMember(client, topic);
    await a.consumer.subscribe([topic]);
    const b = await openMember(client, topic);
    await b.consumer.subscribe([topic]);
    await expect.poll(() => [held(a), held(b)]).toEqual([1, 1]);
    const [foreign] = b.consumer.assignment();
    const commit = a.consumer.commit([{ topic, partition: foreign?.partition ?? -1, offset: 1 }]);
    await expect(commit).rejects.toMatchObject({ code: 'KAFKA_REBALANCE' });
  },

  'another subscription brings its topics and keeps what stays': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const [first, second] = [await newTopic(client, 2), await newTopic(client)];
    await using producer = await client.producer(PRODUCER);
    await sendNumbers(producer, second, 0, 10);
    const member = await openMember(client, first);
    await member.consumer.subscribe([first]);
    await member.consumer.subscribe([first, second]);
    expectNumbers(numbersOf(await pollRecords(member.consumer, 10)), 10);
    expect(held(member)).toBe(3);
    await member.consumer.subscribe([second]);
    await expect.poll(() => held(member)).toBe(1);
  },

  'new partitions of a topic are noticed': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers, { metadataMaxAgeMs: 200 }));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client, 1);
    const member = await openMember(client, topic);
    await member.consumer.subscribe([topic]);
    await oracle.admin.createPartitions({ topics: [{ name: topic, count: 3 }] as never });
    const poll = async (): Promise<number> => {
      await member.consumer.poll({ maxWaitMs: 100, signal: NEVER });
      return held(member);
    };
    await expect.poll(poll).toBe(3);
  },

  // In a cluster the leader of a group asked a broker that did not know a new topic yet, gave
  // nobody a partition of it, and looked again after metadata.max.age.ms at best.
  'a topic that was missing when the partitions were divided is read soon': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const name = freshPrefix();
    const member = await openMember(client, name);
    await member.consumer.subscribe([name]);
    expect(held(member)).toBe(0);
    await client.admin.createTopic({ name, partitions: 2, replicationFactor: -1, configs: {} });
    const poll = async (): Promise<number> => {
      await member.consumer.poll({ maxWaitMs: 100, signal: NEVER });
      return held(member);
    };
    await expect.poll(poll, { timeout: 45_000 }).toBe(2);
  },
};
