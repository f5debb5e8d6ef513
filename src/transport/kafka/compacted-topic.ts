import { type Clock, systemClock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { TopicPartition } from '../transport.ts';
import type { KafkaClient, KafkaConsumer, PartitionOffset } from './kafka-client.ts';

/** How a compacted topic is read. */
export interface CompactedTopicParts {
  readonly topic: string;
  readonly partitions: number;
  readonly client: KafkaClient;
  /** A consumer without a group; its callbacks are this class's. */
  readonly openConsumer: (
    onAssigned: (partitions: readonly TopicPartition[]) => Promise<readonly PartitionOffset[]>,
  ) => Promise<KafkaConsumer>;
  readonly signal: AbortSignal;
  readonly clock?: Pick<Clock, 'monotonicMs'>;
}

/** Longer than a transaction of a dead producer lasts by default (`transaction.timeout.ms`). */
const OPEN_LIMIT_MS = 90_000;

/**
 * A compacted topic as a map from key to value, as of the last `refresh`. Keys and values are text.
 * Only committed records count: what a fenced writer left behind is never seen.
 */
export class CompactedTopic {
  readonly #parts: CompactedTopicParts;
  readonly #values = new Map<string, string>();
  /** Keys written here since the last look at the end: what is read of them is older. */
  readonly #own = new Set<string>();
  /** What was read and does not count yet: a look that failed is gone on with by the next one. */
  readonly #read = new Map<string, string | null>();
  /** As the cluster has it, once that is known. */
  partitions: number;
  #consumer: KafkaConsumer | null = null;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(parts: CompactedTopicParts) {
    this.#parts = parts;
    this.partitions = parts.partitions;
  }

  get topic(): string {
    return this.#parts.topic;
  }

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  entries(): IterableIterator<[key: string, value: string]> {
    return this.#values.entries();
  }

  /** What this process has just written itself, durable. */
  written(key: string, value: string | null): void {
    this.#own.add(key);
    this.#set(key, value);
  }

  #set(key: string, value: string | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  /**
   * Reads what was there when it was called. A transaction that is open there is waited for: what
   * we have committed ourselves may stand behind it, where nobody sees it yet.
   */
  refresh(): Promise<void> {
    const turn = this.#tail.then(() => this.#readToEnd());
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #readToEnd(): Promise<void> {
    const { client, topic, signal, clock = systemClock } = this.#parts;
    const all = Array.from({ length: this.partitions }, (_, partition) => ({ topic, partition }));
    this.#own.clear();
    const ends = await client.admin.offsets(all, 'latest', 'read_uncommitted');
    const consumer = (this.#consumer ??= await this.#open());
    let movedAt = clock.monotonicMs();
    while (isBehind(consumer, ends)) {
      if (signal.aborted) throw new TidemarkError('KAFKA_CONNECT', `${topic} is not read any more`);
      // A broker that does not know the topic yet must not have it taken for an empty one.
      if (consumer.assignment().length < all.length) await consumer.subscribe([topic]);
      const fetches = await consumer.poll({ maxWaitMs: 500, signal });
      if (fetches.length > 0) movedAt = clock.monotonicMs();
      else if (clock.monotonicMs() - movedAt > OPEN_LIMIT_MS) throw leftOpen(topic);
      for (const { records } of fetches) {
        for (const { key, value } of records) {
          if (key !== null) this.#read.set(key.toString(), value?.toString() ?? null);
        }
      }
    }
    // At once: whoever asks between two polls must not see a value that was replaced long ago.
    for (const [key, value] of this.#read) {
      if (!this.#own.has(key)) this.#set(key, value);
    }
    this.#read.clear();
  }

  async #open(): Promise<KafkaConsumer> {
    const { client, openConsumer, topic } = this.#parts;
    const consumer = await openConsumer((added) => client.admin.offsets(added, 'earliest'));
    try {
      await consumer.subscribe([topic]);
    } catch (error) {
      await Promise.allSettled([consumer[Symbol.asyncDispose]()]);
      throw error;
    }
    return consumer;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#consumer?.[Symbol.asyncDispose]();
    this.#consumer = null;
  }
}

function isBehind(consumer: KafkaConsumer, ends: readonly PartitionOffset[]): boolean {
  const read = new Map(consumer.assignment().map((at) => [at.partition, at.position]));
  return ends.some(({ partition, offset }) => (read.get(partition) ?? 0) < offset);
}

function leftOpen(topic: string): TidemarkError {
  const message = `the end of ${topic} cannot be read: somebody has a transaction open there`;
  return new TidemarkError('KAFKA_TIMEOUT', message, {
    cure:
      'It ends with the transaction.timeout.ms of its producer. If it does not: ' +
      'kafka-transactions.sh --bootstrap-server <broker> find-hanging, and abort.',
  });
}
