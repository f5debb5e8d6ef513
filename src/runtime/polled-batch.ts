import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import type { Consumer, FetchedRecords, TopicPartition } from '../transport/transport.ts';
import { partitionKey, type SinkPartitions } from './sink-partitions.ts';

/** What was polled at once, ready for the task. */
export interface DecodedBatch {
  /** Of the partitions, when it was polled. */
  readonly version: number;
  readonly records: readonly SinkRecord[];
  readonly positions: readonly SinkPosition[];
}

/** What of it is put. */
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

/** Bytes of keys and values, and a little for what stands around them. */
export function byteLength(fetched: readonly FetchedRecords[]): number {
  let bytes = 0;
  for (const batch of fetched) {
    for (const record of batch.records) {
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;
    }
  }
  return bytes;
}
