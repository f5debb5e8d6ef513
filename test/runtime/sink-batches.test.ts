import { expect, test } from 'vitest';
import { BoundedQueue } from '../../src/foundation/bounded-queue.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import {
  joinWaiting,
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

async function queueOf(...batches: readonly DecodedBatch[]): Promise<BoundedQueue<DecodedBatch>> {
  const queue = new BoundedQueue<DecodedBatch>(queueLimits({}));
  for (const batch of batches) await queue.push(batch, 1);
  return queue;
}

test('whole transactions stay as they were put together', async () => {
  const first = batchOf(0, 10, { cut: null });
  const queue = await queueOf(batchOf(10, 5, { cut: null }));
  expect(joinWaiting(first, queue)).toBe(first);
  expect(queue.size).toBe(1);
});

test('polls that wait are put together, in order, up to where the last one ends', async () => {
  const other = { topic: 'u', partition: 3, generation: 7, offset: 5 };
  const first = batchOf(0, 10, { positions: [other] });
  const queue = await queueOf(batchOf(10, 5), batchOf(15, 0), batchOf(15, 1));
  const joined = joinWaiting(first, queue);
  expect(joined.records.map(({ offset }) => offset)).toEqual([...Array(16).keys()]);
  expect(joined.positions).toEqual([
    other,
    { topic: 't', partition: 0, generation: 1, offset: 16 },
  ]);
  expect(joined.polls).toBe(4);
  expect(queue.size).toBe(0);
});

test('no put grows past 2500 records by joining, and a larger poll stays whole', async () => {
  const queue = await queueOf(batchOf(1500, 800), batchOf(2300, 500));
  expect(joinWaiting(batchOf(0, 1500), queue).records).toHaveLength(2300);
  expect(queue.size).toBe(1);
  expect(joinWaiting(batchOf(0, 7000), queue).records).toHaveLength(7000);
  expect(queue.size).toBe(1);
  // A task may want more, and as many wait for it.
  const task = { putRecords: 7500 };
  expect(joinWaiting(batchOf(0, 7000), queue, task).records).toHaveLength(7500);
  expect(queueLimits(task).maxBytes).toBe(3 * queueLimits({}).maxBytes);
});

test('another assignment and another generation stay apart', async () => {
  const assigned = await queueOf(batchOf(10, 1, { version: 2 }));
  expect(joinWaiting(batchOf(0, 10), assigned).polls).toBe(1);
  const begun = { topic: 't', partition: 0, generation: 2, offset: 11 };
  const generation = await queueOf(batchOf(10, 1, { positions: [begun] }));
  expect(joinWaiting(batchOf(0, 10), generation).polls).toBe(1);
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
