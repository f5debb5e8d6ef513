import { assert } from '../../foundation/assert.ts';
import type { Clock } from '../../foundation/clock.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { Lifecycle } from '../../foundation/lifecycle.ts';
import type { RecordBatch } from '../record-batch.ts';
import type {
  Consumer,
  ConsumerOptions,
  DocumentStore,
  GroupDescription,
  StoredOffsets,
  TopicDescription,
  TopicOptions,
  TopicPartition,
  Transport,
  TransportStatistics,
} from '../transport.ts';
import { Wakeup } from '../wakeup.ts';
import { BatchAppender, offsetOperations } from './batch-appender.ts';
import { checkOffsets, EmbeddedConsumer } from './embedded-consumer.ts';
import { EmbeddedDocuments } from './embedded-documents.ts';
import { GroupTable } from './group-table.ts';
import { Maintenance } from './maintenance.ts';
import { offsetAt } from './partition-cursor.ts';
import { ReaderAges } from './reader-ages.ts';
import { Store } from './store.ts';
import type { StoreOperation } from './store-operation.ts';
import { after, COUNTERS_KEY, nameOf, SOURCE_OFFSETS, sourceOffsetKey } from './store-keys.ts';
import { describe, encodeCounters, TopicCatalog } from './topic-catalog.ts';

/** How an embedded transport is opened. */
export interface EmbeddedTransportOptions {
  /** The folder of the store. */
  readonly path: string;
  /** Quota of the store's files; default 64 GiB. */
  readonly maxBytes?: number;
  /** True: beside a running daemon, for reading only. */
  readonly readOnly?: boolean;
  readonly clock?: Clock;
  /** Largest record: key, value and headers; default 256 MiB. */
  readonly maxRecordBytes?: number;
  /** Size at which a segment is full; by default what suits the quota, 128 MiB at most. */
  readonly segmentBytes?: number;
  /** Pause between two rounds of retention and compaction; default 10 s. */
  readonly maintenanceIntervalMs?: number;
  /** Default 0.5. */
  readonly compactionMinDirtyRatio?: number;
  /** Default one day. */
  readonly tombstoneRetentionMs?: number;
  /** Told of a failed round of maintenance. */
  readonly onMaintenanceError?: (error: unknown) => void;
}

/** The embedded driver of the transport port. */
export interface EmbeddedTransport extends Transport {
  statistics(): TransportStatistics;
  /** Retention, compaction and reclaiming now; resolves when nothing is left to do. */
  runMaintenance(): Promise<void>;
}

const GIB = 1024 ** 3;
const READER_POLL_MS = 50;

/**
 * Opens the log in a folder, making it when it is missing. One process writes; any number of others
 * open it with `readOnly`. Throws STORE_OPEN, STORE_LOCKED, STORE_VERSION.
 */
export async function openEmbeddedTransport(
  options: EmbeddedTransportOptions,
  signal?: AbortSignal,
): Promise<EmbeddedTransport> {
  signal?.throwIfAborted();
  const { path, maxBytes = 64 * GIB, readOnly = false } = options;
  const { segmentBytes } = options;
  const sizes = segmentBytes === undefined ? { maxBytes } : { maxBytes, segmentBytes };
  const store = await Store.open({ path, readOnly, ...sizes });
  return new LogTransport(store, options);
}

class LogTransport implements EmbeddedTransport {
  readonly documents: DocumentStore;
  readonly #store: Store;
  readonly #catalog: TopicCatalog;
  readonly #groups: GroupTable;
  readonly #appender: BatchAppender;
  readonly #maintenance: Maintenance;
  readonly #lifecycle: Lifecycle;
  readonly #readers: ReaderAges;
  readonly #wakeup = new Wakeup();
  readonly #members = new Set<EmbeddedConsumer>();

