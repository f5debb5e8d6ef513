import type { TopicPartition } from '../../transport.ts';
import type { Isolation, OffsetTime, PartitionOffset } from '../kafka-client.ts';
import { partitionKey } from '../topic-partitions.ts';
import type { BrokerConnections } from './kafkajs-cluster.ts';
import type { TopicOffsets } from './kafkajs-library.ts';

const LATEST = -1;
const EARLIEST = -2;
/** What Kafka answers for a time after the last record. */
const NONE = -1;

/** Offsets at a place of the partitions, asked of their leaders, in the order given. */
export async function listOffsets(
  connections: BrokerConnections,
  partitions: readonly TopicPartition[],
  at: OffsetTime,
  isolation: Isolation,
): Promise<readonly PartitionOffset[]> {
  const found = await askUntilAnswered(connections, partitions, at, isolation);
  const offsets = new Map(found.map((entry) => [partitionKey(entry), entry]));
  return partitions.flatMap((at) => offsets.get(partitionKey(at)) ?? []);
}

async function askUntilAnswered(
  connections: BrokerConnections,
  partitions: readonly TopicPartition[],
  at: OffsetTime,
  isolation: Isolation,
): Promise<readonly PartitionOffset[]> {
  if (partitions.length === 0) return [];
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const timestamp = at === 'latest' ? LATEST : at === 'earliest' ? EARLIEST : at.timestampMs;
  const attempt = connections.attempt('DESCRIBE', `Topic:${topics.join(', ')}`);
  const found = await connections.retrying(attempt, async () => {
    await connections.know(topics);
    return askLeaders(connections, partitions, timestamp, isolation);
  });
  const late = found.filter(({ offset }) => offset === NONE);
  if (late.length === 0 || timestamp === LATEST) return found;
  const ends = await askUntilAnswered(connections, late, 'latest', isolation);
  return [...found.filter(({ offset }) => offset !== NONE), ...ends];
}

async function askLeaders(
  connections: BrokerConnections,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Promise<readonly PartitionOffset[]> {
  const byLeader = Map.groupBy(partitions, (p) => connections.leader(p.topic, p.partition));
  const asked = [...byLeader].map(async ([, group]) => {
    const first = group[0] as TopicPartition;
    const broker = await connections.leaderOf(first.topic, first.partition);
    const isolationLevel = isolation === 'read_committed' ? 1 : 0;
    const byTopic = Map.groupBy(group, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, entries]) => ({
      topic,
      partitions: entries.map(({ partition }) => ({ partition, timestamp })),
    }));
    return (await broker.listOffsets({ isolationLevel, topics })).responses;
  });
  return (await Promise.all(asked))
    .flat()
    .flatMap(({ topic, partitions: answers }) =>
      answers.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
    );
}

/** Offsets as the library wants them. */
export function groupedByTopic(offsets: readonly PartitionOffset[]): readonly TopicOffsets[] {
  const byTopic = Map.groupBy(offsets, ({ topic }) => topic);
  return [...byTopic].map(([topic, entries]) => ({
    topic,
    partitions: entries.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
  }));
}
