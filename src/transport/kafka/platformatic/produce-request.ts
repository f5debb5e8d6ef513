import { type Connection, type Reader, Writer } from '@platformatic/kafka';

const PRODUCE = 0;
const VERSION = 8;
const ALL_IN_SYNC_REPLICAS = -1;

/** A record batch on its way into a partition. */
export interface ProducePart {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** What a broker says about one partition of a produce request. */
export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly says: string | null;
}

/**
 * A produce request made of record batches as they are: the library's own takes a message object
 * per record. Each partition may occur once.
 */
export function sendProduce(
  connection: Connection,
  transactionalId: string | null,
  timeoutMs: number,
  parts: readonly ProducePart[],
): Promise<readonly ProduceAnswer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ProduceAnswer[]>();
  connection.send(
    PRODUCE,
    VERSION,
    () => payloadOf(transactionalId, timeoutMs, parts),
    parseAnswer,
    false,
    false,
    (error, answers) => {
      if (error === null) resolve(answers as readonly ProduceAnswer[]);
      else reject(error);
    },
  );
  return promise;
}

function payloadOf(
  transactionalId: string | null,
  timeoutMs: number,
  parts: readonly ProducePart[],
): Writer {
  const topics = Map.groupBy(parts, ({ topic }) => topic);
  const writer = Writer.create()
    .appendString(transactionalId, false)
    .appendInt16(ALL_IN_SYNC_REPLICAS)
    .appendInt32(timeoutMs)
    .appendInt32(topics.size);
  for (const [topic, partitions] of topics) {
    writer.appendString(topic, false).appendInt32(partitions.length);
    for (const { partition, bytes } of partitions) {
      writer.appendInt32(partition).appendInt32(bytes.length).append(bytes);
    }
  }
  return writer;
}

function parseAnswer(_id: number, _key: number, _version: number, reader: Reader): ProduceAnswer[] {
  const answers: ProduceAnswer[] = [];
  reader.readArray(
    () => {
      const topic = reader.readString(false);
      reader.readArray(() => answers.push(parsePartition(reader, topic)), false, false);
    },
    false,
    false,
  );
  return answers;
}

function parsePartition(reader: Reader, topic: string): ProduceAnswer {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  // Base offset, append time and start of the log.
  reader.skip(24);
  let says: string | null = null;
  reader.readArray(
    () => {
      reader.skip(4);
      says ??= reader.readNullableString(false);
    },
    false,
    false,
  );
  return { topic, partition, errorCode, says: reader.readNullableString(false) ?? says };
}
