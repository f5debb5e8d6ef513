import { performance } from 'node:perf_hooks';
import type { KafkaClient, KafkaConnection } from '../../src/transport/kafka/kafka-client.ts';
import { openKafkajsClient } from '../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../src/transport/kafka/platformatic/platformatic-client.ts';

import { RecordBatch } from '../../src/transport/record-batch.ts';

/** One client under measurement, in a process of its own; the bench says what to do. */

/** What the bench asks for. */
export interface ClientTask {
  readonly kind: 'produce' | 'consume';
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly bytes: number;
}

/** What it took. */
export interface ClientFigure {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const RECORDS_PER_SEND = 4096;
const OPENERS: Readonly<Record<string, (c: KafkaConnection) => Promise<KafkaClient>>> = {
  kafkajs: openKafkajsClient,
  platformatic: openPlatformaticClient,
};

const [name = '', servers = ''] = process.argv.slice(2);
const open = OPENERS[name];
if (open === undefined) throw new Error(`no client is called ${name}`);
const client = await open({
  bootstrapServers: servers.split(','),
  clientId: `bench-${name}`,
  tls: null,
  sasl: null,
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  metadataMaxAgeMs: 300_000,
});
const send = process.send?.bind(process);
process.on('message', (task: ClientTask) => {
  const work = task.kind === 'produce' ? produce : consume;
  work(task).then(
    (figure) => send?.({ figure }),
    (error: unknown) => send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
send?.({ ready: true });

async function produce(task: ClientTask): Promise<ClientFigure> {
  const producer = await client.producer({
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    compression: 'none',
    batchBytes: 1024 * 1024 - 1024,
    maxRequestBytes: 8 * 1024 * 1024,
    maxInFlight: 5,
    deliveryTimeoutMs: 60_000,
  });
  const body = Buffer.alloc(task.bytes - 8, 'x');
  const batch = new RecordBatch();
  const figure = await measured(async () => {
    for (let sent = 0; sent < task.records; sent += RECORDS_PER_SEND) {
      const count = Math.min(RECORDS_PER_SEND, task.records - sent);
      fill(batch, sent, count, body);
      await producer.send(batch, split(task, count));
    }
  });
  await producer[Symbol.asyncDispose]();
  return figure;
}

function fill(batch: RecordBatch, first: number, count: number, body: Buffer): void {
  const now = Date.now();
  batch.clear();
  for (let i = 0; i < count; i++) {
    batch.start(0, now);
    batch.writer.i32be(first + i);
    batch.endKey(true);
    batch.writer.raw(body);
    batch.writer.i32be(first + i);
    batch.endValue(true);
    batch.end();
  }
}

function split(task: ClientTask, count: number) {
  const { topic, partitions } = task;
  const each = Math.ceil(count / partitions);
  return Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    records: Int32Array.from(
      { length: Math.max(0, Math.min(each, count - partition * each)) },
      (__, i) => partition * each + i,
    ),
  })).filter(({ records }) => records.length > 0);
}

async function consume(task: ClientTask): Promise<ClientFigure> {
  const consumer = await client.consumer({
    group: null,
    isolation: 'read_committed',
    sessionTimeoutMs: 30_000,
    heartbeatIntervalMs: 3000,
    rebalanceTimeoutMs: 30_000,
    fetchMaxBytes: 50 * 1024 * 1024,
    partitionFetchBytes: 1024 * 1024,
    onAssigned: (partitions) => Promise.resolve(partitions.map((p) => ({ ...p, offset: 0 }))),
    onRevoked: () => Promise.resolve(),
    onLost: () => undefined,
  });
  await consumer.subscribe([task.topic]);
  const { signal } = new AbortController();
  let read = 0;
  let bytes = 0;
  const figure = await measured(async () => {
    while (read < task.records) {
      for (const fetch of await consumer.poll({ maxWaitMs: 1000, signal })) {
        read += fetch.records.length;
        for (const { value } of fetch.records) bytes += value?.length ?? 0;
      }
    }
  });
  await consumer[Symbol.asyncDispose]();
  const expected = task.records * (task.bytes - 4);
  if (bytes !== expected) throw new Error(`read ${bytes} bytes of values, not ${expected}`);
  return figure;
}

async function measured(work: () => Promise<void>): Promise<ClientFigure> {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const peakMb = process.resourceUsage().maxRSS / 1024;
  return { seconds, cpuSeconds: (user + system) / 1e6, peakMb };
}
