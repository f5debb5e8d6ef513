import { assert } from '../../foundation/assert.ts';
import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type {
  Consumer,
  ConsumerOptions,
  FetchedRecords,
  LogRecord,
  TopicPartition,
} from '../transport.ts';
import type { Wakeup } from '../wakeup.ts';
import { CursorHeap } from './cursor-heap.ts';
import type { GroupTable, Subscription } from './group-table.ts';
import { matcher, subscriptionOf } from './group-table.ts';
import { PartitionCursor } from './partition-cursor.ts';
import { SegmentGone } from './segment-catalog.ts';
import { ATTEMPTS, type Store } from './store.ts';
import type { Topic, TopicCatalog } from './topic-catalog.ts';
import { stateOf } from './topic-catalog.ts';

/** What a consumer shares with the transport that made it. */
export interface ConsumerParts {
  readonly store: Store;
  readonly catalog: TopicCatalog;
  readonly groups: GroupTable;
  readonly wakeup: Wakeup;
  readonly clock: Clock;
  /** How often another process looks for new records. */
  readonly readerPollMs: number;
  /** Consumers that read as a member of a group; each adds and removes itself. */
  readonly members: Set<EmbeddedConsumer>;
}

/**
 * Reads partitions in the order of the log-wide sequence. It keeps at most one block of each
 * partition in memory and no read transaction between polls.
 */
export class EmbeddedConsumer implements Consumer {
  readonly group: string;
  readonly #parts: ConsumerParts;
  readonly #registers: boolean;
  readonly #subscription: Subscription;
  readonly #covers: (topic: string) => boolean;
  readonly #cursors = new Map<string, PartitionCursor>();
  readonly #leave = new AbortController();
  #catalogVersion = -1;

  private constructor(parts: ConsumerParts, options: ConsumerOptions, subscription: Subscription) {
    this.#parts = parts;
    this.group = options.group;
    this.#registers = options.register ?? true;
    this.#subscription = subscription;
    this.#covers = matcher(subscription);
  }

