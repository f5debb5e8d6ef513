import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import type { SourceTransaction } from './source-transaction.ts';

/** A record of the log that waits for its turn. */
export interface QueuedRecord {
  /** Null: transforms of the sink dropped it; it counts by its place in the log. */
  readonly record: SinkRecord | null;
  readonly offset: number;
  /** Its number in the transaction. */
  readonly order: number;
  readonly bytes: number;
  /** Null: it belongs to none (rows of a snapshot, heartbeats, schema changes). */
  readonly transaction: SourceTransaction | null;
  /** Of what belongs to none: the transaction that had begun before it was read. */
  readonly after: SourceTransaction | null;
}

/** What was read of one partition and is not applied, in the order of the log. */
export class TransactionQueue {
  readonly topic: string;
  readonly partition: number;
  generation: number;
  /** Where the partition is read next. */
  readOffset: number;
  /** Of the record that was read last: a tombstone belongs to the delete before it. */
  last: QueuedRecord | null = null;
  bytes = 0;
  #records: QueuedRecord[] = [];
  #at = 0;

  constructor(at: SinkPosition) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.generation = at.generation;
    this.readOffset = at.offset;
  }

  get size(): number {
    return this.#records.length - this.#at;
  }

  get first(): QueuedRecord | null {
    return this.#records[this.#at] ?? null;
  }

  /** The first offset that is not applied. */
  get position(): SinkPosition {
    const { topic, partition, generation } = this;
    return { topic, partition, generation, offset: this.first?.offset ?? this.readOffset };
  }

  push(record: QueuedRecord): void {
    this.#records.push(record);
    this.bytes += record.bytes;
    this.last = record;
    const { transaction } = record;
    if (transaction === null) return;
    transaction.waiting.set(this, (transaction.waiting.get(this) ?? 0) + 1);
    transaction.rows++;
    transaction.bytes += record.bytes;
  }

  /** The first one, which must be there. */
  take(): QueuedRecord {
    const record = this.#records[this.#at] as QueuedRecord;
    this.#at++;
    if (this.#at > 1024 && this.#at * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#at);
      this.#at = 0;
    }
    this.bytes -= record.bytes;
    const { transaction } = record;
    if (transaction === null) return record;
    const left = (transaction.waiting.get(this) ?? 1) - 1;
    if (left === 0) transaction.waiting.delete(this);
    else transaction.waiting.set(this, left);
    transaction.rows--;
    transaction.bytes -= record.bytes;
    return record;
  }

  /** Some record that waits is of a transaction for which `test` holds. */
  some(test: (transaction: SourceTransaction) => boolean): boolean {
    for (let i = this.#at; i < this.#records.length; i++) {
      const { transaction } = this.#records[i] as QueuedRecord;
      if (transaction !== null && test(transaction)) return true;
    }
    return false;
  }
}
