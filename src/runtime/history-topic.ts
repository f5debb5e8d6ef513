import type { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';

const POLL_BYTES = 4 * 1024 * 1024;
const POLL_WAIT_MS = 1000;

/**
 * The records of a schema history, from an offset to the end that it has when asked: of the first
 * partition, whatever else the topic has. None where there is no such topic.
 */
export async function* historyRecords(
  transport: Transport,
  topic: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const [partition] = (await transport.describeTopic(topic))?.partitions ?? [];
  if (partition === undefined || partition.endOffset <= from) return;
  await using consumer = await transport.consumer({
    group: `history-${process.pid}`,
    topics: [topic],
    register: false,
  });
  let next = Math.max(from, partition.startOffset);
  consumer.seek({ topic, partition: 0 }, next);
  while (next < partition.endOffset) {
    const options = { maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS, signal };
    const found = await consumer.poll(options);
    signal.throwIfAborted();
    for (const fetched of found) {
      if (fetched.partition !== 0) continue;
      next = Math.max(next, fetched.nextOffset);
      for (const { value } of fetched.records) {
        if (value !== null) yield value;
      }
    }
  }
}

/** Puts a record behind those of the batch: without a key, as Debezium's have none. */
export function addHistoryRecord(
  batch: RecordBatch,
  handle: number,
  text: string,
  nowMs: number,
): void {
  batch.start(handle, nowMs);
  batch.partition(0);
  batch.endKey(false);
  batch.writer.raw(Buffer.from(text));
  batch.endValue(true);
  batch.end();
}
