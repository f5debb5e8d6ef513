import type { BoundedQueue } from '../foundation/bounded-queue.ts';
import type { SinkPosition, SinkRecord, SinkTask } from '../model/sink-record.ts';
import type { FetchedRecords } from '../transport/transport.ts';
import { partitionKey } from './sink-partitions.ts';

/** What one poll gave, or several in a row, ready for the target. */
export interface DecodedBatch {
  /** Of the partitions, when it was polled. */
  readonly version: number;
  readonly records: readonly SinkRecord[];
  readonly positions: readonly SinkPosition[];
  /** How many polls it is made of. */
  readonly polls: number;
  /**
   * Of whole transactions: where the group may go on behind them; null: where it could before.
   * Absent: at `positions`.
   */
  readonly cut?: readonly SinkPosition[] | null;
  /** Called when it is durable in the target. */
  readonly onApplied?: () => void;
}

/**
 * What a put is made of at most, beside a single poll that is larger, unless the task says
 * otherwise. So many may wait as well: what is under way, of which a collector finds most alive, is
 * twice a put and no more.
 */
const JOINED_RECORDS = 2_500;

/** Decoded, a record is no smaller than this, however dense its format is. */
const RECORD_BYTES = 1024;
/**
 * Decoded batches that may wait for the target. A poll of a Kafka partition is a megabyte, which is
 * two thousand records as Avro and two hundred as JSON with schemas, so it is no bound to count
 * polls.
 */
export function queueLimits({ putRecords = JOINED_RECORDS }: Pick<SinkTask, 'putRecords'>) {
  return { maxItems: 64, maxBytes: putRecords * RECORD_BYTES };
}

/** Of the bytes of JSON with schemas most are the schema, of which nothing is kept. */
const KEPT_PART = 1 / 4;

/** What the records of a poll count for in the queue; `whole`: with their bytes. */
export function queuedBytes(fetched: readonly FetchedRecords[], whole = false): number {
  let bytes = 0;
  let records = 0;
  for (const batch of fetched) {
    records += batch.records.length;
    for (const { key, value } of batch.records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
  }
  return Math.max(bytes * (whole ? 1 : KEPT_PART), records * RECORD_BYTES);
}

/**
 * The batch with those that wait behind it: the slower the target, the more there are, and a larger
 * transaction costs it less a row. What was polled under another assignment, or is of another
 * generation of its topic, stays a batch of its own; so do whole transactions.
 */
export function joinWaiting(
  first: DecodedBatch,
  queue: BoundedQueue<DecodedBatch>,
  { putRecords = JOINED_RECORDS }: Pick<SinkTask, 'putRecords'> = {},
): DecodedBatch {
  const parts = [first];
  const positions = new Map(first.positions.map((one) => [partitionKey(one), one]));
  let count = first.records.length;
  const fits = (next: DecodedBatch): boolean =>
    first.cut === undefined &&
    next.version === first.version &&
    count + next.records.length <= putRecords &&
    next.positions.every((one) => {
      const earlier = positions.get(partitionKey(one));
      return earlier === undefined || earlier.generation === one.generation;
    });
  for (;;) {
    const next = queue.takeWaiting(fits);
    if (next === undefined) break;
    parts.push(next);
    count += next.records.length;
    for (const position of next.positions) positions.set(partitionKey(position), position);
  }
  if (parts.length === 1) return first;
  return {
    version: first.version,
    records: parts.flatMap(({ records }) => records),
    positions: [...positions.values()],
    polls: parts.length,
  };
}
