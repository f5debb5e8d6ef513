import { Reader } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../../src/foundation/byte-writer.ts';
import type { BrokerConnections } from '../../../../src/transport/kafka/platformatic/broker-connections.ts';
import { PartitionFetcher } from '../../../../src/transport/kafka/platformatic/partition-fetcher.ts';
import { writeRecordBatch } from '../../../../src/transport/kafka/record-batch-writer.ts';
import { numbers } from '../client-contract-fixtures.ts';

const IDENTITY = {
  producerId: 7n,
  producerEpoch: 0,
  transactional: false,
  compression: 'none',
} as const;

async function threeRecords(): Promise<Buffer> {
  const { batch, parts } = numbers('t', 0, 3);
  return writeRecordBatch(batch, parts[0]?.records ?? new Int32Array(), 0, 3, IDENTITY, 0);
}

/** An answer to a fetch, version 10: these batches of the topic's partitions, from 0 on. */
function fetchAnswer(batches: readonly Buffer[]): Buffer {
  const writer = new ByteWriter(1024);
  writer.i32be(0);
  writer.u16be(0);
  writer.i32be(0);
  writer.i32be(1);
  writer.u16be(1);
  writer.utf8('t');
  writer.i32be(batches.length);
  for (const [partition, bytes] of batches.entries()) {
    writer.i32be(partition);
    writer.u16be(0);
    for (const offset of [3n, 3n, 0n]) writer.i64be(offset);
    writer.i32be(0);
    writer.i32be(bytes.length);
    writer.raw(bytes);
  }
  return Buffer.from(writer.written());
}

/** One broker that leads everything and answers each fetch alike. */
function scriptedBroker(answer: Buffer): BrokerConnections {
  const connection = {
    send: (...args: readonly unknown[]) => {
      const parse = args[3] as (...of: unknown[]) => unknown;
      const callback = args[6] as (error: null, answer: unknown) => void;
      callback(null, parse(0, 1, 10, Reader.from(answer)));
    },
  };
  const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, leaderId: 1 }));
  return {
    broker: () => Promise.resolve(connection),
    metadata: () => Promise.resolve({ topics: [{ name: 't', errorCode: 0, partitions }] }),
    connection: { requestTimeoutMs: 1000 },
    signal: new AbortController().signal,
  } as unknown as BrokerConnections;
}

test('a damaged partition does not take with it what was read of others', async () => {
  const good = await threeRecords();
  const damaged = Buffer.from(good);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  const options = {
    isolation: 'read_uncommitted',
    fetchMaxBytes: 10_000,
    partitionFetchBytes: 1000,
  } as const;
  const broker = scriptedBroker(fetchAnswer([good, damaged]));
  const fetcher = new PartitionFetcher(broker, options, () => undefined);
  fetcher.add([0, 1].map((partition) => ({ topic: 't', partition, offset: 0 })));
  await expect
    .poll(() => {
      fetcher.fetch();
      return fetcher.take().map(({ partition, records }) => [partition, records.length]);
    })
    .toEqual([[0, 3]]);
  expect(fetcher.takeFailure()).toMatchObject({
    code: 'KAFKA_BROKER',
    message: expect.stringContaining('is damaged') as string,
  });
});
