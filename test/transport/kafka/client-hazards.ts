import { expect } from 'vitest';
import type { KafkaClient, KafkaProducer } from '../../../src/transport/kafka/kafka-client.ts';
import { openKafkajsClient } from '../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../../src/transport/kafka/platformatic/platformatic-client.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import {
  connectionTo,
  expectNumbers,
  NEVER,
  newTopic,
  numbers,
  openMember,
  type OpenClient,
  PRODUCER,
  sendNumbers,
} from './client-contract-fixtures.ts';
import { ClusterOracle } from './cluster-oracle.ts';

/** Every client meets every hazard. */
export const CLIENTS = [
  ['@platformatic/kafka', openPlatformaticClient],
  ['kafkajs', openKafkajsClient],
] as const;

const PARTITIONS = 3;

/** A client of a cluster that a test does harm to, and what is seen past it. */
interface Endangered {
  readonly cluster: KafkaCluster;
  readonly client: KafkaClient;
  readonly oracle: ClusterOracle;
}

type Hazard = (parts: Endangered) => Promise<void>;

/** Opens what a hazard needs. A reader tells of brokers that are away for a request's time. */
export async function meet(open: OpenClient, cluster: KafkaCluster, hazard: Hazard): Promise<void> {
  const { bootstrapServers } = cluster;
  const requestTimeoutMs = hazard === answeredLate ? 2000 : 10_000;
  await using client = await open(connectionTo(bootstrapServers, { requestTimeoutMs }));
  await using oracle = new ClusterOracle(bootstrapServers);
  await hazard({ cluster, client, oracle });
}

/** Sends numbers in small batches until the work is done and has been followed by some more. */
async function sendDuring(
  producer: KafkaProducer,
  topic: string,
  work: () => Promise<void>,
): Promise<number> {
  let sent = 0;
  const send = async (): Promise<void> => {
    await sendNumbers(producer, topic, sent, sent + 300, PARTITIONS);
    sent += 300;
  };
  await send();
  const worked = work();
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  worked.then(end, end);
  while (!over.signal.aborted) await send();
  await worked;
  await send();
  return sent;
}

/** What the log holds; a leader that is new needs a moment to know how much of it is committed. */
async function expectLog(oracle: ClusterOracle, topic: string, count: number): Promise<void> {
  const stored = async (): Promise<number> => (await oracle.numbers(topic)).flat().length;
  await expect.poll(stored).toBeGreaterThanOrEqual(count);
  expectNumbers(await oracle.numbers(topic), count);
}

/** Small batches, so that many are under way at once. */
const SMALL = { ...PRODUCER, batchBytes: 2000, maxRequestBytes: 8000 };

/** The brokers must have a leader again before the next hazard. */
async function settled(
  { cluster, oracle }: Endangered,
  topic: string,
  partitions = PARTITIONS,
): Promise<void> {
  await cluster.start();
  for (let partition = 0; partition < partitions; partition++) {
    await expect.poll(() => oracle.leader(topic, partition)).not.toBe(-1);
  }
}

/** The leader of a partition is killed; what reads and what writes goes on with the next one. */
export const leaderChange: Hazard = async (parts) => {
  const { client, cluster, oracle } = parts;
  const topic = await newTopic(client, PARTITIONS);
  await using producer = await client.producer(SMALL);
  const reader = await openMember(client, topic);
  await reader.consumer.subscribe([topic]);
  const read: number[][] = Array.from({ length: PARTITIONS }, () => []);
  const stop = new AbortController();
  const reading = (async () => {
    while (!stop.signal.aborted) {
      const fetches = await reader.consumer.poll({ maxWaitMs: 500, signal: stop.signal });
      for (const { partition, records } of fetches) {
        for (const { value } of records) read[partition]?.push(Number(value?.toString()));
      }
    }
  })();
  const sent = await sendDuring(producer, topic, async () => {
    const leader = await oracle.leader(topic);
    const node = cluster.nodes.find(({ nodeId }) => nodeId === leader);
    await node?.kill();
    await expect.poll(() => oracle.leader(topic)).not.toBe(leader);
    await node?.start();
  });
  await settled(parts, topic);
  await expect.poll(() => read.flat().length).toBeGreaterThanOrEqual(sent);
  stop.abort();
  await reading;
  expectNumbers(read, sent);
  await expectLog(oracle, topic, sent);
};

/** All brokers are killed while batches are on their way, and come back. */
export const killedUnderLoad: Hazard = async (parts) => {
  const { client, cluster, oracle } = parts;
  const topic = await newTopic(client, PARTITIONS);
  await using producer = await client.producer(SMALL);
  const sent = await sendDuring(producer, topic, async () => {
    await cluster.kill();
    await cluster.start();
  });
  await settled(parts, topic);
  await expectLog(oracle, topic, sent);
};

