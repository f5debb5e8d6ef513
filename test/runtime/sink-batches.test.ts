import { expect, test } from 'vitest';
import { BoundedQueue } from '../../src/foundation/bounded-queue.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { PutSize } from '../../src/runtime/put-size.ts';
import {
  joinWaiting,
  PutBatches,
  queuedBytes,
  queueLimits,
  type DecodedBatch,
} from '../../src/runtime/sink-batches.ts';

/** Records `from` … `from + count - 1` of a partition, as one poll gave them. */
function batchOf(from: number, count: number, change: Partial<DecodedBatch> = {}): DecodedBatch {
  const records = Array.from({ length: count }, (_, i): SinkRecord => ({
    topic: 't',
    partition: 0,
    generation: 1,
    offset: from + i,
    sequence: from + i,
    timestampMs: 0,
    key: null,
    value: null,
    absent: [],
  }));
  const positions = [{ topic: 't', partition: 0, generation: 1, offset: from + count }];
  return { version: 1, records, positions, polls: 1, ...change };
}

/** Of puts that take no time. */
const usual = (): PutSize => new PutSize({}, { monotonicMs: () => 0 });

/** So many bytes make the producer wait until nothing else does. */
const ROOM = queueLimits(usual()).maxBytes;
/** Who does not want to be told. */
const never = (): never => {
  throw new Error('nobody asked for that');
};

async function queueOf(...batches: readonly DecodedBatch[]): Promise<BoundedQueue<DecodedBatch>> {
  const queue = new BoundedQueue<DecodedBatch>(queueLimits(usual()));
  for (const batch of batches) await queue.push(batch, 1);
  return queue;
}

test('whole transactions stay as they were put together', async () => {
  const first = batchOf(0, 10, { cut: null });
  const queue = await queueOf(batchOf(10, 5, { cut: null }));
  expect(joinWaiting(first, queue, usual())).toBe(first);
  expect(queue.size).toBe(1);
});

test('polls that wait are put together, in order, up to where the last one ends', async () => {
  const other = { topic: 'u', partition: 3, generation: 7, offset: 5 };
  const first = batchOf(0, 10, { positions: [other] });
  const queue = await queueOf(batchOf(10, 5), batchOf(15, 0), batchOf(15, 1));
  const joined = joinWaiting(first, queue, usual());
  expect(joined.records.map(({ offset }) => offset)).toEqual([...Array(16).keys()]);
  expect(joined.positions).toEqual([
    other,
    { topic: 't', partition: 0, generation: 1, offset: 16 },
  ]);
  expect(joined.polls).toBe(4);
  expect(queue.size).toBe(0);
});

test('no put grows past 1000 records by joining, and a larger poll stays whole', async () => {
  const queue = await queueOf(batchOf(600, 300), batchOf(900, 500));
  expect(joinWaiting(batchOf(0, 600), queue, usual()).records).toHaveLength(900);
  expect(queue.size).toBe(1);
  expect(joinWaiting(batchOf(0, 7000), queue, usual()).records).toHaveLength(7000);
  expect(queue.size).toBe(1);
  // A task may want more, and as many wait for it.
  const wanted = new PutSize({ putRecords: 7500 }, { monotonicMs: () => 0 });
  expect(joinWaiting(batchOf(0, 7000), queue, wanted).records).toHaveLength(7500);
  expect(queueLimits(wanted).maxBytes).toBe(7500 * 1024);
});

test('another assignment and another generation stay apart', async () => {
  const assigned = await queueOf(batchOf(10, 1, { version: 2 }));
  expect(joinWaiting(batchOf(0, 10), assigned, usual()).polls).toBe(1);
  const begun = { topic: 't', partition: 0, generation: 2, offset: 11 };
  const generation = await queueOf(batchOf(10, 1, { positions: [begun] }));
  expect(joinWaiting(batchOf(0, 10), generation, usual()).polls).toBe(1);
});

test('what waits is bounded by bytes and by records', () => {
  const fetched = (records: number, bytes: number) => ({
    topic: 't',
    partition: 0,
    generation: 1,
    startOffset: 0,
    endOffset: records,
    nextOffset: records,
    records: Array.from({ length: records }, (_, offset) => ({
      offset,
      sequence: offset,
      timestampMs: 0,
      key: null,
      value: Buffer.alloc(bytes),
      headers: [],
    })),
  });
  expect(queuedBytes([fetched(100, 40)])).toBe(100 * 1024);
  expect(queuedBytes([fetched(1, 1024 * 1024), fetched(1, 1024 * 1024)])).toBe(512 * 1024);
});

test('the next batch can be looked at, and comes as it was seen', async () => {
  const queue = await queueOf(batchOf(0, 10), batchOf(10, 5, { version: 2 }));
  const batches = new PutBatches(queue, usual());
  const steps = batches[Symbol.asyncIterator]();
  const first = await steps.next();
  expect(first.value?.records).toHaveLength(10);
  const filling = queue.push(batchOf(15, 3, { version: 2 }), ROOM);
  // Polled under another assignment: not to be relied on, and not lost.
  expect(batches.ahead(1, never)).toBeNull();
  await filling;
  const seen = batches.ahead(2, never);
  expect(seen?.map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14]);
  expect(batches.ahead(2, never)).toBe(seen);
  expect((await steps.next()).value?.records).toBe(seen);
  expect((await steps.next()).value?.records).toHaveLength(3);
  expect(batches.ahead(2, never)).toBeNull();
  queue.close();
  expect((await steps.next()).done).toBe(true);
});

test('a next batch of few records is left to grow until no more may wait', async () => {
  const queue = await queueOf(batchOf(0, 10));
  const batches = new PutBatches(queue, usual());
  const steps = batches[Symbol.asyncIterator]();
  await steps.next();
  await queue.push(batchOf(10, 5), 1);
  const asked: string[] = [];
  const begun = (who: string) => (): void => {
    asked.push(who);
    expect(batches.ahead(1, never)?.map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14, 15]);
  };
  // Whoever asks again, as the put does that is tried again, is the one who is told.
  expect(batches.ahead(1, begun('first'))).toBeNull();
  expect(batches.ahead(1, begun('second'))).toBeNull();
  await queue.push(batchOf(15, 1), 1);
  expect(asked).toEqual([]);
  const last = queue.push(batchOf(16, 1), ROOM);
  expect(asked).toEqual(['second']);
  await last;
  expect((await steps.next()).value?.records).toHaveLength(6);
});

test('nobody sees whole transactions before it is their turn', async () => {
  const queue = await queueOf(batchOf(0, 10, { cut: null }), batchOf(10, 5, { cut: null }));
  const batches = new PutBatches(queue, usual());
  const steps = batches[Symbol.asyncIterator]();
  await steps.next();
  const filling = queue.push(batchOf(15, 5, { cut: null }), ROOM);
  expect(batches.ahead(1, never)).toBeNull();
  expect((await steps.next()).value?.records).toHaveLength(5);
  await steps.return(undefined);
  await filling;
  expect(queue.closed).toBe(true);
});
