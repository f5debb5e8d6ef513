import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type {
  KafkaConnection,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaFetch,
  PartitionOffset,
} from '../kafka-client.ts';
import { PollLoop } from '../poll-loop.ts';
import { checkOwned, partitionsWithout } from '../topic-partitions.ts';
import { GroupMembership } from './group-membership.ts';
import { BrokerConnections } from './kafkajs-cluster.ts';
import { mayPass } from './kafkajs-errors.ts';
import { PartitionPositions } from './partition-positions.ts';
import { RecordFetcher } from './record-fetcher.ts';

const NO_ACCESS_TO_TOPIC = 29;

/** A consumer that is asked, on the library's connections. */
export class KafkajsConsumer implements KafkaConsumer {
  readonly #connections: BrokerConnections;
  readonly #options: KafkaConsumerOptions;
  readonly #membership: GroupMembership | null;
  readonly #positions = new PartitionPositions();
  readonly #fetcher: RecordFetcher;
  readonly #closing = new AbortController();
  readonly #polling = new PollLoop(systemClock);
  #topics: readonly string[] = [];
  /** Partitions of each topic as they were when they were divided; null: another member did it. */
  #counts: ReadonlyMap<string, number> | null = null;
  /** Still ours to commit, although no record of them is returned any more. */
  #owned: readonly TopicPartition[] = [];
  /** One change of the assignment at a time. */
  #changing: Promise<void> = Promise.resolve();
  #heartbeats: Promise<void> | null = null;
  #stalled = false;
  #failure: TidemarkError | null = null;

