import { assert, must } from '../../foundation/assert.ts';
import type { PartitionDescription, TopicDescription, TopicOptions } from '../transport.ts';
import { partitionId, PARTITIONS_MAX } from './segment-index.ts';
import type { Span } from './segment-summary.ts';
import type { Store } from './store.ts';
import type { StoreOperation } from './store-operation.ts';
import {
  after,
  COUNTERS_KEY,
  nameOf,
  partitionKey,
  PARTITIONS,
  topicKey,
  TOPICS,
} from './store-keys.ts';

/** What is known of a partition without reading its records. Replaced, never changed in place. */
export interface PartitionState {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly bytes: number;
  readonly records: number;
  /** Compaction has seen every record below this offset. */
  readonly cleanOffset: number;
  /** When the oldest tombstone below `cleanOffset` may go, ms since 1970; Infinity: none. */
  readonly tombstoneDueMs: number;
}

/** Numbers that rise over the whole store. */
export interface Counters {
  readonly nextSequence: number;
  readonly nextStorage: number;
  /** Rises when a topic is made or changes. */
  readonly catalogVersion: number;
}

interface TopicDocument {
  readonly storage: number;
  readonly generation: number;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  readonly retentionMs: number | null;
  readonly retentionBytes: number | null;
}

/** A topic as this process knows it; the object lives as long as the process. */
export interface Topic {
  readonly handle: number;
  readonly name: string;
  document: TopicDocument;
  readonly partitions: PartitionState[];
}

const EMPTY_PARTITION: PartitionState = {
  startOffset: 0,
  endOffset: 0,
  bytes: 0,
  records: 0,
  cleanOffset: 0,
  tombstoneDueMs: Number.POSITIVE_INFINITY,
};

/**
 * Topics, the states of their partitions and the counters, in memory. In the daemon this is the
 * truth, changed only when a write has become durable; another process reads it anew. An append
 * stores no state, however many partitions it touches: what the open segment has behind the stored
 * one is added when that is read, and all are stored when the segment is closed.
 */
export class TopicCatalog {
  readonly #store: Store;
  readonly #topics: Topic[] = [];
  readonly #byName = new Map<string, Topic>();
  /** By partition the state as it was stored when it was read last. */
  readonly #stored = new Map<number, Buffer>();
  /** Made anew when topics have changed. */
  #storages = { version: -1, topics: new Map<number, Topic>() };
  counters: Counters = { nextSequence: 0, nextStorage: 1, catalogVersion: 0 };

  constructor(store: Store) {
    this.#store = store;
    store.log.whenClosed = (spans) => this.#statesOf(spans);
    this.reload();
  }

