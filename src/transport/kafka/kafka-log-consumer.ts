import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type {
  Consumer,
  ConsumerOptions,
  FetchedRecords,
  LogRecord,
  TopicPartition,
} from '../transport.ts';
import type { CompactedTopic } from './compacted-topic.ts';
import type {
  KafkaAdmin,
  KafkaClient,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaFetch,
  PartitionOffset,
} from './kafka-client.ts';
import { PartitionBuffer } from './partition-buffer.ts';
import type { TopicGenerations } from './topic-generations.ts';
import { partitionKey } from './topic-partitions.ts';
import type { TopicWatch } from './topic-watch.ts';

/** How consumers read, whatever they read. */
export type ConsumerDefaults = Omit<
  KafkaConsumerOptions,
  'group' | 'onAssigned' | 'onRevoked' | 'onLost'
>;

/** What a consumer shares with the transport that made it. */
export interface LogConsumerParts {
  readonly client: KafkaClient;
  readonly admin: KafkaAdmin;
  readonly defaults: ConsumerDefaults;
  readonly state: Pick<CompactedTopic, 'refresh'>;
  readonly generations: TopicGenerations;
  readonly topics: TopicWatch;
  readonly clock: Clock;
  readonly closed: (consumer: KafkaLogConsumer) => void;
}

const NONE: ReadonlySet<string> = new Set();

/** A poll that does not wait has to find what is there: so long may a broker take for it. */
const BEHIND_WAIT_MS = 1_000;

/**
 * Reads Kafka as the port wants it: partitions merged by the records' times (Kafka has no order
 * across them), generations told before their first record, topics by pattern as they appear.
 */
export class KafkaLogConsumer implements Consumer {
  readonly #parts: LogConsumerParts;
  readonly #options: ConsumerOptions;
  readonly #buffers = new Map<string, PartitionBuffer>();
  readonly #leave = new AbortController();
  #wake = new AbortController();
  #consumer: KafkaConsumer | null = null;
  /** The names that are subscribed to, as one text; and which of the watch's looks it is of. */
  #subscribed = '';
  #watched = -1;
  #isFirst = true;
  /** Where `latest` was: what the group has to begin with. */
  #latest: readonly PartitionOffset[] = [];
  /** Ends of partitions as they were assigned, with what transactions have not committed yet. */
  readonly #reached = new Map<string, number>();
  #sequence = 0;
  /** Partitions of which nothing is handed over now; and of them those that were read past. */
  #held: ReadonlySet<string> = NONE;
  readonly #passed = new Set<string>();

