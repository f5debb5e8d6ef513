import type {
  Compression,
  KafkaClient,
  KafkaConnection,
  KafkaConsumerOptions,
  KafkaProducer,
  KafkaProducerOptions,
} from '../../../../src/transport/kafka/kafka-client.ts';
import { openKafkajsClient } from '../../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { freshPrefix } from '../../../support/kafka.ts';
import { batchOf } from '../../batch-of.ts';
import {
  connectionTo as patientConnectionTo,
  CONSUMER,
  PRODUCER,
} from '../client-contract-fixtures.ts';

/** How tests connect; short times, so that failures are met soon. */
export function connectionTo(
  servers: string,
  changes: Partial<KafkaConnection> = {},
): KafkaConnection {
  return patientConnectionTo(servers, {
    requestTimeoutMs: 5000,
    connectTimeoutMs: 2000,
    ...changes,
  });
}

/** A client with topics of its own, for one test. */
export class KafkaSession implements AsyncDisposable {
  readonly client: KafkaClient;
  readonly prefix = freshPrefix();
  readonly #opened: AsyncDisposable[] = [];

  private constructor(client: KafkaClient) {
    this.client = client;
  }

  static async open(
    servers: string,
    changes: Partial<KafkaConnection> = {},
  ): Promise<KafkaSession> {
    return new KafkaSession(await openKafkajsClient(connectionTo(servers, changes)));
  }

  async topic(
    name: string,
    partitions = 1,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const topic = `${this.prefix}-${name}`;
    const spec = { name: topic, partitions, replicationFactor: -1, configs };
    await this.client.admin.createTopic(spec);
    return topic;
  }

  async producer(changes: Partial<KafkaProducerOptions> = {}): Promise<KafkaProducer> {
    const producer = await this.client.producer({
      ...PRODUCER,
      transactionTimeoutMs: 10_000,
      batchBytes: 16_384,
      ...changes,
    });
    this.#opened.push(producer);
    return producer;
  }

  async consumer(changes: Partial<KafkaConsumerOptions> = {}) {
    const consumer = await this.client.consumer({
      ...CONSUMER,
      group: null,
      sessionTimeoutMs: 6000,
      heartbeatIntervalMs: 100,
      rebalanceTimeoutMs: 6000,
      fetchMaxBytes: 1_048_576,
      partitionFetchBytes: 262_144,
      onAssigned: (partitions) => Promise.resolve(partitions.map((p) => ({ ...p, offset: 0 }))),
      onRevoked: () => Promise.resolve(),
      onLost: () => undefined,
      ...changes,
    });
    this.#opened.push(consumer);
    return consumer;
  }

  /** The values in each partition of a topic, from its beginning to its end now. */
  async values(topic: string, partitions = 1): Promise<string[][]> {
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const ends = await this.client.admin.offsets(all, 'latest', 'read_committed');
    const consumer = await this.consumer();
    await consumer.subscribe([topic]);
    const values: string[][] = all.map(() => []);
    const signal = AbortSignal.timeout(20_000);
    const atEnd = (): boolean =>
      consumer.assignment().every(({ partition, position }) => {
        const end = ends.find((e) => e.partition === partition);
        return position >= (end?.offset ?? 0);
      });
    while (!atEnd()) {
      signal.throwIfAborted();
      for (const { partition, records } of await consumer.poll({ maxWaitMs: 1000, signal })) {
        for (const { value } of records) values[partition]?.push(value?.toString() ?? 'null');
      }
    }
    return values;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.toReversed()) await opened[Symbol.asyncDispose]();
    await this.client[Symbol.asyncDispose]();
  }
}

/** Sends numbered values `[from, to)` without keys, dealt to the partitions in turn. */
export async function sendNumbers(
  producer: KafkaProducer,
  topic: string,
  from: number,
  to: number,
  partitions = 1,
): Promise<void> {
  const values = numbers(from, to);
  const batch = batchOf(values.map((value) => ({ topic: 0, value, timestampMs: Date.now() })));
  const dealt = Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    records: Int32Array.from(values.keys().filter((i) => (from + i) % partitions === partition)),
  }));
  await producer.send(
    batch,
    dealt.filter(({ records }) => records.length > 0),
  );
}

/** The values that `sendNumbers` makes. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String(from + i));
}

export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
