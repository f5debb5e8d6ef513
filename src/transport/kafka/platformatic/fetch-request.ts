import { type Connection, type Reader, Writer } from '@platformatic/kafka';
import { ByteReader } from '../../../foundation/byte-reader.ts';
import type { TopicPartition } from '../../transport.ts';
import type { Isolation } from '../kafka-client.ts';
import type { AbortedTransaction } from '../record-batch-reader.ts';

const FETCH = 1;
/** From 11 on followers answer too, with less than the leader has. */
const VERSION = 10;
const CONSUMER = -1;
/** No fetch session: every request says all that it wants. */
const NO_SESSION = -1;
const UNKNOWN_EPOCH = -1;
const UNKNOWN_START = -1n;

/** What a fetch asks a broker for. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionBytes: number;
  readonly isolation: Isolation;
  readonly partitions: readonly (TopicPartition & { readonly position: number })[];
}

/** What a broker has of one partition; the record batches are as the broker keeps them. */
export interface FetchAnswer extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly batches: Buffer;
}

/** The whole answer: an error that concerns no partition, or what there is of each. */
export interface FetchAnswers {
  readonly errorCode: number;
  readonly partitions: readonly FetchAnswer[];
}

/** A fetch whose record batches are left as bytes: the library makes an object of each record. */
export function sendFetch(connection: Connection, request: FetchRequest): Promise<FetchAnswers> {
  const { promise, resolve, reject } = Promise.withResolvers<FetchAnswers>();
  connection.send(
    FETCH,
    VERSION,
    () => payloadOf(request),
    parseAnswers,
    false,
    false,
    (error, answers) => {
      if (error === null) resolve(answers as FetchAnswers);
      else reject(error);
    },
  );
  return promise;
}

function payloadOf(request: FetchRequest): Writer {
  const topics = Map.groupBy(request.partitions, ({ topic }) => topic);
  const writer = Writer.create()
    .appendInt32(CONSUMER)
    .appendInt32(request.maxWaitMs)
    .appendInt32(1)
    .appendInt32(request.maxBytes)
    .appendInt8(request.isolation === 'read_committed' ? 1 : 0)
    .appendInt32(0)
    .appendInt32(NO_SESSION)
    .appendInt32(topics.size);
  for (const [topic, partitions] of topics) {
    writer.appendString(topic, false).appendInt32(partitions.length);
    for (const { partition, position } of partitions) {
      writer
        .appendInt32(partition)
        .appendInt32(UNKNOWN_EPOCH)
        .appendInt64(BigInt(position))
        .appendInt64(UNKNOWN_START)
        .appendInt32(request.partitionBytes);
    }
  }
  return writer.appendInt32(0);
}

function parseAnswers(_id: number, _key: number, _version: number, from: Reader): FetchAnswers {
  const reader = new ByteReader(from.buffer.subarray(from.position).buffer);
  reader.i32be();
  const errorCode = reader.i16be();
  reader.i32be();
  const partitions: FetchAnswer[] = [];
  for (let topics = reader.i32be(); topics > 0; topics--) {
    const topic = reader.take(reader.i16be()).toString();
    for (let count = reader.i32be(); count > 0; count--) {
      partitions.push(parsePartition(reader, topic));
    }
  }
  return { errorCode, partitions };
}

function parsePartition(reader: ByteReader, topic: string): FetchAnswer {
  const partition = reader.i32be();
  const errorCode = reader.i16be();
  const highWatermark = Number(reader.i64be());
  const lastStableOffset = Number(reader.i64be());
  const logStartOffset = Number(reader.i64be());
  const aborted: AbortedTransaction[] = [];
  for (let count = reader.i32be(); count > 0; count--) {
    aborted.push({ producerId: reader.i64be(), firstOffset: Number(reader.i64be()) });
  }
  const batches = reader.take(Math.max(reader.i32be(), 0));
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    aborted,
    batches,
  };
}