/** The broker answers later than the client waits: what it sends again is there already. */
export const answeredLate: Hazard = async ({ client, cluster, oracle }) => {
  const topic = await newTopic(client, PARTITIONS);
  await using producer = await client.producer(SMALL);
  const sent = await sendDuring(producer, topic, async () => {
    cluster.pause();
    // Asked after the producer's last request, so timed out after it.
    const asked = client.admin.offsets([{ topic, partition: 0 }], 'latest');
    await expect(asked).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT' });
    cluster.resume();
  });
  await expectLog(oracle, topic, sent);
};

/** One topic of a batch has too few replicas: the other one's records are there, and only once. */
export const onePartitionFails: Hazard = async (parts) => {
  const { client, cluster, oracle } = parts;
  const good = await newTopic(client, 1, { 'min.insync.replicas': '1' });
  const bad = await newTopic(client, 1, { 'min.insync.replicas': '3' });
  await using producer = await client.producer(SMALL);
  // All three are back from the hazard before: with one of them still away none could be stopped.
  const whole = await newTopic(client, 1, { 'min.insync.replicas': '3' });
  await sendNumbers(producer, whole, 0, 1);
  const { batch, parts: toGood } = numbers(good, 0, 500);
  const [only] = toGood;
  const both = [{ topic: good }, { topic: bad }].map(({ topic }) => ({
    topic,
    partition: 0,
    records: only?.records ?? new Int32Array(0),
  }));
  const leaders = [await oracle.leader(good), await oracle.leader(bad)];
  const node = cluster.nodes.find(({ nodeId }) => !leaders.includes(nodeId));
  // In order: of a killed one the controller would learn after its session, and be busy meanwhile.
  await node?.stop();
  let done = false;
  const sending = producer.send(batch, both).finally(() => {
    done = true;
  });
  sending.catch(() => undefined);
  const atGood = async (): Promise<number> => (await oracle.numbers(good)).flat().length;
  await expect.poll(atGood, { timeout: 60_000 }).toBe(500);
  expect(done).toBe(false);
  await node?.start();
  await sending;
  await expectLog(oracle, good, 500);
  await expectLog(oracle, bad, 500);
};

/** Brokers forget producers that were silent, and those whose records are gone. */
export const lostProducerId: Hazard = async ({ client, oracle }) => {
  const topic = await newTopic(client);
  await using producer = await client.producer(SMALL);
  await sendNumbers(producer, topic, 0, 1000);
  await expect.poll(() => oracle.producers(topic), { timeout: 45_000 }).toEqual([]);
  await sendNumbers(producer, topic, 1000, 2000);
  await expectLog(oracle, topic, 2000);
  await oracle.deleteRecords(topic, 0, 2000);
  await expect.poll(() => oracle.producers(topic), { timeout: 45_000 }).toEqual([]);
  await sendNumbers(producer, topic, 2000, 3000);
  const rest = (await oracle.numbers(topic)).map((values) => values.map((n) => n - 2000));
  expectNumbers(rest, 1000);
};

/** Somebody goes on under our producer id with the next epoch; a new producer is not hindered. */
export const overtakenEpoch: Hazard = async ({ client, oracle }) => {
  const topic = await newTopic(client);
  let producer = await client.producer(SMALL);
  await sendNumbers(producer, topic, 0, 1000);
  await oracle.overtake(topic, -1);
  try {
    await sendNumbers(producer, topic, 1000, 2000);
  } catch {
    // It may give up; then its successor goes on from what was acknowledged.
    await producer[Symbol.asyncDispose]();
    producer = await client.producer(SMALL);
    await sendNumbers(producer, topic, 1000, 2000);
  }
  await sendNumbers(producer, topic, 2000, 3000);
  await producer[Symbol.asyncDispose]();
  const [values = []] = await oracle.numbers(topic);
  expectNumbers([values.filter((n) => n >= 0)], 3000);
  expect(await client.admin.offsets([{ topic, partition: 0 }], 'latest')).toMatchObject([
    { offset: 3001 },
  ]);
};

/** A transaction that is open when all brokers are killed ends as it was told to. */
export const transactionOverKill: Hazard = async (parts) => {
  const { client, cluster, oracle } = parts;
  const topic = await newTopic(client);
  await using producer = await client.producer({ ...SMALL, transactionalId: topic });
  await producer.beginTransaction();
  await sendNumbers(producer, topic, 0, 500);
  await cluster.kill();
  await settled(parts, topic, 1);
  await sendNumbers(producer, topic, 500, 1000);
  await producer.commitTransaction();
  const { consumer } = await openMember(client, null);
  await consumer.subscribe([topic]);
  const read: number[] = [];
  while (read.length < 1000) {
    for (const { records } of await consumer.poll({ maxWaitMs: 5000, signal: NEVER })) {
      for (const { value } of records) read.push(Number(value?.toString()));
    }
  }
  expectNumbers([read], 1000);
  await expectLog(oracle, topic, 1000);
};
