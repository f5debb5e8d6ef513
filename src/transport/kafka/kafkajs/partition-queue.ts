import { systemClock } from '../../../foundation/clock.ts';
import type { RecordBatch } from '../../record-batch.ts';
import type { PartitionRecords } from '../kafka-client.ts';
import { batchBytesAlone, recordBytes } from '../record-batch-writer.ts';

const SEQUENCES = 2 ** 31;
/** Far below `producer.id.expiration.ms`, after which a broker forgets a producer. */
const KNOWN_FOR_MS = 60_000;

/** A record batch that is not acknowledged: records `[from, to)` of its partition's. */
export interface PendingBatch {
  readonly from: number;
  readonly to: number;
  readonly baseSequence: number;
  /** Before compression, at most. */
  readonly bytes: number;
}

/** Sequence numbers by partition, for the life of a producer id. */
export class Sequences {
  readonly #next = new Map<string, number>();
  readonly #acknowledgedAt = new Map<string, number>();

  /** The first of `count` numbers, which are the partition's next ones. */
  take(topic: string, partition: number, count: number): number {
    const key = `${partition} ${topic}`;
    const first = this.#next.get(key) ?? 0;
    this.#next.set(key, (first + count) % SEQUENCES);
    return first;
  }

  acknowledged(topic: string, partition: number): void {
    this.#acknowledgedAt.set(`${partition} ${topic}`, systemClock.monotonicMs());
  }

  /** The broker may have forgotten the producer: it was restarted, say. */
  doubted(topic: string, partition: number): void {
    this.#acknowledgedAt.delete(`${partition} ${topic}`);
  }

  /** Whether the broker surely knows the producer in this partition. */
  isKnown(topic: string, partition: number): boolean {
    const at = this.#acknowledgedAt.get(`${partition} ${topic}`) ?? -Infinity;
    return systemClock.monotonicMs() - at < KNOWN_FOR_MS;
  }
}

/**
 * The batches of one partition, in order. The first `inFlight` are on their way. When one of them
 * has to be sent again, nothing of the partition goes out until all of them came back: then they go
 * again from the first that is not acknowledged, which goes alone, with the numbers that they had.
 * So the order holds and the broker knows again what it has already.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly records: Int32Array;
  readonly #sequences: Sequences;
  readonly #waiting: PendingBatch[];
  readonly #sent: PendingBatch[] = [];
  #again: PendingBatch[] = [];

  constructor(
    batch: RecordBatch,
    partition: PartitionRecords,
    batchBytes: number,
    sequences: Sequences,
  ) {
    this.topic = partition.topic;
    this.partition = partition.partition;
    this.records = partition.records;
    this.#sequences = sequences;
    this.#waiting = this.#split(batch, batchBytes, sequences);
  }

  /** Whether everything is acknowledged. */
  get done(): boolean {
    return this.#waiting.length === 0 && this.#sent.length === 0;
  }

  /**
   * The batch that may go now, or null. The first one goes alone, and so does the first after a
   * failure: a broker that does not know the producer takes any number, and so the second batch
   * before the first if that one fails.
   */
  next(): PendingBatch | null {
    if (this.#again.length > 0) return null;
    const alone = this.#sent.length > 0 && !this.#sequences.isKnown(this.topic, this.partition);
    return alone ? null : (this.#waiting[0] ?? null);
  }

  /** The batch of `next` is on its way. */
  take(): PendingBatch | null {
    const batch = this.next();
    if (batch === null) return null;
    this.#waiting.shift();
    this.#sent.push(batch);
    return batch;
  }

  /** Whether a batch before this one is not acknowledged, so that its number is out of order. */
  hasEarlier(batch: PendingBatch): boolean {
    return this.#sent[0] !== batch || this.#again.length > 0;
  }

  acknowledge(batch: PendingBatch): void {
    this.#sequences.acknowledged(this.topic, this.partition);
    this.#cameBack(batch);
  }

  /** The batch, or the parts that it was split into, must be sent again. */
  sendAgain(batch: PendingBatch, parts: readonly PendingBatch[] = [batch]): void {
    this.#again.push(...parts);
    this.#cameBack(batch);
  }

  #cameBack(batch: PendingBatch): void {
    this.#sent.splice(this.#sent.indexOf(batch), 1);
    if (this.#sent.length > 0 || this.#again.length === 0) return;
    // Only now: of the ones behind, some may have been acknowledged meanwhile.
    this.#sequences.doubted(this.topic, this.partition);
    this.#waiting.unshift(...this.#again.toSorted((a, b) => a.from - b.from));
    this.#again = [];
  }

  #split(batch: RecordBatch, batchBytes: number, sequences: Sequences): PendingBatch[] {
    const { records, topic, partition } = this;
    const batches: PendingBatch[] = [];
    const add = (from: number, to: number, bytes: number): void => {
      const baseSequence = sequences.take(topic, partition, to - from);
      batches.push({ from, to, baseSequence, bytes });
    };
    let from = 0;
    let bytes = 0;
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as number;
      const more = recordBytes(batch, record);
      if (i > from && bytes + more > batchBytes) {
        add(from, i, bytes);
        from = i;
      }
      bytes = i === from ? batchBytesAlone(batch, record) : bytes + more;
    }
    if (records.length > 0) add(from, records.length, bytes);
    return batches;
  }
}

/** Two halves of a batch that was too large for the broker, or null when it has one record. */
export function halves(batch: PendingBatch): readonly PendingBatch[] | null {
  const { from, to, baseSequence, bytes } = batch;
  if (to - from < 2) return null;
  const middle = from + Math.floor((to - from) / 2);
  const half = Math.ceil(bytes / 2);
  return [
    { from, to: middle, baseSequence, bytes: half },
    {
      from: middle,
      to,
      baseSequence: (baseSequence + middle - from) % SEQUENCES,
      bytes: half,
    },
  ];
}
