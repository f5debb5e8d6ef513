import type { Clock } from '../../foundation/clock.ts';
import { systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { Lifecycle } from '../../foundation/lifecycle.ts';
import type { RecordBatch } from '../record-batch.ts';
import { RecordBatch as Batch } from '../record-batch.ts';
import type {
  Consumer,
  ConsumerOptions,
  DocumentStore,
  GroupDescription,
  StoredOffset,
  StoredOffsets,
  TopicDescription,
  TopicOptions,
  Transport,
} from '../transport.ts';
import { CompactedTopic } from './compacted-topic.ts';
import type { TextRecord } from './kafka-appender.ts';
import { KafkaAppender } from './kafka-appender.ts';
import type {
  KafkaClient,
  KafkaProducerOptions,
  KafkaTopic,
  PartitionOffset,
} from './kafka-client.ts';
import { KafkaDocuments } from './kafka-documents.ts';
import type { ConsumerDefaults } from './kafka-log-consumer.ts';
import { describeGroups, moveGroup, offsetOf } from './kafka-groups.ts';
import { KafkaLogConsumer } from './kafka-log-consumer.ts';
import type { LimitSettings } from './record-limits.ts';
import { RecordLimits } from './record-limits.ts';
import type { TopicSpecFor } from './topic-directory.ts';
import { TopicDirectory } from './topic-directory.ts';
import { generationKey, TopicGenerations } from './topic-generations.ts';
import { TopicWatch } from './topic-watch.ts';

/** A compacted topic of ours. */
export interface StorageTopic {
  readonly name: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
}

/** What the transport is made of. */
export interface KafkaTransportOptions {
  /** Produces, and reads the storage topics. */
  readonly producing: KafkaClient;
  /** Reads for groups; opened when the first one comes. It may be the same client. */
  readonly openConsuming: () => Promise<KafkaClient>;
  /** For commands beside the daemon: nothing is created, written, or fenced. */
  readonly readOnly?: boolean;
  /** Whose documents: the pipeline's name. Others may share the state topic. */
  readonly owner: string;
  /** Connect's (`offset.storage.topic`): source offsets in its own format. */
  readonly offsets: StorageTopic;
  /** Ours (`state.storage.topic`): generations and documents; it has one partition. */
  readonly state: Omit<StorageTopic, 'partitions'>;
  readonly topicSpec: TopicSpecFor;
  readonly producer: KafkaProducerOptions;
  /** Where records go that are larger than any request; null: they are refused. */
  readonly deadLetters: LimitSettings['deadLetters'];
  /** How a group reads; null: whoever has none. */
  readonly consumer: (group: string | null) => ConsumerDefaults;
  /** How often new topics are looked for (`metadata.max.age.ms`). */
  readonly topicIntervalMs: number;
  readonly clock?: Clock;
}

const NO_RECORDS = new Batch();

/**
 * Opens the log on a Kafka cluster; storage topics are made where they are missing. Throws
 * KAFKA_CONNECT, KAFKA_AUTH, KAFKA_ACCESS, KAFKA_TOPIC.
 */
export async function openKafkaTransport(options: KafkaTransportOptions): Promise<Transport> {
  const transport = new KafkaTransport(options);
  try {
    await transport.open();
  } catch (error) {
    await transport[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
  return transport;
}

class KafkaTransport implements Transport {
  readonly #options: KafkaTransportOptions;
  readonly #lifecycle: Lifecycle;
  readonly #directory: TopicDirectory;
  readonly #watch: TopicWatch;
  readonly #appender: KafkaAppender;
  /** Of its own: a transaction of records may be open when a document is written. */
  readonly #stateAppender: KafkaAppender;
  /** Of its own, without transactions: what is beside the source must not end one of its. */
  readonly #besideAppender: KafkaAppender;
  readonly #offsets: CompactedTopic;
  readonly #state: CompactedTopic;
  readonly #generations: TopicGenerations;
  readonly #consumers = new Set<KafkaLogConsumer>();
  readonly documents: DocumentStore;
  #consuming: Promise<KafkaClient> | null = null;
  #offsetsHandle = -1;
  #stateHandle = -1;

  constructor(options: KafkaTransportOptions) {
    const { producing, producer, clock = systemClock } = options;
    this.#options = options;
    this.#lifecycle = new Lifecycle(clock);
    const { admin } = producing;
    this.#watch = new TopicWatch(admin, [options.offsets.name, options.state.name], () => {
      for (const consumer of this.#consumers) consumer.wake();
    });
    this.#directory = new TopicDirectory(admin, options.topicSpec);
    this.#appender = this.#newAppender(producer.transactionalId);
    const { transactionalId: id } = producer;
    this.#stateAppender = this.#newAppender(id === null ? null : `${id}-state`);
    this.#besideAppender = this.#newAppender(null);
    this.#offsets = this.#storage(options.offsets);
    this.#state = this.#storage({ ...options.state, partitions: 1 });
    this.#generations = new TopicGenerations(this.#state);
    this.documents = new KafkaDocuments(this.#state, options.owner, (texts) =>
      this.#writeState(texts),
    );
  }

  #newAppender(transactionalId: string | null): KafkaAppender {
    const { producing, producer, deadLetters, clock = systemClock } = this.#options;
    const { maxRequestBytes } = producer;
    return new KafkaAppender({
      client: producing,
      directory: this.#directory,
      producer: { ...producer, transactionalId },
      limits: new RecordLimits(this.#directory, { maxRequestBytes, deadLetters }),
      nowMs: () => clock.nowMs(),
    });
  }

  #storage({ name, partitions }: StorageTopic): CompactedTopic {
    const { producing, consumer } = this.#options;
    return new CompactedTopic({
      topic: name,
      partitions,
      client: producing,
      openConsumer: (onAssigned) =>
        producing.consumer({
          ...consumer(null),
          isolation: 'read_committed',
          group: null,
          onAssigned,
          onRevoked: () => Promise.resolve(),
          onLost: () => undefined,
        }),
      signal: this.#lifecycle.signal,
    });
  }

  async open(): Promise<void> {
    const { offsets, state, topicIntervalMs, readOnly = false } = this.#options;
    this.#offsetsHandle = await this.#openStorage(offsets, this.#offsets);
    this.#stateHandle = await this.#openStorage({ ...state, partitions: 1 }, this.#state);
    await this.#watch.refresh();
    this.#watch.start(this.#lifecycle, topicIntervalMs);
    // Only then is what stands in the topics the last word: an older daemon can add nothing to it.
    if (!readOnly) await Promise.all([this.#appender.fence(), this.#stateAppender.fence()]);
    if (this.#stateHandle >= 0) await this.#state.refresh();
  }

  /** Its handle; -1 when it is missing and we only read. */
  async #openStorage(wanted: StorageTopic, topic: CompactedTopic): Promise<number> {
    const { admin } = this.#options.producing;
    const { name, replicationFactor } = wanted;
    let [found] = await admin.describeTopics([name]);
    if (found === undefined) {
      if (this.#options.readOnly === true) return -1;
      const configs = { 'cleanup.policy': 'compact' };
      const { partitions } = wanted;
      found = await admin.createTopic({ name, partitions, replicationFactor, configs });
    } else if (this.#options.readOnly !== true) {
      const policy = (await admin.topicConfig(name)).get('cleanup.policy') ?? 'compact';
      if (policy !== 'compact') throw notCompacted(name, policy);
    }
    topic.partitions = found.partitions;
    return this.#directory.enter(name, found.partitions);
  }

  async openTopic(name: string, options: TopicOptions = {}): Promise<number> {
    const { handle, created } = await this.#directory.open(name, options);
    if (created) await this.#watch.refresh();
    return handle;
  }

  async describeTopic(name: string): Promise<TopicDescription | null> {
    const [found] = await this.#options.producing.admin.describeTopics([name]);
    const [topic] = found === undefined ? [] : await this.#describe([found]);
    return topic ?? null;
  }

  async listTopics(pattern = /^/): Promise<readonly TopicDescription[]> {
    const storage = [this.#offsets.topic, this.#state.topic];
    const topics = await this.#options.producing.admin.describeTopics(null);
    return this.#describe(
      topics.filter(({ name }) => !storage.includes(name) && pattern.test(name)),
    );
  }

  async #describe(topics: readonly KafkaTopic[]): Promise<TopicDescription[]> {
    const { admin } = this.#options.producing;
    const all = topics.flatMap(({ name, partitions }) => partitionsOf(name, partitions));
    const [starts, ends] = await Promise.all([
      admin.offsets(all, 'earliest'),
      admin.offsets(all, 'latest'),
      this.#refreshState(),
    ]);
    const described: TopicDescription[] = [];
    for (const { name, partitions } of topics) {
      const { generation, starts: begun } = this.#generations.of(name);
      const policy = (await admin.topicConfig(name)).get('cleanup.policy') ?? 'delete';
      described.push({
        name,
        generation,
        cleanup: policy.includes('compact') ? 'compact' : 'delete',
        partitions: partitionsOf(name, partitions).map(({ partition }) => {
          const endOffset = offsetOf(ends, name, partition);
          const startOffset = Math.max(offsetOf(starts, name, partition), begun[partition] ?? 0);
          return { partition, startOffset, endOffset, bytes: null };
        }),
      });
    }
    return described;
  }

  async #refreshState(): Promise<void> {
    if (this.#stateHandle >= 0) await this.#state.refresh();
  }

  async append(batch: RecordBatch, stored: StoredOffsets | null, more = false): Promise<void> {
    const offsets = stored === null ? [] : listOf(stored);
    await this.#appender.append(batch, offsets.map(this.#offsetRecord), more);
    for (const { key, value } of offsets) this.#offsets.written(key, value);
  }

  appendBeside(batch: RecordBatch): Promise<void> {
    return this.#besideAppender.append(batch, []);
  }

  readonly #offsetRecord = ({ key, value }: StoredOffset): TextRecord => ({
    topic: this.#offsetsHandle,
    key,
    value,
  });

  storeOffset(offsets: StoredOffsets): Promise<void> {
    return this.append(NO_RECORDS, offsets);
  }

  /** With a transactional id nobody else can write it any more when it was read. */
  async loadOffset(key: string): Promise<string | null> {
    if (this.#options.readOnly !== true) await this.#appender.fence();
    // Another daemon may have run since: its documents count, too.
    await Promise.all([this.#refreshOffsets(), this.#refreshState()]);
    return this.#offsets.get(key);
  }

  async listOffsets(): Promise<readonly { readonly key: string; readonly value: string }[]> {
    await this.#refreshOffsets();
    return [...this.#offsets.entries()].map(([key, value]) => ({ key, value }));
  }

  async #refreshOffsets(): Promise<void> {
    if (this.#offsetsHandle >= 0) await this.#offsets.refresh();
  }

  /**
   * The records of before stay in Kafka for whoever else reads them; our own consumers begin behind
   * them. The generation is durable before the offset: a crash between the two begins another one.
   */
  async beginGeneration(topics: readonly string[], offsets: StoredOffsets): Promise<void> {
    const { admin } = this.#options.producing;
    const names = [...new Set(topics)];
    const known = new Set((await admin.describeTopics(names)).map(({ name }) => name));
    const texts: { key: string; value: string }[] = [];
    for (const name of names) {
      const handle = await this.openTopic(name);
      // One that was deleted and made anew must not begin where the old one ended.
      if (!known.has(name) && this.#generations.of(name).generation === 1) continue;
      const all = partitionsOf(name, this.#directory.partitionsOf(handle));
      const ends = await admin.offsets(all, 'latest');
      const next = this.#generations.next(name, ends, this.#lifecycle.clock.nowMs());
      texts.push({ key: generationKey(name), value: JSON.stringify(next) });
    }
    await this.#writeState(texts);
    await this.storeOffset(offsets);
    for (const consumer of this.#consumers) consumer.wake();
  }

  async #writeState(
    texts: readonly { readonly key: string; readonly value: string | null }[],
  ): Promise<void> {
    const topic = this.#stateHandle;
    const records = texts.map(({ key, value }) => ({ topic, key, value }));
    await this.#stateAppender.append(NO_RECORDS, records);
    for (const { key, value } of texts) this.#state.written(key, value);
  }

  /** A failure is not kept: the next one who reads tries again. */
  #reading(): Promise<KafkaClient> {
    this.#consuming ??= this.#options.openConsuming().catch((error: unknown) => {
      this.#consuming = null;
      throw error;
    });
    return this.#consuming;
  }

  async consumer(options: ConsumerOptions): Promise<Consumer> {
    const client = await this.#reading();
    const consumer = new KafkaLogConsumer(
      {
        client,
        admin: client.admin,
        defaults: this.#options.consumer((options.register ?? true) ? options.group : null),
        state: { refresh: () => this.#refreshState() },
        generations: this.#generations,
        topics: this.#watch,
        clock: this.#lifecycle.clock,
        closed: (closed) => this.#consumers.delete(closed),
      },
      options,
    );
    this.#consumers.add(consumer);
    try {
      await consumer.open();
    } catch (error) {
      await consumer[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
    return consumer;
  }

  async listGroups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    return describeGroups((await this.#reading()).admin, names);
  }

  async deleteGroup(group: string): Promise<void> {
    await (await this.#reading()).admin.deleteGroup(group);
  }

  async setGroupOffsets(group: string, offsets: readonly PartitionOffset[]): Promise<void> {
    await moveGroup((await this.#reading()).admin, group, offsets);
  }

  async offsetsAt(topic: string, timestampMs: number): Promise<readonly PartitionOffset[]> {
    const { admin } = await this.#reading();
    const [found] = await admin.describeTopics([topic]);
    if (found === undefined) throw new TidemarkError('TOPIC_UNKNOWN', `no topic ${topic}`);
    const offsets = await admin.offsets(partitionsOf(topic, found.partitions), { timestampMs });
    return offsets.toSorted((a, b) => a.partition - b.partition);
  }

  /** What Kafka holds is the brokers' to tell. */
  statistics(): null {
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifecycle.stop();
    await Promise.allSettled([...this.#consumers].map((one) => one[Symbol.asyncDispose]()));
    await Promise.allSettled([this.#offsets.close(), this.#state.close()]);
    const appenders = [this.#appender, this.#stateAppender, this.#besideAppender];
    await Promise.allSettled(appenders.map((appender) => appender.close()));
    await this.#lifecycle.dispose();
    const { producing } = this.#options;
    const consuming = await this.#consuming?.catch(() => null);
    await producing[Symbol.asyncDispose]();
    if (consuming !== producing) await consuming?.[Symbol.asyncDispose]();
  }
}

function listOf(offsets: StoredOffsets): readonly StoredOffset[] {
  return 'key' in offsets ? [offsets] : offsets;
}

function partitionsOf(topic: string, count: number): { topic: string; partition: number }[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}

function notCompacted(name: string, policy: string): TidemarkError {
  return new TidemarkError(
    'KAFKA_TOPIC',
    `${name} has cleanup.policy=${policy}: what is stored in it would be deleted`,
    {
      cure:
        `kafka-configs.sh --bootstrap-server <broker> --alter --topic ${name} ` +
        '--add-config cleanup.policy=compact',
    },
  );
}
