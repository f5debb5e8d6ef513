import type { BoundedQueue, QueueLimits } from '../foundation/bounded-queue.ts';
import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import type { FetchedRecords } from '../transport/transport.ts';
import { sizeOf } from '../transport/log-record.ts';
import type { PutSize } from './put-size.ts';
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

/** Decoded, a record is no smaller than this, however dense its format is. */
const RECORD_BYTES = 1024;
/**
 * Decoded batches that may wait for the target. A poll has hundreds of records as Avro and dozens
 * as JSON with schemas, so it is no bound to count polls.
 */
export function queueLimits(size: Pick<PutSize, 'records'>): QueueLimits {
  return {
    maxItems: 64,
    get maxBytes() {
      return size.records * RECORD_BYTES;
    },
  };
}

/** Of the bytes of JSON with schemas most are the schema, of which nothing is kept. */
const KEPT_PART = 1 / 4;

/** What the records of a poll count for in the queue; `whole`: with their bytes. */
export function queuedBytes(fetched: readonly FetchedRecords[], whole = false): number {
  let bytes = 0;
  let records = 0;
  for (const batch of fetched) {
    records += batch.records.length;
    for (const record of batch.records) bytes += sizeOf(record);
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
  size: PutSize,
): DecodedBatch {
  const parts = [first];
  const positions = new Map(first.positions.map((one) => [partitionKey(one), one]));
  let count = first.records.length;
  const fits = (next: DecodedBatch): boolean =>
    first.cut === undefined &&
    next.version === first.version &&
    count + next.records.length <= size.records &&
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

/** Batches as they are put, each with those that wait behind it, until the queue is closed. */
export class PutBatches implements AsyncIterable<DecodedBatch> {
  readonly #queue: BoundedQueue<DecodedBatch>;
  readonly #size: PutSize;
  #next: DecodedBatch | null = null;

  constructor(queue: BoundedQueue<DecodedBatch>, size: PutSize) {
    this.#queue = queue;
    this.#size = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DecodedBatch, void, undefined> {
    for await (const first of this.#queue) {
      this.#next = joinWaiting(first, this.#queue, this.#size);
      for (let next = this.#takeNext(); next !== null; next = this.#takeNext()) {
        this.#size.begun();
        yield next;
      }
    }
  }

  /**
   * Records of the batch behind the one that is put, once so many wait as may: fewer would be a put
   * of their own, and the next one would have to wait for that. Null: not yet, and `later` is
   * called when they do. Whole transactions are nobody's to see before the one before them, and
   * what was polled under another assignment than `version` is perhaps not put as it is.
   */
  ahead(version: number, later: () => void): readonly SinkRecord[] | null {
    if (this.#next === null) {
      if (!this.#queue.full) {
        this.#queue.onceFull(later);
        return null;
      }
      const first = this.#queue.takeWaiting(({ cut }) => cut === undefined);
      if (first === undefined) return null;
      this.#next = joinWaiting(first, this.#queue, this.#size);
    }
    return this.#next.version === version ? this.#next.records : null;
  }

  #takeNext(): DecodedBatch | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }
}
