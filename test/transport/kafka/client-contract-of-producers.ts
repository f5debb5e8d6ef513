import { expect } from 'vitest';
import type {
  Compression,
  KafkaProducer,
  PartitionRecords,
} from '../../../src/transport/kafka/kafka-client.ts';
import { freshPrefix, sharedBroker } from '../../support/kafka.ts';
import { batchOf } from '../batch-of.ts';
import {
  connectionTo,
  type Contract,
  expectNumbers,
  newTopic,
  numbers,
  PRODUCER,
  sendNumbers,
} from './client-contract-fixtures.ts';
import { ClusterOracle } from './cluster-oracle.ts';

const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** What a producer does with records. */
export const producerContract: Contract = {
  'a record stands in the log as it was given: key, value, headers, time, and nulls': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client, 2);
    await using producer = await client.producer(PRODUCER);
    const headers = [
      ['source', 'a'],
      ['nothing', null],
      ['source', 'ü'],
    ] as const;
    const batch = batchOf([
      { topic: 0, key: 'one', value: 'eins', timestampMs: 1_700_000_000_123, headers },
      { topic: 0, key: null, value: '', timestampMs: 1_699_999_999_000 },
      { topic: 0, key: '', value: null, timestampMs: 1_700_000_000_124 },
      { topic: 0, key: 'left out', value: 'x' },
    ]);
    await producer.send(batch, [
      { topic, partition: 1, records: Int32Array.of(2, 0) },
      { topic, partition: 0, records: Int32Array.of(1) },
    ]);
    const [first, second] = await oracle.records(topic);
    expect(first).toMatchObject([
      { offset: 0, key: null, value: '', headers: [], timestampMs: 1_699_999_999_000 },
    ]);
    expect(second).toMatchObject([
      { offset: 0, key: '', value: null, headers: [], timestampMs: 1_700_000_000_124 },
      { offset: 1, key: 'one', value: 'eins', headers, timestampMs: 1_700_000_000_123 },
    ]);
  },

  'each codec is what the broker and a stranger decode': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    for (const [code, compression] of CODECS.entries()) {
      // The broker decodes what it validates: records of a compacted topic must have keys.
      const topic = await newTopic(client, 1, { 'cleanup.policy': 'compact' });
      await using producer = await client.producer({ ...PRODUCER, compression });
      const { batch, parts } = numbers(topic, 0, 3000, 1, ' '.repeat(50));
      await producer.send(batch, parts);
      const [records = []] = await oracle.records(topic);
      expect(new Set(records.map((record) => record.compression))).toEqual(new Set([code]));
      expectNumbers([records.map(({ value }) => parseInt(value ?? '', 10))], 3000);
    }
  },

  'many small batches of many partitions keep their order': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client, 5);
    await using producer = await client.producer({ ...PRODUCER, batchBytes: 1000 });
    for (let n = 0; n < 5; n++) await sendNumbers(producer, topic, n * 2000, n * 2000 + 2000, 5);
    expectNumbers(await oracle.numbers(topic), 10_000);
  },

  'a batch may be used again when it is sent': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client);
    await using producer = await client.producer({ ...PRODUCER, compression: 'lz4' });
    const { batch, parts } = numbers(topic, 0, 500);
    await producer.send(batch, parts);
    batch.clear();
    batch.writer.ascii('#'.repeat(10_000));
    await sendNumbers(producer, topic, 500, 1000);
    expectNumbers(await oracle.numbers(topic), 1000);
  },

  'nothing to send is sent': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using producer = await client.producer(PRODUCER);
    await producer.send(batchOf([]), []);
  },

  'a record over max.request.size is refused before anything is sent': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client);
    await using producer = await client.producer({ ...PRODUCER, maxRequestBytes: 10_000 });
    const batch = batchOf([
      { topic: 0, value: 'small' },
      { topic: 0, value: 'x'.repeat(20_000) },
    ]);
    const sent = producer.send(batch, [{ topic, partition: 0, records: Int32Array.of(0, 1) }]);
    await expect(sent).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    expect(await oracle.numbers(topic)).toEqual([[]]);
  },

  'a topic that stays missing is KAFKA_TOPIC': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers, { requestTimeoutMs: 2000 }));
    await using producer = await client.producer({ ...PRODUCER, deliveryTimeoutMs: 1000 });
    const topic = freshPrefix();
    await expect(sendNumbers(producer, topic, 0, 1)).rejects.toMatchObject({
      code: 'KAFKA_TOPIC',
      message: expect.stringContaining(topic) as string,
    });
  },

  'a broker that nobody runs is KAFKA_CONNECT': async (open) => {
    const nowhere = connectionTo('127.0.0.1:1');
    await expect(open(nowhere)).rejects.toMatchObject({
      code: 'KAFKA_CONNECT',
      message: expect.stringContaining('127.0.0.1:1') as string,
    });
  },
};

