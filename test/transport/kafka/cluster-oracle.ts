import {
  Admin,
  Connection,
  deleteRecordsV2,
  describeGroupsV5,
  describeProducersV0,
  fetchV10,
  leaveGroupV4,
  listOffsetsV6,
  produceV9,
  type RecordsBatch,
} from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { freshPrefix } from '../../support/kafka.ts';

const CONTROL = 0x20;

/** A record as it lies in the log. */
export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly timestampMs: number;
  readonly producerId: bigint;
  readonly compression: number;
}

/**
 * What the cluster holds, seen past the client under test: over other requests of the library,
 * with its decoding of records, or with kafkajs's consumer.
 */
export class ClusterOracle implements AsyncDisposable {
  readonly admin: Admin;
  readonly #bootstrapServers: string;
  readonly #connections = new Map<string, Connection>();

  constructor(bootstrapServers: string) {
    this.#bootstrapServers = bootstrapServers;
    const bootstrapBrokers = bootstrapServers.split(',');
    this.admin = new Admin({ clientId: 'oracle', bootstrapBrokers, retries: 50, retryDelay: 100 });
  }

  /** Number of the broker that leads a partition; -1 while there is none. */
  async leader(topic: string, partition = 0): Promise<number> {
    const { topics } = await this.admin.metadata({ topics: [topic], forceUpdate: true });
    return topics.get(topic)?.partitions[partition]?.leader ?? -1;
  }

  async #toLeader(topic: string, partition: number): Promise<Connection> {
    const metadata = await this.admin.metadata({ topics: [topic], forceUpdate: true });
    const node = metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
    const broker = metadata.brokers.get(node);
    if (broker === undefined) throw new Error(`nobody leads ${topic}-${partition}`);
    return this.#connect(broker.host, broker.port);
  }

  async #connect(host: string, port: number): Promise<Connection> {
    const key = `${host}:${port}`;
    const open = this.#connections.get(key);
    if (open?.isConnected() === true) return open;
    const connection = new Connection('oracle');
    connection.on('error', () => undefined);
    await connection.connect(host, port);
    this.#connections.set(key, connection);
    return connection;
  }

  /** All records of a topic by partition, those of aborted transactions too. */
  async records(topic: string): Promise<StoredRecord[][]> {
    const metadata = await this.admin.metadata({ topics: [topic], forceUpdate: true });
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
    return Promise.all(Array.from({ length: count }, (_, i) => this.#partition(topic, i)));
  }

  /** The values of `records`, as numbers. */
  async numbers(topic: string): Promise<number[][]> {
    const partitions = await this.records(topic);
    return partitions.map((records) => records.map(({ value }) => parseInt(value ?? '', 10)));
  }

  async #partition(topic: string, partition: number): Promise<StoredRecord[]> {
    const connection = await this.#toLeader(topic, partition);
    const records: StoredRecord[] = [];
    for (let offset = await this.#start(connection, topic, partition); ;) {
      const at = { partition, currentLeaderEpoch: -1, fetchOffset: offset, lastFetchedEpoch: -1 };
      const wanted = { ...at, logStartOffset: -1n, partitionMaxBytes: 20_000_000 };
      const topics = [{ topic, topicId: topic, partitions: [wanted] }];
      const answer = await fetchV10.api.async(
        connection,
        0,
        1,
        20_000_000,
        0,
        0,
        -1,
        topics,
        [],
        '',
      );
      const found = answer.responses[0]?.partitions[0];
      const batches = found?.records ?? [];
      for (const batch of batches) {
        if ((batch.attributes & CONTROL) === 0) records.push(...storedRecords(partition, batch));
        offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      }
      if (batches.length === 0 || offset >= (found?.highWatermark ?? 0n)) return records;
    }
  }

  async #start(connection: Connection, topic: string, partition: number): Promise<bigint> {
    const at = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp: -2n };
    const wanted = [{ name: topic, partitions: [at] }];
    const { topics } = await listOffsetsV6.api.async(connection, -1, 0, wanted);
    return topics[0]?.partitions[0]?.offset ?? 0n;
  }

  /** Values that kafkajs's consumer reads committed, up to and without `last` in each partition. */
  async committedValues(topic: string, last: string, partitions: number): Promise<string[]> {
    const brokers = this.#bootstrapServers.split(',');
    const kafka = new Kafka({ brokers, clientId: 'oracle', logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: freshPrefix() });
    const values: string[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let ended = 0;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        const value = message.value?.toString() ?? '';
        if (value !== last) values.push(value);
        else if (++ended === partitions) resolve(undefined);
        return Promise.resolve();
      },
    });
    await promise;
    await consumer.disconnect();
    return values;
  }

  /** Ids of the producers whose state a partition's leader keeps. */
  async producers(topic: string, partition = 0): Promise<readonly bigint[]> {
    const connection = await this.#toLeader(topic, partition);
    const answer = await describeProducersV0.api.async(connection, [
      { name: topic, partitionIndexes: [partition] },
    ]);
    const found = answer.topics[0]?.partitions[0]?.activeProducers ?? [];
    return found.map(({ producerId }) => producerId);
  }

  /** Takes the records before an offset out of the log. */
  async deleteRecords(topic: string, partition: number, before: number): Promise<void> {
    const connection = await this.#toLeader(topic, partition);
    const partitions = [{ partitionIndex: partition, offset: BigInt(before) }];
    await deleteRecordsV2.api.async(connection, [{ name: topic, partitions }], 10_000);
  }

  /** Writes a number as the producer that wrote last, one epoch later. */
  async overtake(topic: string, value: number): Promise<void> {
    const connection = await this.#toLeader(topic, 0);
    const answer = await describeProducersV0.api.async(connection, [
      { name: topic, partitionIndexes: [0] },
    ]);
    const [producer] = answer.topics[0]?.partitions[0]?.activeProducers ?? [];
    if (producer === undefined) throw new Error(`nobody wrote ${topic}`);
    const record = { topic, partition: 0, value: Buffer.from(`${value}`) };
    await produceV9.api.async(connection, -1, 5000, [record], {
      compression: 'none',
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch + 1,
      firstSequence: 0,
    });
  }

  /** Throws all members out of a group, as the coordinator does with silent ones. */
  async throwOut(group: string): Promise<void> {
    const connection = await this.#coordinator();
    const { groups } = await describeGroupsV5.api.async(connection, [group], false);
    const members = groups[0]?.members ?? [];
    await leaveGroupV4.api.async(
      connection,
      group,
      members.map(({ memberId }) => ({ memberId, groupInstanceId: null, reason: null })),
    );
  }

  /** Of clusters with one broker. */
  async #coordinator(): Promise<Connection> {
    const { brokers } = await this.admin.metadata({ topics: [], forceUpdate: true });
    const [broker] = brokers.values();
    if (broker === undefined) throw new Error('no broker');
    return this.#connect(broker.host, broker.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.values()) await connection.close();
    await this.admin.close();
  }
}

function storedRecords(partition: number, batch: RecordsBatch): StoredRecord[] {
  return batch.records.map((record) => ({
    partition,
    offset: Number(batch.firstOffset) + record.offsetDelta,
    key: record.key?.toString() ?? null,
    value: record.value?.toString() ?? null,
    headers: record.headers.map(([name, value]) => [
      name?.toString() ?? '',
      value?.toString() ?? null,
    ]),
    timestampMs: Number(batch.firstTimestamp + record.timestampDelta),
    producerId: batch.producerId,
    compression: batch.attributes & 7,
  }));
}
