import { expect } from 'vitest';
import type {
  KafkaClient,
  KafkaConnection,
  KafkaConsumer,
  KafkaConsumerOptions,
  KafkaFetch,
  KafkaProducer,
  KafkaProducerOptions,
  PartitionOffset,
  PartitionRecords,
} from '../../../src/transport/kafka/kafka-client.ts';
import { RecordBatch } from '../../../src/transport/record-batch.ts';
import type { TopicPartition } from '../../../src/transport/transport.ts';
import { freshPrefix } from '../../support/kafka.ts';

/** How the client under test is opened. */
export type OpenClient = (connection: KafkaConnection) => Promise<KafkaClient>;

/** Sentences that hold for every client, and how each is shown. */
export type Contract = Readonly<Record<string, (open: OpenClient) => Promise<void>>>;

export function connectionTo(
  bootstrapServers: string,
  changes: Partial<KafkaConnection> = {},
): KafkaConnection {
  return {
    bootstrapServers: bootstrapServers.split(','),
    clientId: 'contract',
    tls: null,
    sasl: null,
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 5000,
    metadataMaxAgeMs: 300_000,
    ...changes,
  };
}

export const PRODUCER: KafkaProducerOptions = {
  transactionalId: null,
  transactionTimeoutMs: 60_000,
  compression: 'none',
  batchBytes: 100_000,
  maxRequestBytes: 1_048_576,
  maxInFlight: 5,
  deliveryTimeoutMs: 60_000,
};

export const CONSUMER = {
  isolation: 'read_committed',
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 200,
  rebalanceTimeoutMs: 20_000,
  fetchMaxBytes: 10_000_000,
  partitionFetchBytes: 1_000_000,
} as const;

/** Never aborts. */
export const NEVER = new AbortController().signal;

/**
 * The time of number 0. Of today: a broker that restarts forgets producers whose last record is
 * older than a day.
 */
export const SENT_AT = Date.now();

/** A topic that no other test has. */
export async function newTopic(
  { admin }: KafkaClient,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = freshPrefix();
  await admin.createTopic({ name, partitions, replicationFactor: -1, configs });
  return name;
}

/** The numbers `from` to `to`, dealt to the partitions in turn, with keys `k0` to `k6`. */
export function numbers(
  topic: string,
  from: number,
  to: number,
  partitions = 1,
  filler = '',
): { batch: RecordBatch; parts: PartitionRecords[] } {
  const batch = new RecordBatch();
  const dealt: number[][] = Array.from({ length: partitions }, () => []);
  for (let n = from; n < to; n++) {
    batch.start(0, SENT_AT + n);
    batch.writer.ascii(`k${n % 7}`);
    batch.endKey(true);
    batch.writer.ascii(`${n}${filler}`);
    batch.endValue(true);
    batch.end();
    dealt[n % partitions]?.push(n - from);
  }
  const parts = dealt.map((records, partition) => ({
    topic,
    partition,
    records: Int32Array.from(records),
  }));
  return { batch, parts: parts.filter(({ records }) => records.length > 0) };
}

/** Sends `from` to `to` as one batch. */
export async function sendNumbers(
  producer: KafkaProducer,
  topic: string,
  from: number,
  to: number,
  partitions = 1,
): Promise<void> {
  const { batch, parts } = numbers(topic, from, to, partitions);
  await producer.send(batch, parts);
}

/** Each number below `count` once, and rising within each partition. */
export function expectNumbers(partitions: readonly (readonly number[])[], count: number): void {
  for (const partition of partitions) expect(partition).toEqual(partition.toSorted(rising));
  const all = partitions.flat().toSorted(rising);
  expect(all).toEqual(Array.from({ length: count }, (_, n) => n));
}

function rising(a: number, b: number): number {
  return a - b;
}

/** What a member was told, in order. */
export type MemberEvent = readonly [kind: 'assigned' | 'revoked' | 'lost', partitions: number[]];

/** A consumer that begins where the group has committed, and notes what it is told. */
export interface TestMember {
  readonly consumer: KafkaConsumer;
  readonly events: MemberEvent[];
}

export async function openMember(
  client: KafkaClient,
  group: string | null,
  changes: Partial<Omit<KafkaConsumerOptions, 'group'>> = {},
): Promise<TestMember> {
  const events: MemberEvent[] = [];
  const note = (kind: MemberEvent[0], partitions: readonly TopicPartition[]): void => {
    events.push([kind, partitions.map(({ partition }) => partition).toSorted(rising)]);
  };
  const consumer: KafkaConsumer = await client.consumer({
    ...CONSUMER,
    group,
    onAssigned: async (partitions) => {
      note('assigned', partitions);
      const committed = await consumer.committed(partitions);
      return partitions.map((at) => ({ ...at, offset: offsetIn(committed, at) ?? 0 }));
    },
    onRevoked: async (partitions) => {
      note('revoked', partitions);
      await Promise.resolve();
    },
    onLost: (partitions) => {
      note('lost', partitions);
    },
    ...changes,
  });
  return { consumer, events };
}

export function offsetIn(
  offsets: readonly PartitionOffset[],
  { topic, partition }: TopicPartition,
): number | undefined {
  return offsets.find((at) => at.topic === topic && at.partition === partition)?.offset;
}

/** Polls until so many records are there; returns the fetches. */
export async function pollRecords(consumer: KafkaConsumer, count: number): Promise<KafkaFetch[]> {
  const fetches: KafkaFetch[] = [];
  for (let seen = 0; seen < count;) {
    const polled = await consumer.poll({ maxWaitMs: 10_000, signal: NEVER });
    if (polled.length === 0) throw new Error(`${seen} of ${count} records came`);
    for (const { records } of polled) seen += records.length;
    fetches.push(...polled);
  }
  return fetches;
}

/** The values as text, in the order in which they came. */
export function valuesOf(fetches: readonly KafkaFetch[]): (string | undefined)[] {
  return fetches.flatMap(({ records }) => records.map(({ value }) => value?.toString()));
}

/** The numbers of each partition, in the order in which they came. */
export function numbersOf(fetches: readonly KafkaFetch[]): number[][] {
  const byPartition = new Map<number, number[]>();
  for (const { partition, records } of fetches) {
    let numbersOfOne = byPartition.get(partition);
    if (numbersOfOne === undefined) byPartition.set(partition, (numbersOfOne = []));
    for (const { value } of records) numbersOfOne.push(Number(value?.toString()));
  }
  return [...byPartition.values()];
}
