import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';

/** How the records of a transaction are applied. */
export type TransactionFate =
  /** Together, when all are there. */
  | 'whole'
  /** In the order of the log as they come, though it is known where it ends: it is too large. */
  | 'parts'
  /** As they come: where it begins or ends cannot be told. */
  | 'loose'
  /** Not at all: the log has it twice, and it is applied. */
  | 'repeat';

/** What is seen of one transaction of the source, in the log as far as it was read. */
export class SourceTransaction {
  readonly id: string;
  /** When it was first seen, by the monotonic clock. */
  readonly sinceMs: number;
  fate: TransactionFate = 'whole';
  /** Offset of its first record in the topic of metadata; null: not seen. */
  beginOffset: number | null = null;
  /** Its BEGIN was not read before its END. */
  isCut = false;
  /** Its END was read, which has this id; null: it does not tell it from others. */
  isEnded = false;
  endId: string | null = null;
  /** By topic that the sink reads: how many records, and how many of them are here. */
  readonly expected = new Map<string, number>();
  readonly seen = new Map<string, number>();
  /** Nothing of it is left to be applied. */
  isDone = false;
  /** Somebody has been told that it waits. */
  isTold = false;
  rows = 0;
  bytes = 0;
  /** Epoch and commit position of its records, as text; null: they do not say. */
  position: string | null = null;
  /** Entries that wait, by the partition in which they do. */
  readonly waiting = new Map<TransactionQueue, number>();
  #orders = new Uint8Array(8);
  #missing = 0;

  constructor(id: string, sinceMs: number) {
    this.id = id;
    this.sinceMs = sinceMs;
  }

  /** Where it begins was read. */
  get isKnown(): boolean {
    return this.beginOffset !== null;
  }

  has(order: number): boolean {
    return ((this.#orders[order >>> 3] ?? 0) & (1 << (order & 7))) !== 0;
  }

  /** Counts an event that was not there before. */
  count(topic: string, order: number): void {
    const at = order >>> 3;
    if (at >= this.#orders.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#orders.length * 2));
      larger.set(this.#orders);
      this.#orders = larger;
    }
    this.#orders[at] = (this.#orders[at] ?? 0) | (1 << (order & 7));
    this.seen.set(topic, (this.seen.get(topic) ?? 0) + 1);
    if (this.expected.has(topic)) this.#missing--;
  }

  /** Its END was read. */
  end(id: string | null, expected: ReadonlyMap<string, number>): void {
    this.isEnded = true;
    this.endId = id;
    this.expected.clear();
    this.#missing = 0;
    for (const [topic, events] of expected) {
      this.expected.set(topic, events);
      this.#missing += events - (this.seen.get(topic) ?? 0);
    }
  }

  /** The source wrote it more than once: what one has twice is in the other. */
  isAgain({ id, position }: SourceTransaction): boolean {
    return this.id === id && this.position === position;
  }

  /** All records of the topics that the sink reads are here. */
  get isComplete(): boolean {
    return this.isEnded && this.#missing <= 0;
  }
}

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
  #last: QueuedRecord | null = null;
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

  /**
   * What was read last, to whose transaction a tombstone belongs that comes now; null: its delete
   * is applied already, and the tombstone goes along with what follows. That of a repeat is left
   * out as its delete is, for the row may have come again since.
   */
  get lastKept(): QueuedRecord | null {
    const transaction = this.#last?.transaction ?? null;
    if (transaction === null) return null;
    return !transaction.isDone || transaction.fate === 'repeat' ? this.#last : null;
  }

  /** The first offset that is not applied. */
  get position(): SinkPosition {
    const { topic, partition, generation } = this;
    return { topic, partition, generation, offset: this.first?.offset ?? this.readOffset };
  }

  push(record: QueuedRecord): void {
    this.#records.push(record);
    this.bytes += record.bytes;
    this.#last = record;
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
