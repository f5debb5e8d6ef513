import { listOffsetsV6 } from '@platformatic/kafka';
import type { TopicPartition } from '../../transport.ts';
import type { Isolation, OffsetTime, PartitionOffset } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import { partitionKey } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';

const CONSUMER = -1;
const NONE_THERE = -1n;

/** Offsets of partitions, in their order, each asked of its leader; again while leaders move. */
export async function offsetsAt(
  brokers: BrokerConnections,
  partitions: readonly TopicPartition[],
  at: OffsetTime,
  isolation: Isolation,
): Promise<PartitionOffset[]> {
  if (partitions.length === 0) return [];
  const found = new Map<string, number>();
  const request = brokers.request('DESCRIBE', `Topic:${partitions[0]?.topic ?? ''}`);
  await brokers.retrying(request, async () => {
    const missing = partitions.filter((wanted) => !found.has(partitionKey(wanted)));
    const failed = await askLeaders(brokers, missing, at, isolation, found);
    return failed === null ? { answer: undefined } : { failed };
  });
  const open = partitions.filter((wanted) => (found.get(partitionKey(wanted)) ?? -1) < 0);
  if (open.length > 0 && typeof at === 'object') {
    for (const end of await offsetsAt(brokers, open, 'latest', isolation)) {
      found.set(partitionKey(end), end.offset);
    }
  }
  return partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    offset: found.get(partitionKey({ topic, partition })) ?? 0,
  }));
}

/** The name of a retriable error, or null when all have answered. */
async function askLeaders(
  brokers: BrokerConnections,
  partitions: readonly TopicPartition[],
  at: OffsetTime,
  isolation: Isolation,
  found: Map<string, number>,
): Promise<string | null> {
  const { byLeader, failed: unknown } = await leadersOf(brokers, partitions);
  const timestamp = at === 'earliest' ? -2n : at === 'latest' ? -1n : BigInt(at.timestampMs);
  let failed = unknown;
  for (const [leader, wanted] of byLeader) {
    const topics = [...Map.groupBy(wanted, ({ topic }) => topic)].map(([name, entries]) => ({
      name,
      partitions: entries.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp,
      })),
    }));
    const level = isolation === 'read_committed' ? 1 : 0;
    const connection = await brokers.broker(leader);
    const answer = await brokers.ask(listOffsetsV6, connection, CONSUMER, level, topics);
    for (const { name, partitions: answers } of answer.topics) {
      for (const { partitionIndex, errorCode, offset } of answers) {
        const error = kafkaErrorName(errorCode);
        const key = partitionKey({ topic: name, partition: partitionIndex });
        if (error === 'NONE') found.set(key, offset === NONE_THERE ? -1 : Number(offset));
        else if (isRetriableKafkaError(error)) failed = error;
        else throw kafkaError(error, brokers.request('DESCRIBE', `Topic:${name}`));
      }
    }
  }
  return failed;
}

/** Partitions by the broker that leads them. */
export interface PartitionLeaders<T> {
  readonly byLeader: ReadonlyMap<number, T[]>;
  /** The name of a retriable error of those that nobody leads. */
  readonly failed: string | null;
}

/** Asks for the leaders of partitions; throws for topics that we may not see. */
export async function leadersOf<T extends TopicPartition>(
  brokers: BrokerConnections,
  partitions: readonly T[],
): Promise<PartitionLeaders<T>> {
  const names = [...new Set(partitions.map(({ topic }) => topic))];
  const { topics } = await brokers.metadata(names);
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  const byLeader = new Map<number, T[]>();
  let failed: string | null = null;
  for (const wanted of partitions) {
    const topic = byName.get(wanted.topic);
    const error = kafkaErrorName(topic?.errorCode ?? 3);
    if (error !== 'NONE' && !isRetriableKafkaError(error)) {
      throw kafkaError(error, brokers.request('DESCRIBE', `Topic:${wanted.topic}`));
    }
    const at = topic?.partitions.find((entry) => entry.partitionIndex === wanted.partition);
    if (at === undefined || at.leaderId < 0) {
      failed = error === 'NONE' ? 'LEADER_NOT_AVAILABLE' : error;
      continue;
    }
    const led = byLeader.get(at.leaderId);
    if (led === undefined) byLeader.set(at.leaderId, [wanted]);
    else led.push(wanted);
  }
  return { byLeader, failed };
}
