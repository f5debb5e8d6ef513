import type { KafkaClient, KafkaConsumer, PartitionOffset } from './kafka-client.ts';
import type { TopicPartition } from '../transport.ts';

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
}

/**
 * A compacted topic as a map from key to value, as of the last `refresh`. Keys and values are text.
 * Only committed records count: what a fenced writer left behind is never seen.
 */
export class CompactedTopic {
  readonly #parts: CompactedTopicParts;
  readonly #values = new Map<string, string>();
  /** Keys written here since the last look at the end: what is read of them is older. */
  readonly #own = new Set<string>();
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

  /** Reads what was there when it was called. */
  refresh(): Promise<void> {
    const turn = this.#tail.then(() => this.#readToEnd());
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #readToEnd(): Promise<void> {
    const { client, topic, signal } = this.#parts;
    const all = Array.from({ length: this.partitions }, (_, partition) => ({ topic, partition }));
    this.#own.clear();
    const ends = await client.admin.offsets(all, 'latest', 'read_committed');
    const consumer = (this.#consumer ??= await this.#open(all));
    const end = new Map(ends.map(({ partition, offset }) => [partition, offset]));
    const isBehind = (): boolean =>
      consumer.assignment().some((at) => at.position < (end.get(at.partition) ?? 0));
    const read = new Map<string, string | null>();
    while (isBehind() && !signal.aborted) {
      for (const { records } of await consumer.poll({ maxWaitMs: 500, signal })) {
        for (const { key, value } of records) {
          if (key !== null) read.set(key.toString(), value?.toString() ?? null);
        }
      }
    }
    // At once: whoever asks between two polls must not see a value that was replaced long ago.
    for (const [key, value] of read) {
      if (!this.#own.has(key)) this.#set(key, value);
    }
  }

  async #open(all: readonly TopicPartition[]): Promise<KafkaConsumer> {
    const { client, openConsumer, topic } = this.#parts;
    const consumer = await openConsumer(() => client.admin.offsets(all, 'earliest'));
    await consumer.subscribe([topic]);
    return consumer;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#consumer?.[Symbol.asyncDispose]();
    this.#consumer = null;
  }
}
