import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import type { KafkaClient, KafkaConnection } from '../../src/transport/kafka/kafka-client.ts';
import { openKafkaTransport } from '../../src/transport/kafka/kafka-transport.ts';
import { openKafkajsClient } from '../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../src/transport/kafka/platformatic/platformatic-client.ts';
import { partitionOfKey } from '../../src/transport/murmur2.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectOnce, HISTORY, rowJson, startMember } from '../support/sink-members.ts';
import { batchOf } from '../transport/batch-of.ts';
import { connectionTo } from '../transport/kafka/client-contract-fixtures.ts';
import { transportSettings } from '../transport/kafka/kafka-conformance.ts';

const PARTITIONS = 4;

type OpenClient = (connection: KafkaConnection) => Promise<KafkaClient>;

const CLIENTS: Readonly<Record<string, OpenClient>> = {
  kafkajs: openKafkajsClient,
  platformatic: openPlatformaticClient,
};

/** Ids whose key Java's partitioner puts where their hundreds of thousands say. */
function* idsOf(partition: number): Generator<number, never> {
  for (let id = partition * 100_000; ; id++) {
    const key = Buffer.from(rowJson('Key', id));
    if (partitionOfKey(key, 0, key.length, PARTITIONS) === partition) yield id;
  }
}

/** A topic of rows on the broker, and transports of its own for each member. */
async function rowTopic(open: OpenClient) {
  const prefix = freshPrefix();
  const settings = transportSettings(prefix);
  const join = async (): Promise<Transport> => {
    const client = await open(connectionTo(sharedBroker().bootstrapServers));
    const own = {
      ...settings,
      producing: client,
      openConsuming: () => Promise.resolve(client),
      clock: systemClock,
    };
    return openKafkaTransport(own);
  };
  const topic = `${prefix}.rows`;
  const writer = await join();
  const handle = await writer.openTopic(topic, { partitions: PARTITIONS });
  const ids: number[] = [];
  const next = Array.from({ length: PARTITIONS }, (_, partition) => idsOf(partition));
  return {
    ids,
    join,
    place: (transport: Transport) => ({ topic, group: `${prefix}-sink`, transport }),
    committed: async () => {
      const group = (await writer.listGroups()).find((one) => one.group === `${prefix}-sink`);
      return (group?.offsets ?? []).reduce((sum, { offset }) => sum + offset, 0);
    },
    async append(count: number): Promise<void> {
      const records = Array.from({ length: count }, (_, i) => {
        const id = next[i % PARTITIONS]!.next().value;
        ids.push(id);
        return { topic: handle, key: rowJson('Key', id), value: rowJson('Value', id) };
      });
      await writer.append(batchOf(records), null);
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

describe.each(Object.entries(CLIENTS))('a sink on Kafka by %s', (_, open) => {
  test('has members that come and go under load: each record is applied once', async () => {
    await using database = await freshDatabase();
    await database.query(HISTORY);
    await using rows = await rowTopic(open);
    const applied = (count: number) => database.until(`SELECT count(*) >= ${count} FROM rows`);
    await using first = await rows.join();
    const one = startMember(database, rows.place(first));
    await using _one = one;
    await rows.append(400);
    await applied(400);
    await using second = await rows.join();
    await using two = startMember(database, rows.place(second));
    // Until the second has a share, the first works on what comes.
    while (two.runner.applied === 0) {
      const before = rows.ids.length;
      await rows.append(80);
      await applied(before);
    }
    await rows.append(400);
    await applied(rows.ids.length - 200);
    // The first leaves in the middle; its partitions go on with the second.
    await rows.append(400);
    await one[Symbol.asyncDispose]();
    await rows.append(400);
    await expectOnce(database, rows.ids);
    expect(one.runner.applied + two.runner.applied).toBe(rows.ids.length);
    expect(one.runner.applied).toBeGreaterThan(400);
    await expect.poll(() => rows.committed(), { timeout: 45_000 }).toBe(rows.ids.length);
  });
});
