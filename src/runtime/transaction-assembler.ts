import { BoundedCache } from '../foundation/bounded-cache.ts';
import type { SinkPosition, SinkRecord } from '../model/sink-record.ts';
import { AppliedTransactions } from './applied-transactions.ts';
import type {
  AssembledRecords,
  AssemblerParts,
  AwaitedTransaction,
  ReadRecord,
} from './assembled-records.ts';
import { partitionKey } from './sink-partitions.ts';
import { inSourceOrder } from './source-order.ts';
import type { Membership, TransactionMark } from './transaction-membership.ts';
import { type QueuedRecord, SourceTransaction, TransactionQueue } from './transaction-queue.ts';

/** Transactions that have ended and wait for their records; repeats of which some may come. */
const ENDED_MAX = 10_000;

/** Bytes handed over at once, unless one transaction has more. */
const HANDED_BYTES = 4 * 1024 * 1024;

/**
 * Puts the records of a source's transactions together that lie in several partitions.
 *
 * Invariant: transactions are handed over in the order of their ENDs, each with all its records,
 * so that what is applied of a partition is a beginning of it.
 * Why: the source writes each partition in the order of its commits.
 * What breaks otherwise: an offset cannot say what of a partition is applied.
 *
 * Whatever waits, waits for a record behind the end of what was read, never for one that this
 * assembler has: `ahead` names no partition that the next transaction may still need.
 */
export class TransactionAssembler {
  readonly #parts: AssemblerParts;
  readonly #queues = new Map<string, TransactionQueue>();
  #metadata: { topic: string; partition: number; generation: number; offset: number } | null = null;
  /** Not done, by id; several where the log has one more than once. */
  readonly #active = new Map<string, SourceTransaction[]>();
  readonly #ended: SourceTransaction[] = [];
  /** Repeats whose ENDs were read before all of their records, by id. */
  readonly #repeats = new BoundedCache<string, SourceTransaction>(ENDED_MAX);
  /** Begun, not ended. */
  #open: SourceTransaction | null = null;
  readonly applied: AppliedTransactions;
  #told = '';
  readonly #handedOver = new Map<string, SinkPosition>();
  /** Bytes taken in this call. */
  #handed = 0;
  /** Everything flows: this log was read before without regard to transactions, up to there. */
  #joining: Map<string, number> | null = null;

  constructor(parts: AssemblerParts, applied = new AppliedTransactions()) {
    this.#parts = parts;
    this.applied = applied;
  }

  /** From where on a partition is read. `isMetadata`: it has the transactions' records. */
  begin(at: SinkPosition, isMetadata: boolean): void {
    if (isMetadata) this.#metadata = { ...at };
    else this.#queues.set(partitionKey(at), new TransactionQueue(at));
  }

  /** Until all partitions are read up to these offsets, records are handed over as they come. */
  join(ends: ReadonlyMap<string, number>): void {
    this.#joining = new Map(ends);
  }

  get isJoining(): boolean {
    return this.#joining !== null;
  }