  static async open(parts: ConsumerParts, options: ConsumerOptions): Promise<EmbeddedConsumer> {
    const subscription = subscriptionOf(options.topics);
    const consumer = new EmbeddedConsumer(parts, options, subscription);
    assert(
      !consumer.#registers || !parts.store.readOnly,
      'a process that only reads cannot register a group',
    );
    const stored = parts.groups.find(options.group);
    const committed = stored?.offsets ?? [];
    const isNew = stored?.subscription === undefined || stored.subscription === null;
    const fromEnd = options.startAt === 'latest' && (isNew || !consumer.#registers);
    consumer.#assign(committed, fromEnd);
    if (consumer.#registers) {
      parts.members.add(consumer);
      // Where `latest` was is kept: after a restart the group must not jump to the end again.
      const begun = fromEnd ? consumer.assignment() : [];
      const offsets = begun.map(({ topic, partition, position }) => ({
        topic,
        partition,
        offset: position,
      }));
      await parts.store.write('independent', () => ({
        operations: parts.groups.registration(options.group, subscription, offsets),
      }));
    }
    return consumer;
  }

  /** Takes up partitions of topics that appeared; later ones are read from their start. */
  #assign(committed: readonly (TopicPartition & { readonly offset: number })[], fromEnd: boolean) {
    const { catalog, store } = this.#parts;
    if (this.#catalogVersion === catalog.counters.catalogVersion) return;
    this.#catalogVersion = catalog.counters.catalogVersion;
    const known = new Map(committed.map((at) => [keyOf(at.topic, at.partition), at.offset]));
    for (const topic of catalog.topics) {
      if (!this.#covers(topic.name)) continue;
      for (const [partition, { endOffset }] of topic.partitions.entries()) {
        const key = keyOf(topic.name, partition);
        if (this.#cursors.has(key)) continue;
        const position = Math.min(known.get(key) ?? (fromEnd ? endOffset : 0), endOffset);
        this.#cursors.set(key, new PartitionCursor(store.log, topic, partition, position));
      }
    }
  }

  async poll(options: {
    readonly maxBytes: number;
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
    readonly except?: ReadonlySet<string> | undefined;
  }): Promise<readonly FetchedRecords[]> {
    const { clock, store, readerPollMs, wakeup } = this.#parts;
    const { maxBytes, maxWaitMs, signal, except } = options;
    const untilMs = clock.monotonicMs() + maxWaitMs;
    const leave = this.#leave.signal;
    const stop = (): void => {
      wakeup.wake();
    };
    leave.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        if (signal.aborted || leave.aborted) return [];
        const fetched = this.#fetch(maxBytes, except);
        if (fetched.length > 0) return fetched;
        const leftMs = untilMs - clock.monotonicMs();
        if (leftMs <= 0) return [];
        await wakeup.wait(clock, store.readOnly ? Math.min(readerPollMs, leftMs) : leftMs, signal);
      }
    } finally {
      leave.removeEventListener('abort', stop);
    }
  }

  #fetch(maxBytes: number, except?: ReadonlySet<string>): FetchedRecords[] {
    const { store, catalog } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      if (store.readOnly) {
        store.refresh();
        catalog.reload();
      }
      this.#assign([], false);
      const told = this.#tellGenerations();
      if (told.length > 0) return told;
      try {
        return this.#merge(maxBytes, except);
      } catch (thrown) {
        // The daemon has deleted a segment meanwhile: its tree says what came in its place.
        const again = thrown instanceof SegmentGone && store.readOnly && attempt < ATTEMPTS;
        if (!again) throw thrown;
      }
    }
  }

  /** A new generation is told once, alone and before its first record. */
  #tellGenerations(): FetchedRecords[] {
    const told: FetchedRecords[] = [];
    for (const cursor of this.#cursors.values()) {
      if (cursor.generation === cursor.topic.document.generation) continue;
      cursor.enterGeneration();
      told.push(fetchedOf(cursor, []));
    }
    return told;
  }

  #merge(maxBytes: number, except?: ReadonlySet<string>): FetchedRecords[] {
    const fetched: FetchedRecords[] = [];
    const heap = new CursorHeap();
    for (const [key, cursor] of this.#cursors) {
      if (except?.has(key) === true) continue;
      const sequence = cursor.nextSequence();
      if (sequence !== Number.POSITIVE_INFINITY) heap.add(cursor, sequence);
    }
    let left = maxBytes;
    for (let lowest = heap.lowest; lowest !== undefined; lowest = heap.lowest) {
      const records: LogRecord[] = [];
      const { bytes, full } = lowest.take(heap.second, left, fetched.length === 0, records);
      left -= bytes;
      if (records.length > 0) fetched.push(fetchedOf(lowest, records));
      if (full) return fetched;
      const next = sequenceOf(lowest, fetched.length > 0);
      if (next === null) return fetched;
      heap.moveLowest(next);
    }
    return fetched;
  }

  assignment(): (TopicPartition & { generation: number; position: number })[] {
    return [...this.#cursors.values()].map(({ topic, partition, generation, position }) => ({
      topic: topic.name,
      partition,
      generation,
      position,
    }));
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    const cursor = this.#cursors.get(keyOf(topic, partition));
    if (cursor === undefined) {
      throw new TidemarkError(
        'TOPIC_UNKNOWN',
        `${topic}/${partition} is not read by this consumer`,
      );
    }
    checkRange(cursor.topic, partition, offset, cursor.state.startOffset);
    cursor.seek(offset);
  }

  async commit(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    assert(this.#registers, `group ${this.group} is not registered`);
    const { catalog, groups, store } = this.#parts;
    checkOffsets(catalog, offsets);
    // With the registration: a group that was deleted while it reads is one again, and holds.
    const operations = groups.registration(this.group, this.#subscription, offsets);
    await store.write('independent', () => ({ operations }));
  }

  /** A poll that waits returns an empty list. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#parts.members.delete(this);
    this.#leave.abort();
    this.#cursors.clear();
    return Promise.resolve();
  }
}

/** Null when the block is gone and what was fetched already must be handed over first. */
function sequenceOf(cursor: PartitionCursor, hasRecords: boolean): number | null {
  try {
    return cursor.nextSequence();
  } catch (thrown) {
    if (hasRecords && thrown instanceof SegmentGone) return null;
    throw thrown;
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function fetchedOf(cursor: PartitionCursor, records: readonly LogRecord[]): FetchedRecords {
  return {
    topic: cursor.topic.name,
    partition: cursor.partition,
    generation: cursor.generation,
    records,
    nextOffset: cursor.position,
    endOffset: cursor.state.endOffset,
  };
}

/** Throws TOPIC_UNKNOWN, OFFSET_OUT_OF_RANGE. */
export function checkOffsets(
  catalog: TopicCatalog,
  offsets: readonly (TopicPartition & { readonly offset: number })[],
): void {
  for (const { topic, partition, offset } of offsets) {
    const found = catalog.find(topic);
    if (found === undefined) throw new TidemarkError('TOPIC_UNKNOWN', `no topic ${topic}`);
    // Below the start is fine: what stood there went with its generation.
    checkRange(found, partition, offset, 0);
  }
}

function checkRange(topic: Topic, partition: number, offset: number, lowest: number): void {
  const { endOffset } = stateOf(topic, partition);
  if (offset >= lowest && offset <= endOffset) return;
  throw new TidemarkError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} of ${topic.name}/${partition} is outside ${lowest} to ${endOffset}`,
  );
}
