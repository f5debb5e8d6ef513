import { TidemarkError } from '../../foundation/errors.ts';
import type { TopicPartition } from '../transport.ts';

/** What maps, sets and people know a partition by. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Those that are not among the others. */
export function partitionsWithout<T extends TopicPartition>(
  partitions: readonly T[],
  others: readonly TopicPartition[],
): T[] {
  const keys = new Set(others.map(partitionKey));
  return partitions.filter((at) => !keys.has(partitionKey(at)));
}

/** Throws KAFKA_REBALANCE when the group took one of the partitions from its owner. */
export function checkOwned(
  group: string,
  owned: readonly TopicPartition[],
  partitions: readonly TopicPartition[],
): void {
  const [foreign] = partitionsWithout(partitions, owned);
  if (foreign === undefined) return;
  throw new TidemarkError(
    'KAFKA_REBALANCE',
    `Group ${group} gave ${foreign.topic}-${foreign.partition} to another member.`,
  );
}