  constructor(parts: LogConsumerParts, options: ConsumerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get group(): string | null {
    return (this.#options.register ?? true) ? this.#options.group : null;
  }

  /** Joins; resolves when the first partitions are assigned. */
  async open(): Promise<void> {
    const { client, defaults } = this.#parts;
    this.#consumer = await client.consumer({
      ...defaults,
      group: this.group,
      onAssigned: (partitions) => this.#assign(partitions),
      onRevoked: (partitions) => this.#revoke(partitions),
      onLost: (partitions) => {
        this.#forget(partitions);
        this.#options.onLost?.(partitions);
      },
    });
    await this.#parts.topics.refresh();
    await this.#subscribe(this.#consumer);
    this.#isFirst = false;
    // It is kept: after a restart the group must not jump to the end again. Not while partitions
    // are assigned: a commit may have to wait until that is over.
    if (this.#latest.length > 0) await this.#consumer.commit(this.#latest);
  }

  /** A topic or a generation has come: a poll that waits looks again. */
  wake(): void {
    this.#wake.abort();
  }

  async #subscribe(consumer: KafkaConsumer): Promise<void> {
    const { topics } = this.#parts;
    const { version } = topics;
    if (version === this.#watched) return;
    const names = topics.matching(this.#options.topics);
    const text = JSON.stringify(names);
    if (text !== this.#subscribed) await consumer.subscribe(names);
    this.#subscribed = text;
    this.#watched = version;
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return [];
    const { admin, generations, state, defaults } = this.#parts;
    const [starts, ends, reached] = await Promise.all([
      admin.offsets(partitions, 'earliest'),
      admin.offsets(partitions, 'latest', defaults.isolation),
      admin.offsets(partitions, 'latest', 'read_uncommitted'),
      state.refresh(),
    ]);
    const committed = this.group === null ? [] : await this.#committed(partitions);
    const known = offsetsByPartition(committed);
    const first = offsetsByPartition(starts);
    const last = offsetsByPartition(ends);
    const fromEnd = this.#options.startAt === 'latest' && this.#isFirst && committed.length === 0;
    const assigned = partitions.map(({ topic, partition }) => {
      const key = partitionKey({ topic, partition });
      const { generation, starts: begun } = generations.of(topic);
      const startOffset = Math.max(first.get(key) ?? 0, begun[partition] ?? 0);
      const endOffset = last.get(key) ?? 0;
      const stored = known.get(key);
      // Beyond the end: the topic was made anew, and what it has was never read.
      const usable = stored !== undefined && stored <= endOffset ? stored : null;
      const position = Math.max(usable ?? (fromEnd ? endOffset : 0), startOffset);
      const range = { startOffset, endOffset };
      const at = { topic, partition };
      this.#buffers.set(key, new PartitionBuffer(at, position, range, generation));
      return { topic, partition, offset: position };
    });
    for (const at of reached) this.#reached.set(partitionKey(at), at.offset);
    if (fromEnd && this.group !== null) this.#latest = [...this.#latest, ...assigned];
    return assigned;
  }

  async #committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    return (await this.#consumer?.committed(partitions)) ?? [];
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const before = partitions.filter((at) => this.#buffers.has(partitionKey(at)));
    // Nothing more of them is handed over; what was is applied and committed by the caller.
    for (const at of before) this.#buffers.delete(partitionKey(at));
    if (before.length > 0) await this.#options.onRevoked?.(before);
  }

  #forget(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#buffers.delete(partitionKey(at));
  }

  async poll(options: {
    readonly maxBytes: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
    readonly except?: ReadonlySet<string> | undefined;
  }): Promise<readonly FetchedRecords[]> {
    const { clock } = this.#parts;
    const { maxBytes, maxWaitMs, signal, except = NONE } = options;
    const untilMs = clock.monotonicMs() + maxWaitMs;
    for (;;) {
      const consumer = this.#consumer;
      if (signal.aborted || consumer === null || this.#leave.signal.aborted) return [];
      this.#wake = new AbortController();
      await this.#subscribe(consumer);
      this.#hold(consumer, except);
      const told = this.#tellGenerations(consumer);
      if (told.length > 0) return told;
      const merged = this.#merge(maxBytes);
      if (merged.length > 0) return merged;
      const leftMs = Math.max(0, untilMs - clock.monotonicMs());
      const any = AbortSignal.any([signal, this.#leave.signal, this.#wake.signal]);
      const found = await this.#fetch(consumer, leftMs, any);
      if (found || this.#wake.signal.aborted) continue;
      if (this.#isOver(untilMs) && !(await this.#isBehind(maxWaitMs, consumer, any))) return [];
    }
  }

  #isOver(untilMs: number): boolean {
    return this.#leave.signal.aborted || this.#parts.clock.monotonicMs() >= untilMs;
  }

  async #fetch(consumer: KafkaConsumer, maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    const fetches = await consumer.poll({ maxWaitMs, signal });
    // A generation that another process began stands in the state before its first record does.
    if (fetches.some(({ records }) => records.length > 0)) await this.#look(consumer, fetches);
    for (const fetch of fetches) {
      const { topic, partition } = fetch;
      const from = this.#parts.generations.of(topic).starts[partition] ?? 0;
      const key = partitionKey(fetch);
      // Held ones have what they had: the rest is read again when it is their turn.
      if (this.#held.has(key)) this.#passed.add(key);
      else this.#buffers.get(key)?.add(fetch, from);
    }
    return fetches.length > 0;
  }

  /** Partitions whose turn has come are read on from where they were. */
  #hold(consumer: KafkaConsumer, except: ReadonlySet<string>): void {
    for (const key of this.#passed) {
      if (except.has(key)) continue;
      this.#passed.delete(key);
      const buffer = this.#buffers.get(key);
      if (buffer !== undefined) consumer.seek(buffer, buffer.readOffset);
    }
    this.#held = except;
  }

  /** Looks at the state. When that fails, what was fetched is not lost: it is read again. */
  async #look(consumer: KafkaConsumer, fetches: readonly KafkaFetch[]): Promise<void> {
    try {
      await this.#parts.state.refresh();
    } catch (error) {
      for (const fetch of fetches) {
        const buffer = this.#buffers.get(partitionKey(fetch));
        if (buffer !== undefined) consumer.seek(buffer, buffer.readOffset);
      }
      throw error;
    }
  }

  /** Only a poll that does not wait has to ask: a client may not have looked yet. */
  async #isBehind(
    maxWaitMs: number,
    consumer: KafkaConsumer,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (maxWaitMs > 0 || signal.aborted) return false;
    const { admin, defaults } = this.#parts;
    const buffers = [...this.#buffers.values()];
    const ends = offsetsByPartition(await admin.offsets(buffers, 'latest', defaults.isolation));
    if (!buffers.some((buffer) => buffer.position < (ends.get(partitionKey(buffer)) ?? 0)))
      return false;
    await this.#fetch(consumer, BEHIND_WAIT_MS, signal);
    return true;
  }

  /** A new generation is told once, alone and before its first record. */
  #tellGenerations(consumer: KafkaConsumer): FetchedRecords[] {
    const told: FetchedRecords[] = [];
    for (const buffer of this.#buffers.values()) {
      const current = this.#parts.generations.of(buffer.topic);
      if (current.generation === buffer.generation) continue;
      if (buffer.enter(current)) consumer.seek(buffer, buffer.position);
      told.push(buffer.told([]));
    }
    return told;
  }

  /** By the times of the records: the nearest that there is to the order of the source. */
  #merge(maxBytes: number): FetchedRecords[] {
    const fetched: FetchedRecords[] = [];
    let left = maxBytes;
    for (;;) {
      const [lowest, secondMs] = this.#lowest();
      if (lowest === null) return fetched;
      if (fetched.length > 0 && left <= 0) return fetched;
      const taken = lowest.take(secondMs, left, this.#number);
      left -= taken.bytes;
      if (taken.fetched.records.length > 0) fetched.push(taken.fetched);
      if (taken.full) return fetched;
    }
  }

  readonly #number = (record: LogRecord): LogRecord => {
    (record as { sequence: number }).sequence = ++this.#sequence;
    return record;
  };

  #lowest(): [PartitionBuffer | null, number] {
    let lowest: PartitionBuffer | null = null;
    let lowestMs = Number.POSITIVE_INFINITY;
    let secondMs = Number.POSITIVE_INFINITY;
    for (const [key, buffer] of this.#buffers) {
      if (this.#held.has(key)) continue;
      const ms = buffer.nextTimestampMs;
      if (ms < lowestMs) {
        secondMs = lowestMs;
        lowest = buffer;
        lowestMs = ms;
      } else if (ms < secondMs) {
        secondMs = ms;
      }
    }
    return [lowest, secondMs];
  }

  assignment(): (TopicPartition & { generation: number; position: number })[] {
    return [...this.#buffers.values()].map(({ topic, partition, generation, position }) => ({
      topic,
      partition,
      generation,
      position,
    }));
  }

