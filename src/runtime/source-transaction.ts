import type { TransactionQueue } from './transaction-queue.ts';

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
  /** What its END says; null: not seen. */
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
  end(id: string, expected: ReadonlyMap<string, number>): void {
    this.endId = id;
    this.expected.clear();
    this.#missing = 0;
    for (const [topic, events] of expected) {
      this.expected.set(topic, events);
      this.#missing += events - (this.seen.get(topic) ?? 0);
    }
  }

  /** All records of the topics that the sink reads are here. */
  get isComplete(): boolean {
    return this.endId !== null && this.#missing <= 0;
  }
}
