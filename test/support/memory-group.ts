import { systemClock } from '../../src/foundation/clock.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  Consumer,
  ConsumerOptions,
  FetchedRecords,
  LogRecord,
  TopicPartition,
  Transport,
} from '../../src/transport/transport.ts';
import { MemoryDocuments } from './memory-documents.ts';

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

interface Cursor extends TopicPartition {
  position: number;
}

/**
 * One topic in memory whose partitions are shared by the consumers of one group, as a broker shares
 * them; but the test is the coordinator and says who has what, and when a member learns of it.
 */
export class MemoryGroup {
  readonly topic: string;
  readonly logs: LogRecord[][];
  readonly committed = new Map<string, number>();
  readonly members: GroupMember[] = [];
  readonly #waiting = new Set<() => void>();
  #sequence = 0;

  constructor(topic: string, partitions: number) {
    this.topic = topic;
    this.logs = Array.from({ length: partitions }, () => []);
  }

  append(partition: number, key: string, value: string): void {
    const log = this.logs[partition]!;
    log.push({
      offset: log.length,
      sequence: this.#sequence++,
      timestampMs: 0,
      key: Buffer.from(key),
      value: Buffer.from(value),
      headers: [],
    });
    this.wake();
  }

  wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves at the next change, or after `maxWaitMs`. */
  async change(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const woken = Promise.withResolvers<void>();
    this.#waiting.add(woken.resolve);
    await Promise.race([
      woken.promise,
      systemClock.sleep(maxWaitMs, AbortSignal.any([signal, late.signal])),
    ]);
    late.abort();
    this.#waiting.delete(woken.resolve);
  }

  /** A transport whose consumers are members, in the order in which they come. */
  asTransport(): Transport {
    const transport: Pick<Transport, 'consumer' | 'documents'> = {
      documents: new MemoryDocuments(),
      consumer: (options) => {
        const member = new GroupMember(this, options);
        this.members.push(member);
        return Promise.resolve(member);
      },
    };
    return transport as Transport;
  }

  /**
   * Gives each member its partitions: those that go are revoked first, from all members, and
   * handed over when everybody has flushed. A member that is `away` learns nothing.
   */
  async rebalance(
    plan: readonly (readonly [GroupMember, readonly number[]])[],
    away: readonly GroupMember[] = [],
  ): Promise<void> {
    const present = plan.filter(([member]) => !away.includes(member));
    await Promise.all(present.map(([member, wanted]) => member.keep(new Set(wanted))));
    for (const [member, wanted] of present) member.add(wanted);
    this.wake();
  }
}

/** A consumer whose partitions the test gives and takes. */
export class GroupMember implements Consumer {
  readonly #group: MemoryGroup;
  readonly #options: ConsumerOptions;
  readonly #cursors = new Map<string, Cursor>();
  readonly #closed = new AbortController();

  constructor(group: MemoryGroup, options: ConsumerOptions) {
    this.#group = group;
    this.#options = options;
  }

  async keep(wanted: ReadonlySet<number>): Promise<void> {
    const gone = [...this.#cursors.values()].filter(({ partition }) => !wanted.has(partition));
    if (gone.length === 0) return;
    for (const cursor of gone) this.#cursors.delete(keyOf(cursor));
    await this.#options.onRevoked?.(gone);
  }

  /** Has been away too long: what it had is another's already. */
  lose(): void {
    const gone = [...this.#cursors.values()];
    this.#cursors.clear();
    this.#options.onLost?.(gone);
  }

  add(partitions: readonly number[]): void {
    const { topic, committed } = this.#group;
    for (const partition of partitions) {
      const key = keyOf({ topic, partition });
      if (this.#cursors.has(key)) continue;
      this.#cursors.set(key, { topic, partition, position: committed.get(key) ?? 0 });
    }
  }

  async poll(options: {
    readonly maxBytes: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly FetchedRecords[]> {
    const signal = AbortSignal.any([options.signal, this.#closed.signal]);
    const untilMs = performance.now() + options.maxWaitMs;
    for (;;) {
      if (signal.aborted) return [];
      const fetched = [...this.#cursors.values()].flatMap((cursor) => this.#fetch(cursor));
      if (fetched.length > 0) return fetched;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return [];
      await this.#group.change(leftMs, signal);
    }
  }

  /** Few at a time, so that many batches are under way. */
  #fetch(cursor: Cursor): FetchedRecords[] {
    const log = this.#group.logs[cursor.partition]!;
    const records = log.slice(cursor.position, cursor.position + 10);
    if (records.length === 0) return [];
    cursor.position += records.length;
    const { topic, partition, position: nextOffset } = cursor;
    return [{ topic, partition, generation: 1, records, nextOffset, endOffset: log.length }];
  }

  assignment(): ReturnType<Consumer['assignment']> {
    return [...this.#cursors.values()].map(({ topic, partition, position }) => ({
      topic,
      partition,
      generation: 1,
      position,
    }));
  }

  seek(partition: TopicPartition, offset: number): void {
    const cursor = this.#cursors.get(keyOf(partition));
    if (cursor === undefined) throw new Error(`${keyOf(partition)} is not assigned`);
    cursor.position = offset;
  }

  async commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    await Promise.resolve();
    if (this.#closed.signal.aborted) throw new TidemarkError('KAFKA_REBALANCE', 'closed');
    for (const { offset, ...partition } of offsets) {
      this.#group.committed.set(keyOf(partition), offset);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keep(new Set());
    this.#closed.abort();
    this.#group.wake();
  }
}
