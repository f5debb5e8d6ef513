import { ByteReader } from '../../../foundation/byte-reader.ts';
import { ByteWriter } from '../../../foundation/byte-writer.ts';
import type { TopicPartition } from '../../transport.ts';
import type { Isolation } from '../kafka-client.ts';
import type { AbortedTransaction } from '../record-batch-reader.ts';
import { readText, writeText } from './protocol-text.ts';

/** The request for records. */
export const FETCH = { key: 1, name: 'Fetch', version: 11 };
const CONSUMER = -1;
const MIN_BYTES = 1;
const NO_SESSION = 0;
const FINAL_EPOCH = -1;
const ANY_LEADER_EPOCH = -1;

/** How much is asked for, and how long the broker may wait for it. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionBytes: number;
  readonly isolation: Isolation;
}

/** What a broker answered for a partition. */
export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  /** High watermark, or the last stable offset with `read_committed`. */
  readonly endOffset: number;
  readonly startOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches; the last one may be cut off. */
  readonly batches: Buffer;
}

/** The body of a fetch request. */
export function fetchRequest(
  partitions: readonly (TopicPartition & { readonly position: number })[],
  limits: FetchLimits,
): Buffer {
  const writer = new ByteWriter(1024);
  writer.i32be(CONSUMER);
  writer.i32be(limits.maxWaitMs);
  writer.i32be(MIN_BYTES);
  writer.i32be(limits.maxBytes);
  writer.u8(limits.isolation === 'read_committed' ? 1 : 0);
  writer.i32be(NO_SESSION);
  writer.i32be(FINAL_EPOCH);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  writer.i32be(byTopic.size);
  for (const [topic, entries] of byTopic) {
    writeText(writer, topic);
    writer.i32be(entries.length);
    for (const { partition, position } of entries) {
      writer.i32be(partition);
      writer.i32be(ANY_LEADER_EPOCH);
      writer.i64be(BigInt(position));
      writer.i64be(-1n);
      writer.i32be(limits.partitionBytes);
    }
  }
  // No topics to forget, as there is no session; no rack.
  writer.i32be(0);
  writeText(writer, '');
  return writer.written();
}

/** The answers of a fetch response; `errorCode` is of the whole request. */
export function fetchResponse(
  payload: Buffer,
  isolation: Isolation,
): { readonly errorCode: number; readonly partitions: readonly FetchedPartition[] } {
  const reader = new ByteReader(payload);
  reader.skip(4);
  const errorCode = reader.i16be();
  reader.skip(4);
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.i32be(); topics > 0; topics--) {
    const topic = readText(reader) ?? '';
    for (let count = reader.i32be(); count > 0; count--) {
      partitions.push(fetchedPartition(reader, topic, isolation));
    }
  }
  return { errorCode, partitions };
}

function fetchedPartition(
  reader: ByteReader,
  topic: string,
  isolation: Isolation,
): FetchedPartition {
  const partition = reader.i32be();
  const errorCode = reader.i16be();
  const highWatermark = Number(reader.i64be());
  const lastStableOffset = Number(reader.i64be());
  const startOffset = Number(reader.i64be());
  const aborted: AbortedTransaction[] = [];
  for (let count = reader.i32be(); count > 0; count--) {
    aborted.push({ producerId: reader.i64be(), firstOffset: Number(reader.i64be()) });
  }
  reader.skip(4);
  const batches = reader.take(Math.max(reader.i32be(), 0));
  const endOffset = isolation === 'read_committed' ? lastStableOffset : highWatermark;
  return { topic, partition, errorCode, endOffset, startOffset, aborted, batches };
}
