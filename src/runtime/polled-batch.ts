import type { SinkPosition } from '../model/sink-record.ts';
import type { Consumer, FetchedRecords, TopicPartition } from '../transport/transport.ts';
import type { DecodedBatch } from './sink-batches.ts';
import { partitionKey, type SinkPartitions } from './sink-partitions.ts';

/** What of a decoded batch is put. */
export type Applicable = Pick<DecodedBatch, 'records' | 'positions'>;

/** The part of a batch whose partitions are still here. */
export function applicable(batch: DecodedBatch, partitions: SinkPartitions): Applicable {
  const { version, records, positions } = batch;
  if (partitions.version === version) return batch;
  const mayApply = (partition: TopicPartition): boolean => partitions.mayApply(partition, version);
  return { records: records.filter(mayApply), positions: positions.filter(mayApply) };
}

/** Where every partition that is here stands after what was fetched is applied. */
export function positionsAfter(
  consumer: Consumer,
  fetched: readonly FetchedRecords[],
  partitions: SinkPartitions,
): SinkPosition[] {
  const read = new Map(fetched.map((batch) => [partitionKey(batch), batch]));
  return consumer.assignment().flatMap(({ topic, partition, generation, position }) => {
    const key = { topic, partition };
    // The position of one that goes has passed records that nobody here applies.
    if (!partitions.isOpen(key)) return [];
    // What was read carries its own generation: the topic may have a newer one by now.
    const batch = read.get(partitionKey(key));
    return batch === undefined
      ? { topic, partition, generation, offset: position }
      : { topic, partition, generation: batch.generation, offset: batch.nextOffset };
  });
}