  /** Bytes of records that wait. */
  get bytes(): number {
    let bytes = 0;
    for (const queue of this.#queues.values()) bytes += queue.bytes;
    return bytes;
  }

  /** Transactions that have begun and are not done. */
  get openTransactions(): number {
    return this.#active.size;
  }

  mark(mark: TransactionMark, offset: number, nowMs: number): void {
    if (mark.status === 'BEGIN') this.#begun(mark.transaction, offset, nowMs);
    else this.#end(mark, offset, nowMs);
  }

  #begun(id: string, offset: number, nowMs: number): void {
    const known = this.#active.get(id) ?? [];
    // The source began again after a failure: the rest of it follows, or all of it once more.
    const again = known.find((one) => one.isKnown && !one.isEnded);
    const transaction = again ?? known.find((one) => !one.isKnown) ?? this.#add(id, nowMs);
    transaction.beginOffset ??= offset;
    if (this.#joining !== null) transaction.fate = 'loose';
    this.#open = transaction;
  }

  #end({ id, transaction: key, collections }: TransactionMark, offset: number, nowMs: number) {
    const known = this.#active.get(key) ?? [];
    const open = known.find((one) => one.isKnown && !one.isEnded);
    const transaction = open ?? known.find((one) => !one.isEnded) ?? this.#add(key, nowMs);
    if (open === undefined) {
      // Its BEGIN lies before what is read, so records of it may lie there, too.
      transaction.beginOffset = offset;
      transaction.isCut = true;
    }
    const expected = new Map<string, number>();
    for (const { name, events } of collections) {
      const topic = this.#parts.topicOf(name);
      if (topic !== null) expected.set(topic, (expected.get(topic) ?? 0) + events);
    }
    transaction.end(id, expected);
    if (this.#open === transaction) this.#open = null;
    this.#ended.push(transaction);
  }

  #add(id: string, nowMs: number): SourceTransaction {
    const transaction = new SourceTransaction(id, nowMs);
    if (this.#joining !== null || this.applied.isLoose(id)) transaction.fate = 'loose';
    const known = this.#active.get(id);
    if (known === undefined) this.#active.set(id, [transaction]);
    else known.push(transaction);
    return transaction;
  }

  /** Records of one partition in the order of the log, and where it is read next. */
  read(at: SinkPosition, records: readonly ReadRecord[], nowMs: number): void {
    const queue = this.#queues.get(partitionKey(at));
    if (queue === undefined) return;
    if (queue.generation !== at.generation) this.#forget(queue, at);
    for (const one of records) {
      const { record, offset, bytes, membership } = one;
      let transaction: SourceTransaction | null = null;
      let order = membership?.order ?? 0;
      if (membership !== null) transaction = this.#member(queue.topic, membership, one, nowMs);
      else if (one.isTombstone && queue.lastKept !== null) {
        ({ transaction, order } = queue.lastKept);
      }
      const after = transaction === null ? (this.#open ?? this.#ended.at(-1) ?? null) : null;
      queue.push({ record, offset, order, bytes, transaction, after });
    }
    queue.readOffset = at.offset;
  }

  #member(
    topic: string,
    { transaction: id, order, isRow }: Membership,
    { position }: ReadRecord,
    nowMs: number,
  ): SourceTransaction {
    const known = this.#active.get(id)?.find((one) => !one.has(order) || one.fate === 'loose');
    const transaction = known ?? this.#repeated(id, order, position) ?? this.#add(id, nowMs);
    transaction.position ??= position;
    if (isRow && !transaction.has(order)) transaction.count(topic, order);
    return transaction;
  }

  /** The repeat to which it belongs; else it would begin one that has neither BEGIN nor END. */
  #repeated(id: string, order: number, position: string | null): SourceTransaction | null {
    const found = this.#repeats.get(id);
    return found === undefined || found.has(order) || found.position !== position ? null : found;
  }

