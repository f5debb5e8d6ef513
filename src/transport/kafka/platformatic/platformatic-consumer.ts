import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type {
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaFetch,
  PartitionOffset,
} from '../kafka-client.ts';
import { kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import { PollLoop } from '../poll-loop.ts';
import { checkOwned, partitionKey, partitionsWithout } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { commitOffsets, committedOffsets } from './group-offsets.ts';
import { GroupMember } from './group-member.ts';
import { PartitionFetcher } from './partition-fetcher.ts';

/** Connections of a consumer: what waits in one of them must not hold up the others. */
export interface ConsumerConnections {
  /** Fetches wait at the broker for records. */
  readonly fetching: BrokerConnections;
  /** Joins wait at the coordinator for the other members. */
  readonly joining: BrokerConnections;
  /** Everything that is answered at once. */
  readonly asking: BrokerConnections;
}

/**
 * A consumer that is pulled, on the library's connections: its own is a stream that commits and
 * moves partitions by itself, and reads one record object at a time.
 */
export class PlatformaticConsumer implements KafkaConsumer {
  readonly #connections: ConsumerConnections;
  readonly #options: KafkaConsumerOptions;
  readonly #fetcher: PartitionFetcher;
  readonly #member: GroupMember | null;
  readonly #polling = new PollLoop(systemClock);
  #topics: readonly string[] = [];
  /** When the partitions of the topics were last looked at; only without a group. */
  #lookedAt = 0;
  #closed = false;

  constructor(connections: ConsumerConnections, options: KafkaConsumerOptions) {
    this.#connections = connections;
    this.#options = options;
    const changed = (): void => {
      this.#polling.wake();
    };
    this.#fetcher = new PartitionFetcher(connections.fetching, options, changed);
    const { group } = options;
    this.#member =
      group === null
        ? null
        : new GroupMember(
            connections.joining,
            connections.asking,
            { ...options, group },
            {
              assigned: (partitions) => this.#onAssigned(partitions),
              revoked: (partitions) => this.#onRevoked(partitions),
              lost: (partitions) => {
                this.#fetcher.remove(partitions);
                options.onLost(partitions);
              },
              changed,
            },
          );
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const offsets = await this.#options.onAssigned(partitions);
    const mine = new Set((this.#member?.owned ?? partitions).map(partitionKey));
    this.#fetcher.add(offsets.filter((at) => mine.has(partitionKey(at))));
  }

  async #onRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.#fetcher.hold(partitions);
    try {
      await this.#options.onRevoked(partitions);
    } finally {
      this.#fetcher.remove(partitions);
    }
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    this.#checkOpen();
    this.#topics = topics;
    if (this.#member === null) await this.#readAll();
    else await this.#member.subscribe(topics);
  }

  #checkOpen(): void {
    if (this.#closed) throw new TidemarkError('KAFKA_CONNECT', 'The consumer was closed.');
  }

  /** Without a group every partition is ours. */
  async #readAll(): Promise<void> {
    this.#lookedAt = systemClock.monotonicMs();
    const wanted: TopicPartition[] = [];
    const { asking } = this.#connections;
    const metadata = this.#topics.length === 0 ? null : await asking.metadata(this.#topics);
    for (const { name, errorCode, partitions } of metadata?.topics ?? []) {
      const error = kafkaErrorName(errorCode);
      if (error === 'TOPIC_AUTHORIZATION_FAILED') {
        throw kafkaError(error, asking.request('READ', `Topic:${name ?? ''}`));
      }
      for (const { partitionIndex } of partitions) {
        wanted.push({ topic: name ?? '', partition: partitionIndex });
      }
    }
    const held = this.#fetcher.positions();
    const gone = partitionsWithout(held, wanted);
    if (gone.length > 0) await this.#onRevoked(gone);
    const added = partitionsWithout(wanted, held);
    if (added.length > 0) await this.#onAssigned(added);
  }

  assignment(): readonly (TopicPartition & { readonly position: number })[] {
    return this.#fetcher.positions();
  }

  async poll(options: {
    readonly maxWaitMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly KafkaFetch[]> {
    await this.#lookAgain();
    return this.#polling.poll(options, () => {
      const failure = this.#member?.takeFailure() ?? this.#fetcher.takeFailure();
      if (failure !== null) throw failure;
      const fetches = this.#fetcher.take();
      this.#fetcher.fetch();
      return fetches;
    });
  }

  async #lookAgain(): Promise<void> {
    if (this.#member !== null || this.#topics.length === 0) return;
    const age = systemClock.monotonicMs() - this.#lookedAt;
    if (age >= this.#connections.asking.connection.metadataMaxAgeMs) await this.#readAll();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#fetcher.seek(partition, offset);
    this.#polling.wake();
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    const { group } = this.#options;
    if (group === null || partitions.length === 0) return [];
    return committedOffsets(this.#connections.asking, group, partitions);
  }

  /** A round of the group under way refuses commits for a moment; then they are tried again. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    this.#checkOpen();
    const member = this.#member;
    const { group } = this.#options;
    if (member === null || group === null) {
      throw new TidemarkError('INTERNAL', 'A reader without a group has nowhere to commit.');
    }
    if (offsets.length === 0) return;
    for (;;) {
      checkOwned(group, member.owned, offsets);
      const { agreements, generation, memberId } = member;
      try {
        const membership = { group, generation, member: memberId };
        await commitOffsets(this.#connections.asking, membership, offsets);
        return;
      } catch (error) {
        const refused = error instanceof TidemarkError && error.code === 'KAFKA_REBALANCE';
        if (!refused) throw error;
        if (member.agreements === agreements && !(await member.untilAgreed())) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#polling.close();
    await this.#member?.close();
    const { fetching, joining, asking } = this.#connections;
    await Promise.all([fetching.close(), joining.close(), asking.close()]);
  }
}
