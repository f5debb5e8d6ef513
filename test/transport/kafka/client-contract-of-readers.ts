import { CompressionAlgorithms, Producer } from '@platformatic/kafka';
import { expect } from 'vitest';
import { copyOf } from '../../../src/transport/log-record.ts';
import { freshPrefix, sharedBroker } from '../../support/kafka.ts';
import { batchOf } from '../batch-of.ts';
import {
  connectionTo,
  type Contract,
  CONSUMER,
  expectNumbers,
  NEVER,
  newTopic,
  numbers,
  numbersOf,
  openMember,
  pollRecords,
  PRODUCER,
  sendNumbers,
  valuesOf,
} from './client-contract-fixtures.ts';
import { ClusterOracle } from './cluster-oracle.ts';

/** What a consumer reads; the groups have a file of their own. */
export const readerContract: Contract = {
  'a record comes as it stands in the log, with where to go on and where the log ends': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using producer = await client.producer(PRODUCER);
    const headers = [['h', null] as const, ['h', 'v'] as const];
    const batch = batchOf([
      { topic: 0, key: 'k', value: 'v', timestampMs: 1_700_000_000_500, headers },
      { topic: 0, key: null, value: null, timestampMs: 1_699_000_000_000 },
    ]);
    await producer.send(batch, [{ topic, partition: 0, records: Int32Array.of(0, 1) }]);
    const { consumer, events } = await openMember(client, null);
    await consumer.subscribe([topic]);
    expect(events).toEqual([['assigned', [0]]]);
    const [fetch] = await pollRecords(consumer, 2);
    expect({ ...fetch, records: fetch?.records.map((record) => copyOf(record)) }).toEqual({
      topic,
      partition: 0,
      startOffset: 0,
      nextOffset: 2,
      endOffset: 2,
      records: [
        {
          offset: 0,
          sequence: 0,
          timestampMs: 1_700_000_000_500,
          key: Buffer.from('k'),
          value: Buffer.from('v'),
          headers: [
            { name: 'h', value: null },
            { name: 'h', value: Buffer.from('v') },
          ],
        },
        {
          offset: 1,
          sequence: 0,
          timestampMs: 1_699_000_000_000,
          key: null,
          value: null,
          headers: [],
        },
      ],
    });
    expect(consumer.assignment()).toEqual([{ topic, partition: 0, position: 2 }]);
  },

  'reading begins where `onAssigned` says, in the middle of a batch too': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using producer = await client.producer(PRODUCER);
    await sendNumbers(producer, topic, 0, 100);
    const { consumer } = await openMember(client, null, {
      onAssigned: (partitions) => Promise.resolve(partitions.map((at) => ({ ...at, offset: 42 }))),
    });
    await consumer.subscribe([topic]);
    expect(numbersOf(await pollRecords(consumer, 58))).toEqual([
      Array.from({ length: 58 }, (_, i) => 42 + i),
    ]);
  },

  'what strangers compressed is read': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    const bootstrapBrokers = [bootstrapServers];
    let next = 0;
    for (const compression of Object.values(CompressionAlgorithms)) {
      const producer = new Producer({ clientId: 'stranger', bootstrapBrokers, compression });
      const messages = Array.from({ length: 200 }, () => ({
        topic,
        partition: 0,
        value: Buffer.from(`${next++}`),
      }));
      await producer.send({ messages });
      await producer.close();
    }
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    expectNumbers(numbersOf(await pollRecords(consumer, next)), next);
  },

  'poll waits for records, and not longer than it was told': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    const began = performance.now();
    expect(await consumer.poll({ maxWaitMs: 300, signal: NEVER })).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(290);
    await using producer = await client.producer(PRODUCER);
    const polled = consumer.poll({ maxWaitMs: 30_000, signal: NEVER });
    await sendNumbers(producer, topic, 0, 3);
    expect(valuesOf(await polled)).toEqual(['0', '1', '2']);
  },

  'poll returns empty when its signal aborts, or the consumer is closed': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    const aborting = new AbortController();
    const polled = consumer.poll({ maxWaitMs: 60_000, signal: aborting.signal });
    aborting.abort();
    expect(await polled).toEqual([]);
    const closing = consumer.poll({ maxWaitMs: 60_000, signal: NEVER });
    await consumer[Symbol.asyncDispose]();
    expect(await closing).toEqual([]);
  },

  'seek drops what was read ahead, backwards and forwards': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using producer = await client.producer(PRODUCER);
    for (let n = 0; n < 200; n += 10) await sendNumbers(producer, topic, n, n + 10);
    const { consumer } = await openMember(client, null, { partitionFetchBytes: 500 });
    await consumer.subscribe([topic]);
    await pollRecords(consumer, 20);
    consumer.seek({ topic, partition: 0 }, 5);
    expect(consumer.assignment()[0]?.position).toBe(5);
    expect(valuesOf(await pollRecords(consumer, 5)).slice(0, 5)).toEqual(['5', '6', '7', '8', '9']);
    consumer.seek({ topic, partition: 0 }, 190);
    expect(valuesOf(await pollRecords(consumer, 10))[0]).toBe('190');
  },

  'records larger than a fetch, and many of them, all come': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client, 3);
    await using producer = await client.producer(PRODUCER);
    const { batch, parts } = numbers(topic, 0, 60, 3, ` ${'x'.repeat(50_000)}`);
    await producer.send(batch, parts);
    const { consumer } = await openMember(client, null, {
      fetchMaxBytes: 20_000,
      partitionFetchBytes: 10_000,
    });
    await consumer.subscribe([topic]);
    const fetches = await pollRecords(consumer, 60);
    expectNumbers(
      [0, 1, 2].map((partition) =>
        valuesOf(fetches.filter((fetch) => fetch.partition === partition)).map((text) =>
          parseInt(text ?? '', 10),
        ),
      ),
      60,
    );
  },

  'read_committed leaves aborted records out and waits for open transactions': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using plain = await client.producer(PRODUCER);
    await using producer = await client.producer({ ...PRODUCER, transactionalId: topic });
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 900, 910);
    await sendNumbers(plain, topic, 0, 5);
    await producer.abortTransaction();
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 5, 10);
    await producer.commitTransaction();
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 950, 960);
    await sendNumbers(plain, topic, 10, 15);
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    const fetches = await pollRecords(consumer, 10);
    expectNumbers(numbersOf(fetches), 10);
    expect(fetches.at(-1)).toMatchObject({ endOffset: 22 });
    expect(await consumer.poll({ maxWaitMs: 300, signal: NEVER })).toEqual([]);
    await producer.abortTransaction();
    expect(valuesOf(await pollRecords(consumer, 5))).toEqual(['10', '11', '12', '13', '14']);
    const all = await openMember(client, null, { isolation: 'read_uncommitted' });
    await all.consumer.subscribe([topic]);
    expect(valuesOf(await pollRecords(all.consumer, 35))).toHaveLength(35);
  },

  'the mark that ends a transaction moves the position, although no record comes': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    await using producer = await client.producer({ ...PRODUCER, transactionalId: topic });
    await producer.beginTransaction();
    await sendNumbers(producer, topic, 0, 5);
    await producer.abortTransaction();
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    const read = async (): Promise<number> => {
      await consumer.poll({ maxWaitMs: 500, signal: NEVER });
      return consumer.assignment()[0]?.position ?? -1;
    };
    await expect.poll(read).toBe(6);
  },

  'where retention took the position away, reading goes on at the start of the log': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    await using oracle = new ClusterOracle(bootstrapServers);
    const topic = await newTopic(client);
    await using producer = await client.producer(PRODUCER);
    await sendNumbers(producer, topic, 0, 50);
    await sendNumbers(producer, topic, 50, 100);
    await oracle.deleteRecords(topic, 0, 60);
    const { consumer } = await openMember(client, null);
    await consumer.subscribe([topic]);
    const fetches = await pollRecords(consumer, 40);
    expect(fetches[0]).toMatchObject({ startOffset: 60 });
    expect(valuesOf(fetches)[0]).toBe('60');
  },

  'without a group every partition of every topic is read, and new ones after a subscribe': async (
    open,
  ) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const first = await newTopic(client, 2);
    const second = await newTopic(client);
    const { consumer, events } = await openMember(client, null);
    await consumer.subscribe([first, freshPrefix()]);
    await consumer.subscribe([first, second]);
    expect(events).toEqual([
      ['assigned', [0, 1]],
      ['assigned', [0]],
    ]);
    await consumer.subscribe([second]);
    expect(events.at(-1)).toEqual(['revoked', [0, 1]]);
    expect(consumer.assignment()).toEqual([{ topic: second, partition: 0, position: 0 }]);
  },

  'what cannot be read for good is thrown by poll': async (open) => {
    const { bootstrapServers } = sharedBroker();
    await using client = await open(connectionTo(bootstrapServers));
    const topic = await newTopic(client);
    const consumer = await client.consumer({
      ...CONSUMER,
      group: null,
      onAssigned: (partitions) =>
        Promise.resolve(partitions.map((at) => ({ ...at, offset: 1000 }))),
      onRevoked: () => Promise.resolve(),
      onLost: () => undefined,
    });
    await consumer.subscribe([topic]);
    // Behind the end: the topic was made anew, or lost its end.
    const poll = (): Promise<unknown> => consumer.poll({ maxWaitMs: 5000, signal: NEVER });
    await expect(poll()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  },
};