  /**
   * A new generation: the older records are gone from the log, and a snapshot follows, before
   * whose end nothing is consistent anyway.
   */
  #forget(queue: TransactionQueue, at: SinkPosition): void {
    while (queue.size > 0) queue.take();
    queue.generation = at.generation;
    for (const list of this.#active.values()) {
      for (const one of list) if (one.fate !== 'parts') one.fate = 'loose';
    }
    this.applied.clear();
  }

  /** The topic of metadata was read up to there. */
  readMetadata(at: SinkPosition): void {
    if (this.#metadata !== null) Object.assign(this.#metadata, at);
  }

  /** What can be applied now; null: nothing. To be called until it is null. */
  take(): AssembledRecords | null {
    const out: SinkRecord[] = [];
    this.#handed = 0;
    for (const queue of this.#queues.values()) this.#flow(queue, out);
    let isMore = true;
    while (isMore && this.#handed < HANDED_BYTES) isMore = this.#takeNext(out);
    for (const queue of this.#queues.values()) this.#flow(queue, out);
    const applied = this.#joining === null ? this.applied.count : null;
    this.#endJoining();
    const all = [...this.#queues.values()].map(({ position }) => position);
    const cut = this.#cut(all);
    const told = this.#told;
    this.#told = JSON.stringify(cut);
    const positions = all.filter((at) => this.#moved(at));
    if (out.length === 0 && positions.length === 0 && this.#told === told) return null;
    return { records: inSourceOrder(out), positions, cut, applied, bytes: this.#handed };
  }

  #moved(at: SinkPosition): boolean {
    const key = partitionKey(at);
    const before = this.#handedOver.get(key);
    if (before?.offset === at.offset && before.generation === at.generation) return false;
    this.#handedOver.set(key, at);
    return true;
  }

  /** The next transaction in the order of the ENDs; false: it is not complete. */
  #takeNext(out: SinkRecord[]): boolean {
    const next = this.#ended[0];
    if (next === undefined || next.fate === 'parts') {
      const open = next ?? this.#open;
      if (open !== null && open !== undefined) this.#takePart(open, out);
      if (next?.isComplete !== true) return false;
    } else if (next.fate === 'whole') {
      // The log may have less of it this time: what its first time left out.
      if (this.applied.has(next)) next.fate = 'repeat';
      else if (next.isCut) next.fate = 'loose';
      else if (!next.isComplete) {
        this.#takePart(next, out);
        return false;
      }
    }
    const transaction = this.#ended.shift() as SourceTransaction;
    if (transaction.fate === 'whole' || transaction.fate === 'parts') {
      this.#takeAll(transaction, out);
    }
    this.#done(transaction);
    return true;
  }

  /** A transaction that is too large is applied as it comes, once it is its turn. */
  #takePart(transaction: SourceTransaction, out: SinkRecord[]): void {
    const { maxRows, bufferBytes, alert } = this.#parts;
    if (transaction.fate === 'whole') {
      const why =
        transaction.rows > maxRows
          ? `has more than ${maxRows} rows (transaction.max.rows)`
          : `has more than ${bufferBytes} bytes (transaction.buffer.bytes)`;
      if (transaction.rows <= maxRows && transaction.bytes <= bufferBytes) return;
      transaction.fate = 'parts';
      alert(`${why} and is applied in parts: readers see them one by one`, transaction.id);
    }
    if (transaction.fate === 'parts') this.#takeAll(transaction, out);
  }

  /** All that is here of it, with what stands before that in its partitions. */
  #takeAll(transaction: SourceTransaction, out: SinkRecord[]): void {
    const own: QueuedRecord[] = [];
    for (const queue of transaction.waiting.keys()) {
      while (transaction.waiting.has(queue)) {
        const queued = this.#pop(queue);
        const { record, transaction: other } = queued;
        if (other === transaction) own.push(queued);
        else if (other !== null) {
          if (other.isAgain(transaction) || this.applied.has(other)) other.fate = 'repeat';
          if (other.fate === 'repeat') continue;
          this.#loosen(other, 'stands before one that the source committed later');
        }
        if (other !== transaction && record !== null) out.push(record);
      }
    }
    // Those of several partitions; stable, so that a tombstone stays behind its delete.
    own.sort((left, right) => left.order - right.order);
    for (const { record } of own) if (record !== null) out.push(record);
  }

  #pop(queue: TransactionQueue): QueuedRecord {
    const queued = queue.take();
    this.#handed += queued.bytes;
    return queued;
  }

  #loosen(transaction: SourceTransaction, why: string): void {
    if (transaction.fate === 'loose') return;
    transaction.fate = 'loose';
    this.applied.gap(transaction.position);
    this.#parts.alert(`${why}; its records are applied as they come`, transaction.id);
  }

  #done(transaction: SourceTransaction): void {
    transaction.isDone = true;
    this.applied.add(transaction);
    if (transaction.fate === 'repeat' && !transaction.isComplete) {
      this.#repeats.set(transaction.id, transaction);
    }
    const left = this.#active.get(transaction.id)?.filter((one) => one !== transaction) ?? [];
    if (left.length > 0) this.#active.set(transaction.id, left);
    else this.#active.delete(transaction.id);
  }

  /** What stands first in a partition and waits for nothing. */
  #flow(queue: TransactionQueue, out: SinkRecord[]): void {
    for (let first = queue.first; first !== null; first = queue.first) {
      const { transaction, after } = first;
      if (transaction === null) {
        const isBarred = after !== null && !after.isDone && after.fate !== 'loose';
        if (isBarred && this.#joining === null) return;
      } else if (!this.#flows(transaction, queue)) return;
      const { record } = this.#pop(queue);
      if (transaction?.fate === 'repeat') continue;
      if (record !== null) out.push(record);
    }
  }

  #flows(transaction: SourceTransaction, queue: TransactionQueue): boolean {
    if (transaction.fate === 'loose' || transaction.fate === 'repeat') return true;
    if (transaction.isKnown) return false;
    // Where it begins would have been read before where a later one does. One that the log has
    // again is not later.
    const isLater = (other: SourceTransaction): boolean =>
      other !== transaction && other.isKnown && !this.applied.has(other);
    const isPassed = queue.some(isLater);
    if (!isPassed) return false;
    if (this.applied.has(transaction)) transaction.fate = 'repeat';
    else this.#loosen(transaction, 'has no BEGIN in the topic of transaction metadata');
    return true;
  }

  /** The topic of metadata is read to its end: what has waited so long for a BEGIN has none. */
  giveUp(sinceMs: number): void {
    for (const queue of this.#queues.values()) {
      const transaction = queue.first?.transaction ?? null;
      if (transaction === null || transaction.isKnown || transaction.sinceMs > sinceMs) continue;
      if (transaction.fate !== 'whole') continue;
      if (this.applied.has(transaction)) transaction.fate = 'repeat';
      else this.#loosen(transaction, 'has no BEGIN in the topic of transaction metadata');
    }
  }

  #endJoining(): void {
    if (this.#joining === null) return;
    const read = [...this.#queues.values()].map(({ topic, partition, readOffset }) => {
      return { topic, partition, offset: readOffset };
    });
    if (this.#metadata !== null) read.push(this.#metadata);
    for (const at of read) {
      if (at.offset < (this.#joining.get(partitionKey(at)) ?? 0)) return;
    }
    this.#joining = null;
  }

  #cut(positions: readonly SinkPosition[]): readonly SinkPosition[] | null {
    const next = this.#ended[0] ?? this.#open;
    if (next?.fate === 'parts') return null;
    if (this.#metadata === null) return positions;
    let offset = this.#open?.beginOffset ?? this.#metadata.offset;
    for (const { beginOffset } of this.#ended) offset = Math.min(offset, beginOffset ?? offset);
    return [...positions, { ...this.#metadata, offset }];
  }

  /** What the next transaction waits for; null: nothing waits. */
  awaited(): AwaitedTransaction | null {
    const next = this.#ended[0] ?? this.#open ?? this.#firstUnknown();
    if (next === null) return null;
    const topics = [...next.expected].flatMap(([topic, events]) => {
      const missing = events - (next.seen.get(topic) ?? 0);
      return missing > 0 ? [{ topic, missing }] : [];
    });
    return { id: next.id, sinceMs: next.sinceMs, topics };
  }

  #firstUnknown(): SourceTransaction | null {
    for (const queue of this.#queues.values()) {
      const transaction = queue.first?.transaction ?? null;
      if (transaction !== null) return transaction;
    }
    return null;
  }

  /** Once for each transaction. */
  tellAwaited(text: string): void {
    const next = this.#ended[0] ?? this.#open ?? this.#firstUnknown();
    if (next === null || next.isTold) return;
    next.isTold = true;
    this.#parts.warn(text, next.id);
  }

  /**
   * Partitions (`topic/partition`) of which no more is to be read while what waits fills the
   * buffer: they have records of transactions behind the next one, so none of that one follows.
   */
  ahead(): ReadonlySet<string> {
    const keys = new Set<string>();
    // Its records wait for those of the tables, not the other way round.
    if (this.#ended.length > ENDED_MAX && this.#metadata !== null)
      keys.add(partitionKey(this.#metadata));
    if (this.bytes <= this.#parts.bufferBytes) return keys;
    const next = this.#ended[0] ?? this.#open;
    for (const [key, queue] of this.#queues) {
      if (queue.size === 0) continue;
      const isAhead = next === null || queue.some((one) => one !== next && one.isKnown);
      if (isAhead) keys.add(key);
    }
    return keys;
  }
}