const END = 'end';

/** Marks the end of each partition, for whoever reads up to there. */
async function sendEnd(producer: KafkaProducer, topic: string, partitions: number): Promise<void> {
  const batch = batchOf(Array.from({ length: partitions }, () => ({ topic: 0, value: END })));
  const part = (partition: number): PartitionRecords => ({
    topic,
    partition,
    records: Int32Array.of(partition),
  });
  await producer.send(
    batch,
    Array.from({ length: partitions }, (_, i) => part(i)),
  );
}

/** What transactions promise. */
export const transactionContract: Contract = {
  'records are visible when they are committed, and never when aborted': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client, 2);
    await using producer = await client.producer({ ...PRODUCER, transactionalId: topic });
    const latest = async (): Promise<number[]> => {
      const partitions = [0, 1].map((partition) => ({ topic, partition }));
      const offsets = await client.admin.offsets(partitions, 'latest', 'read_committed');
      return offsets.map(({ offset }) => offset);
    };
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 0, 10, 2);
    await sendNumbers(producer, topic, 10, 20, 2);
    expect(await latest()).toEqual([0, 0]);
    await producer.commitTransaction();
    await expect.poll(latest).toEqual([11, 11]);
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 900, 910, 2);
    await producer.abortTransaction();
    await producer.beginTransaction();
    await producer.commitTransaction();
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 20, 30, 2);
    await sendEnd(producer, topic, 2);
    await producer.commitTransaction();
    const values = (await oracle.committedValues(topic, END, 2)).map(Number);
    const even = values.filter((n) => n % 2 === 0);
    const odd = values.filter((n) => n % 2 === 1);
    expectNumbers([even, odd], 30);
  },

  'a newer producer of the same id ends what the older left open, and shuts it out': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client);
    const options = { ...PRODUCER, transactionalId: topic };
    await using older = await client.producer(options);
    await older.beginTransaction();
    await sendNumbers(older, topic, 0, 10);
    await using newer = await client.producer(options);
    await expect(sendNumbers(older, topic, 10, 20)).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    await newer.beginTransaction();
    await sendNumbers(newer, topic, 20, 30);
    await newer.commitTransaction();
    await newer.beginTransaction();
    await sendEnd(newer, topic, 1);
    await newer.commitTransaction();
    const values = await oracle.committedValues(topic, END, 1);
    expect(values.map(Number)).toEqual(Array.from({ length: 10 }, (_, i) => 20 + i));
  },

  'an older producer cannot commit any more': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    const options = { ...PRODUCER, transactionalId: topic };
    await using older = await client.producer(options);
    await older.beginTransaction();
    await sendNumbers(older, topic, 0, 10);
    await using newer = await client.producer(options);
    await expect(older.commitTransaction()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    await newer.beginTransaction();
    await newer.abortTransaction();
    const [end] = await client.admin.offsets([{ topic, partition: 0 }], 'latest', 'read_committed');
    // Ten records and the mark of their abort: nothing is held open.
    expect(end?.offset).toBe(11);
  },

  'one that comes in the place of another has its id, and a higher epoch': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using before = await client.producer(PRODUCER);
    await sendNumbers(before, topic, 0, 10);
    await using successor = await client.producer({ ...PRODUCER, after: before.identity });
    const { producerId, producerEpoch } = before.identity;
    expect(successor.identity).toEqual({ producerId, producerEpoch: producerEpoch + 1 });
    await sendNumbers(successor, topic, 10, 20);
    const [end] = await client.admin.offsets([{ topic, partition: 0 }], 'latest');
    expect(end?.offset).toBe(20);
  },

  'a restart with the same id is no fence': async (open) => {
    const { bootstrapServers } = sharedBroker();
    const topic = freshPrefix();
    for (let round = 0; round < 3; round++) {
      await using client = await open(connectionTo(bootstrapServers));
      if (round === 0) {
        const spec = { name: topic, partitions: 1, replicationFactor: 1, configs: {} };
        await client.admin.createTopic(spec);
      }
      await using producer = await client.producer({ ...PRODUCER, transactionalId: topic });
      await producer.beginTransaction();
      await sendNumbers(producer, topic, round, round + 1);
      await producer.commitTransaction();
    }
    await using oracle = new ClusterOracle(bootstrapServers);
    expect(await oracle.numbers(topic)).toEqual([[0, 1, 2]]);
  },
};