  /** Reads everything from the store; topics known already keep their handle. */
  reload(): void {
    const bytes = this.#store.get(COUNTERS_KEY);
    if (bytes === undefined) return;
    const counters = decodeCounters(bytes);
    if (counters.catalogVersion !== this.counters.catalogVersion) this.#reloadTopics();
    this.counters = counters;
    const states = new Map(
      this.#store
        .entries(PARTITIONS, after(PARTITIONS))
        .map(({ key, value }) => [key.toString('latin1'), value]),
    );
    for (const topic of this.#topics) {
      const { storage, partitions } = topic.document;
      for (let partition = 0; partition < partitions; partition++) {
        const stored = states.get(partitionKey(storage, partition).toString('latin1'));
        topic.partitions[partition] = this.#stateNow(
          topic,
          partition,
          must(stored, `no state of ${topic.name}`),
        );
      }
    }
  }

  /** The stored state with what the open segment has behind it. */
  #stateNow(topic: Topic, partition: number, stored: Buffer): PartitionState {
    const { storage } = topic.document;
    const id = partitionId(storage, partition);
    const known = topic.partitions[partition];
    // As long as that is the same, what was added before need not be added again.
    const isSame = known !== undefined && this.#stored.get(id)?.equals(stored) === true;
    const state = isSame ? known : decodeState(stored);
    if (!isSame) this.#stored.set(id, stored);
    let { endOffset, bytes, records } = state;
    for (const block of this.#store.log.openBlocks(storage, partition, endOffset)) {
      endOffset = block.endOffset;
      bytes += block.length;
      records += block.count;
    }
    return { ...state, endOffset, bytes, records };
  }

  #statesOf(spans: readonly Span[]): StoreOperation[] {
    const operations = new Map<number, StoreOperation>();
    for (const { storage, partition } of spans) {
      const state = this.byStorage(storage)?.partitions[partition];
      if (state === undefined) continue;
      const key = partitionKey(storage, partition);
      operations.set(partitionId(storage, partition), { key, value: encodeState(state) });
    }
    return [...operations.values()];
  }

  #reloadTopics(): void {
    for (const { key, value } of this.#store.entries(TOPICS, after(TOPICS))) {
      const document = JSON.parse(must(value, 'topic').toString()) as TopicDocument;
      const known = this.#byName.get(nameOf(key));
      if (known === undefined) this.#add(nameOf(key), document);
      else known.document = document;
    }
  }

  #add(name: string, document: TopicDocument): Topic {
    const topic = { handle: this.#topics.length, name, document, partitions: [] };
    this.#topics.push(topic);
    this.#byName.set(name, topic);
    return topic;
  }

  get topics(): readonly Topic[] {
    return this.#topics;
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byHandle(handle: number): Topic {
    return must(this.#topics[handle], `topic handle ${handle} was never given out`);
  }

  /** The topic whose log has that storage now; undefined: the log was dropped. */
  byStorage(storage: number): Topic | undefined {
    const version = this.counters.catalogVersion;
    if (this.#storages.version !== version) {
      const topics = this.#topics.map((topic) => [topic.document.storage, topic] as const);
      this.#storages = { version, topics: new Map(topics) };
    }
    return this.#storages.topics.get(storage);
  }

  /** Plans a new topic and adds it to `operations`; the returned function does it in memory. */
  planTopic(
    name: string,
    options: TopicOptions,
    counters: Counters,
    operations: StoreOperation[],
  ): { readonly counters: Counters; readonly durable: () => Topic } {
    const document: TopicDocument = {
      storage: counters.nextStorage,
      generation: 1,
      partitions: options.partitions ?? 1,
      cleanup: options.cleanup ?? 'delete',
      retentionMs: options.retentionMs ?? null,
      retentionBytes: options.retentionBytes ?? null,
    };
    const inRange = document.partitions >= 1 && document.partitions <= PARTITIONS_MAX;
    assert(inRange, `topic ${name} cannot have ${document.partitions} partitions`);
    const states = Array.from({ length: document.partitions }, () => EMPTY_PARTITION);
    operations.push({ key: topicKey(name), value: encodeTopic(document) });
    operations.push(...stateOperations(document.storage, states));
    return {
      counters: {
        ...counters,
        nextStorage: counters.nextStorage + 1,
        catalogVersion: counters.catalogVersion + 1,
      },
      durable: () => {
        const topic = this.#add(name, document);
        topic.partitions.push(...states);
        return topic;
      },
    };
  }

  /** Plans other cleanup settings of a topic; null when they are as wished already. */
  planSettings(
    topic: Topic,
    options: TopicOptions,
  ): { readonly operations: StoreOperation[]; readonly durable: () => void } | null {
    const { cleanup, retentionMs, retentionBytes } = topic.document;
    const document: TopicDocument = {
      ...topic.document,
      cleanup: options.cleanup ?? cleanup,
      retentionMs: options.retentionMs ?? retentionMs,
      retentionBytes: options.retentionBytes ?? retentionBytes,
    };
    if (encodeTopic(document).equals(encodeTopic(topic.document))) return null;
    const counters = { ...this.counters, catalogVersion: this.counters.catalogVersion + 1 };
    return {
      operations: [
        { key: topicKey(topic.name), value: encodeTopic(document) },
        { key: COUNTERS_KEY, value: encodeCounters(counters) },
      ],
      durable: () => {
        topic.document = document;
        this.counters = counters;
      },
    };
  }

  /**
   * Plans the next generation: a new, empty log whose offsets go on where the old one ended. Its
   * number is the time: counted from one, a store that replaces a deleted one would give the
   * numbers that targets have stored already, and their sinks would skip the new snapshot.
   */
  planGeneration(
    topic: Topic,
    nowMs: number,
    counters: Counters,
    operations: StoreOperation[],
  ): { readonly counters: Counters; readonly durable: () => void } {
    const old = topic.document;
    const generation = Math.max(old.generation + 1, nowMs);
    const document = { ...old, storage: counters.nextStorage, generation };
    const states = topic.partitions.map(({ endOffset }) => ({
      ...EMPTY_PARTITION,
      startOffset: endOffset,
      endOffset,
      cleanOffset: endOffset,
    }));
    operations.push({ key: topicKey(topic.name), value: encodeTopic(document) });
    operations.push(...stateOperations(document.storage, states));
    for (let partition = 0; partition < old.partitions; partition++) {
      operations.push({ key: partitionKey(old.storage, partition), value: null });
    }
    return {
      counters: {
        ...counters,
        nextStorage: counters.nextStorage + 1,
        catalogVersion: counters.catalogVersion + 1,
      },
      durable: () => {
        topic.document = document;
        topic.partitions.splice(0, topic.partitions.length, ...states);
      },
    };
  }
}

/** The state of a partition that must exist. */
export function stateOf(topic: Topic, partition: number): PartitionState {
  return must(topic.partitions[partition], `${topic.name} has no partition ${partition}`);
}

/** How the port describes a topic. */
export function describe(topic: Topic): TopicDescription {
  const { generation, cleanup } = topic.document;
  const partitions = topic.partitions.map(
    ({ startOffset, endOffset, bytes }, partition): PartitionDescription => ({
      partition,
      startOffset,
      endOffset,
      bytes,
    }),
  );
  return { name: topic.name, generation, cleanup, partitions };
}

function stateOperations(storage: number, states: readonly PartitionState[]): StoreOperation[] {
  return states.map((state, partition) => ({
    key: partitionKey(storage, partition),
    value: encodeState(state),
  }));
}

function encodeTopic(document: TopicDocument): Buffer {
  return Buffer.from(JSON.stringify(document));
}

/** Bytes of a partition's state. */
export function encodeState(state: PartitionState): Buffer {
  const { startOffset, endOffset, bytes, records, cleanOffset, tombstoneDueMs } = state;
  return encodeDoubles([startOffset, endOffset, bytes, records, cleanOffset, tombstoneDueMs]);
}

function decodeState(bytes: Buffer): PartitionState {
  return {
    startOffset: bytes.readDoubleLE(0),
    endOffset: bytes.readDoubleLE(8),
    bytes: bytes.readDoubleLE(16),
    records: bytes.readDoubleLE(24),
    cleanOffset: bytes.readDoubleLE(32),
    tombstoneDueMs: bytes.readDoubleLE(40),
  };
}

/** Bytes of the counters. */
export function encodeCounters(counters: Counters): Buffer {
  return encodeDoubles([counters.nextSequence, counters.nextStorage, counters.catalogVersion]);
}

function decodeCounters(bytes: Buffer): Counters {
  return {
    nextSequence: bytes.readDoubleLE(0),
    nextStorage: bytes.readDoubleLE(8),
    catalogVersion: bytes.readDoubleLE(16),
  };
}

function encodeDoubles(numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(numbers.length * 8);
  for (const [at, number] of numbers.entries()) bytes.writeDoubleLE(number, at * 8);
  return bytes;
}