  constructor(store: Store, options: EmbeddedTransportOptions) {
    this.#store = store;
    this.#lifecycle = new Lifecycle(options.clock ?? systemClock);
    this.#lifecycle.defer(() => store[Symbol.asyncDispose]());
    this.#catalog = new TopicCatalog(store);
    this.#groups = new GroupTable(store, this.#catalog);
    this.documents = new EmbeddedDocuments(store);
    this.#readers = new ReaderAges(this.#lifecycle.clock);
    this.#appender = new BatchAppender(store, this.#catalog, options.maxRecordBytes ?? GIB / 4);
    this.#maintenance = new Maintenance({
      store,
      catalog: this.#catalog,
      groups: this.#groups,
      lifecycle: this.#lifecycle,
      intervalMs: options.maintenanceIntervalMs ?? 10_000,
      failed: options.onMaintenanceError ?? (() => undefined),
      compaction: {
        minDirtyRatio: options.compactionMinDirtyRatio ?? 0.5,
        tombstoneRetentionMs: options.tombstoneRetentionMs ?? 24 * 3600 * 1000,
        maxKeys: 500_000,
      },
    });
    if (!store.readOnly) this.#maintenance.start();
  }

  /** What other processes committed meanwhile; the daemon knows it already. */
  #refresh(): void {
    if (!this.#store.readOnly) return;
    this.#store.refresh();
    this.#catalog.reload();
  }

  #writable(): Store {
    assert(!this.#store.readOnly, 'the store is open for reading only');
    return this.#store;
  }

  async openTopic(name: string, options: TopicOptions = {}): Promise<number> {
    this.#refresh();
    if (!this.#store.readOnly) {
      await this.#store.write('state', () => {
        const known = this.#catalog.find(name);
        if (known !== undefined) {
          return this.#catalog.planSettings(known, options) ?? { operations: [] };
        }
        const operations: StoreOperation[] = [];
        const planned = this.#catalog.planTopic(name, options, this.#catalog.counters, operations);
        operations.push({ key: COUNTERS_KEY, value: encodeCounters(planned.counters) });
        return {
          operations,
          durable: () => {
            planned.durable();
            this.#catalog.counters = planned.counters;
            this.#wakeup.wake();
          },
        };
      });
    }
    const topic = this.#catalog.find(name);
    if (topic === undefined) {
      throw new TidemarkError('TOPIC_UNKNOWN', `the store has no topic ${name}`);
    }
    return topic.handle;
  }

  describeTopic(name: string): Promise<TopicDescription | null> {
    this.#refresh();
    const topic = this.#catalog.find(name);
    return Promise.resolve(topic === undefined ? null : describe(topic));
  }

  listTopics(pattern = /^/): Promise<readonly TopicDescription[]> {
    this.#refresh();
    const topics = this.#catalog.topics.filter(({ name }) => pattern.test(name));
    return Promise.resolve(topics.map(describe));
  }

  async append(batch: RecordBatch, offsets: StoredOffsets | null): Promise<void> {
    try {
      await this.#writable().write('state', () => this.#appender.plan(batch, offsets));
    } catch (error) {
      // Perhaps something may be deleted by now; the source tries again.
      this.#maintenance.kick();
      throw error;
    }
    this.#wakeup.wake();
  }

  appendBeside(batch: RecordBatch): Promise<void> {
    return this.append(batch, null);
  }

  async storeOffset(offsets: StoredOffsets): Promise<void> {
    const operations = offsetOperations(offsets);
    await this.#writable().write('independent', () => ({ operations }));
  }

  loadOffset(key: string): Promise<string | null> {
    this.#refresh();
    return Promise.resolve(this.#store.get(sourceOffsetKey(key))?.toString() ?? null);
  }

  listOffsets(): Promise<readonly { key: string; value: string }[]> {
    this.#refresh();
    const entries = this.#store.entries(SOURCE_OFFSETS, after(SOURCE_OFFSETS));
    return Promise.resolve(
      entries.map(({ key, value }) => ({ key: nameOf(key), value: value?.toString() ?? '' })),
    );
  }

  async beginGeneration(topics: readonly string[], offsets: StoredOffsets): Promise<void> {
    await this.#writable().write('state', () => {
      const operations: StoreOperation[] = [...offsetOperations(offsets)];
      const durable: (() => void)[] = [];
      const nowMs = this.#lifecycle.clock.nowMs();
      let { counters } = this.#catalog;
      for (const name of new Set(topics)) {
        const known = this.#catalog.find(name);
        const planned =
          known === undefined
            ? this.#catalog.planTopic(name, {}, counters, operations)
            : this.#catalog.planGeneration(known, nowMs, counters, operations);
        counters = planned.counters;
        durable.push(planned.durable);
      }
      operations.push({ key: COUNTERS_KEY, value: encodeCounters(counters) });
      return {
        operations,
        durable: () => {
          for (const apply of durable) apply();
          this.#catalog.counters = counters;
          this.#wakeup.wake();
        },
      };
    });
    this.#maintenance.kick();
  }

  consumer(options: ConsumerOptions): Promise<Consumer> {
    this.#refresh();
    return EmbeddedConsumer.open(
      {
        store: this.#store,
        catalog: this.#catalog,
        groups: this.#groups,
        wakeup: this.#wakeup,
        clock: this.#lifecycle.clock,
        readerPollMs: READER_POLL_MS,
        members: this.#members,
      },
      options,
    );
  }

  listGroups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    this.#refresh();
    const groups = this.#groups.describe();
    return Promise.resolve(groups.filter(({ group }) => names?.includes(group) ?? true));
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#writable().write('independent', () => ({
      operations: this.#groups.removal(group),
    }));
  }

  async setGroupOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void> {
    for (const member of this.#members) {
      if (member.group !== group) continue;
      throw new TidemarkError('GROUP_IN_USE', `a consumer of this process reads as ${group}`);
    }
    checkOffsets(this.#catalog, offsets);
    const operations = this.#groups.commits(group, offsets);
    await this.#writable().write('independent', () => ({ operations }));
  }

  offsetsAt(
    name: string,
    timestampMs: number,
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
    this.#refresh();
    const topic = this.#catalog.find(name);
    if (topic === undefined) {
      return Promise.reject(new TidemarkError('TOPIC_UNKNOWN', `the store has no topic ${name}`));
    }
    return Promise.resolve(
      topic.partitions.map((_, partition) => ({
        topic: name,
        partition,
        offset: offsetAt(this.#store.log, topic, partition, timestampMs),
      })),
    );
  }

  statistics(): TransportStatistics {
    this.#refresh();
    const { fileBytes, reusableBytes } = this.#store.use();
    let records = 0;
    for (const { partitions } of this.#catalog.topics) {
      for (const partition of partitions) records += partition.records;
    }
    return {
      bytesUsed: fileBytes,
      bytesLimit: this.#store.space.limitBytes,
      bytesReusable: reusableBytes,
      records,
      oldestReaderMs: this.#readers.oldestMs(this.#store.activeReaders()),
    };
  }

  async runMaintenance(): Promise<void> {
    this.#writable();
    await this.#maintenance.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifecycle.stop();
    this.#wakeup.wake();
    await this.#lifecycle.dispose();
  }
}