  seek(at: TopicPartition, offset: number): void {
    const buffer = this.#buffers.get(partitionKey(at));
    if (buffer === undefined) {
      const message = `${partitionKey(at)} is not read by this consumer`;
      throw new TidemarkError('TOPIC_UNKNOWN', message);
    }
    const end = Math.max(buffer.endOffset, this.#reached.get(partitionKey(at)) ?? 0);
    checkRange(at, offset, buffer.startOffset, end);
    buffer.moveTo(offset);
    this.#passed.delete(partitionKey(at));
    this.#consumer?.seek(at, offset);
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const unseen = offsets.filter(
      (at) =>
        at.offset > (this.#buffers.get(partitionKey(at))?.endOffset ?? Number.POSITIVE_INFINITY),
    );
    if (unseen.length > 0) {
      const ends = offsetsByPartition(await this.#parts.admin.offsets(unseen, 'latest'));
      for (const at of unseen) checkRange(at, at.offset, 0, ends.get(partitionKey(at)) ?? 0);
    }
    await this.#consumer?.commit(offsets);
  }

  /** A poll that waits returns an empty list. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    await this.#revoke([...this.#buffers.values()]);
    const consumer = this.#consumer;
    this.#consumer = null;
    this.#parts.closed(this);
    await consumer?.[Symbol.asyncDispose]();
  }
}

function offsetsByPartition(offsets: readonly PartitionOffset[]): ReadonlyMap<string, number> {
  return new Map(offsets.map((at) => [partitionKey(at), at.offset]));
}

/** Throws OFFSET_OUT_OF_RANGE. */
export function checkRange(
  at: TopicPartition,
  offset: number,
  lowest: number,
  highest: number,
): void {
  if (offset >= lowest && offset <= highest) return;
  const message = `offset ${offset} of ${partitionKey(at)} is outside ${lowest} to ${highest}`;
  throw new TidemarkError('OFFSET_OUT_OF_RANGE', message);
}