  private constructor(connections: BrokerConnections, options: KafkaConsumerOptions) {
    this.#connections = connections;
    this.#options = options;
    const { group } = options;
    this.#membership =
      group === null ? null : new GroupMembership(connections, { ...options, group });
    this.#fetcher = new RecordFetcher(connections, this.#positions, options, () => {
      this.#polling.wake();
    });
  }

  static async open(
    connection: KafkaConnection,
    options: KafkaConsumerOptions,
  ): Promise<KafkajsConsumer> {
    const connections = new BrokerConnections(connection);
    try {
      await connections.connect(true);
      return new KafkajsConsumer(connections, options);
    } catch (error) {
      await connections[Symbol.asyncDispose]();
      throw error;
    }
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await this.#change(async () => {
      for (const topic of this.#topics) {
        if (!topics.includes(topic)) this.#connections.forget(topic);
      }
      this.#topics = [...topics];
      await this.#reassign();
    });
    this.#heartbeats ??= this.#watch();
  }

  assignment(): readonly (TopicPartition & { readonly position: number })[] {
    return this.#positions
      .all()
      .map(({ topic, partition, position }) => ({ topic, partition, position }));
  }

  async poll(options: {
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly KafkaFetch[]> {
    return this.#polling.poll(options, () => {
      const failure = this.#failure ?? this.#fetcher.takeFailure();
      this.#failure = null;
      if (failure !== null) throw failure;
      if (this.#stalled) return [];
      const fetches = this.#positions.take();
      this.#fetcher.start();
      return fetches;
    });
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#positions.seek(partition, offset);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    return (await this.#membership?.committed(partitions)) ?? [];
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const membership = this.#membership;
    const { group } = this.#options;
    if (membership === null || group === null) {
      throw new TidemarkError('INTERNAL', 'A reader without a group commits nothing.');
    }
    checkOwned(group, this.#owned, offsets);
    if (offsets.length > 0) await membership.commit(offsets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#polling.close();
    // What is broken at the end is the brokers' to find out: the session runs out.
    await this.#membership?.leave().catch(nothing);
    await this.#connections[Symbol.asyncDispose]();
    await this.#changing.catch(nothing);
    await this.#heartbeats;
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changing.catch(nothing).then(async () => {
      this.#stalled = true;
      try {
        await work();
      } finally {
        this.#stalled = false;
        this.#polling.wake();
      }
    });
    this.#changing = change;
    return change;
  }

  async #reassign(): Promise<void> {
    if (this.#membership === null) {
      await this.#readEveryPartition();
      return;
    }
    await this.#giveUp();
    await this.#join(this.#membership);
  }

  /** Lets the caller finish with its partitions while the group waits. */
  async #giveUp(): Promise<void> {
    const owned = this.#owned;
    this.#positions.assign([]);
    if (owned.length > 0) {
      const { rebalanceTimeoutMs, onRevoked } = this.#options;
      await this.#aliveDuring(onRevoked(owned), rebalanceTimeoutMs);
    }
    this.#owned = [];
  }

  async #join(membership: GroupMembership): Promise<void> {
    const { signal } = this.#closing;
    await this.#lookUpTopics();
    const partitions = await membership.join(this.#topics, signal);
    this.#counts = membership.divided;
    if (signal.aborted) return;
    this.#owned = partitions;
    const known = this.#options.onAssigned(partitions);
    await this.#aliveDuring(known, Infinity);
    if (!signal.aborted) this.#positions.assign(await known);
  }

  /** Without a group nobody else has to be asked: what is read already goes on being read. */
  async #readEveryPartition(): Promise<void> {
    await this.#lookUpTopics();
    const hidden = this.#topics.find((topic) => this.#connections.isHidden(topic));
    if (hidden !== undefined) {
      throw this.#connections.error(NO_ACCESS_TO_TOPIC, 'READ', `Topic:${hidden}`);
    }
    const counts = this.#partitionCounts();
    this.#counts = counts;
    const wanted = [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
    const gone = partitionsWithout(this.assignment(), wanted);
    this.#positions.remove(gone);
    if (gone.length > 0) await this.#options.onRevoked(gone);
    const added = partitionsWithout(wanted, this.assignment());
    if (added.length > 0) this.#positions.add(await this.#options.onAssigned(added));
  }

  async #lookUpTopics(): Promise<void> {
    const attempt = this.#connections.attempt('DESCRIBE', 'Cluster');
    await this.#connections.retrying(attempt, () => this.#connections.know(this.#topics, true));
  }

  /** Topics that are missing, or that we may not see, have none. */
  #partitionCounts(): Map<string, number> {
    return new Map(this.#topics.map((topic) => [topic, this.#connections.partitionCount(topic)]));
  }

  /** Keeps the session while the caller works, at most for `limitMs`. */
  async #aliveDuring(work: Promise<unknown>, limitMs: number): Promise<void> {
    const until = systemClock.monotonicMs() + limitMs;
    const finished = new AbortController();
    const working = work.finally(() => {
      finished.abort();
    });
    working.catch(nothing);
    const { heartbeatIntervalMs } = this.#options;
    const signal = AbortSignal.any([finished.signal, this.#closing.signal]);
    while (!signal.aborted) {
      const left = until - systemClock.monotonicMs();
      if (left <= 0) return;
      await systemClock.sleep(Math.min(heartbeatIntervalMs, left), signal);
      if (!signal.aborted) await this.#membership?.heartbeat().catch(nothing);
    }
    if (!this.#closing.signal.aborted) await working;
  }

  /** Heartbeats, and what they tell; new partitions. Never rejects. */
  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await systemClock.sleep(this.#options.heartbeatIntervalMs, signal);
      if (signal.aborted) return;
      try {
        await this.#beat();
      } catch (thrown) {
        this.#connections.noteFailure(thrown);
        if (mayPass(thrown) || this.#closing.signal.aborted) continue;
        const resource = `Group:${this.#options.group}`;
        this.#failure ??= this.#connections.error(thrown, 'READ', resource);
        this.#polling.wake();
      }
    }
  }

  async #beat(): Promise<void> {
    await this.#changing.catch(nothing);
    const state = (await this.#membership?.heartbeat()) ?? 'stable';
    if (state === 'stable' && !(await this.#hasNewPartitions())) return;
    await this.#change(async () => {
      if (state === 'lost') this.#lose();
      await this.#reassign();
    }).catch((thrown: unknown) => {
      // Without an assignment nothing is read: the caller has to know.
      if (!this.#closing.signal.aborted) this.#failure ??= toTidemarkError(thrown, 'KAFKA_BROKER');
      this.#polling.wake();
    });
  }

  #lose(): void {
    const lost = this.#owned;
    this.#owned = [];
    this.#positions.assign([]);
    if (lost.length > 0) this.#options.onLost(lost);
  }

  /**
   * Whoever divides the partitions looks whether there are more of them; at each heartbeat while a
   * topic has none: a broker that was just asked may not have known it yet.
   */
  async #hasNewPartitions(): Promise<boolean> {
    const counts = this.#counts;
    if (counts === null) return false;
    const isMissing = this.#topics.some((topic) => (counts.get(topic) ?? 0) === 0);
    await this.#connections.know(this.#topics, isMissing);
    return this.#topics.some(
      (topic) => this.#connections.partitionCount(topic) > (counts.get(topic) ?? 0),
    );
  }
}

function nothing(): void {
  // Nothing follows from it, see the caller.
}
