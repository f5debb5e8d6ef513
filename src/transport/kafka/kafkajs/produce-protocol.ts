import { ByteReader } from '../../../foundation/byte-reader.ts';
import { ByteWriter } from '../../../foundation/byte-writer.ts';
import { readText, writeText } from './protocol-text.ts';

/** The request of records; version 8 is the first whose answer says what is wrong with them. */
export const PRODUCE = { key: 0, name: 'Produce', version: 8 };
const ALL_IN_SYNC = -1;

/** A record batch on its way into a partition. */
interface BatchOfPartition {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** What became of the batch of a partition. */
export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly says: string | null;
}

/** The body of a produce request; each partition at most once. The batches are not copied. */
export function produceRequest(
  batches: readonly BatchOfPartition[],
  transactionalId: string | null,
  timeoutMs: number,
): Buffer[] {
  const byTopic = Map.groupBy(batches, (batch) => batch.topic);
  const writer = new ByteWriter(1024);
  const chunks: Buffer[] = [];
  let from = 0;
  writeText(writer, transactionalId);
  writer.u16be(ALL_IN_SYNC & 0xffff);
  writer.i32be(timeoutMs);
  writer.i32be(byTopic.size);
  const cuts: { readonly at: number; readonly bytes: Buffer }[] = [];
  for (const [topic, partitions] of byTopic) {
    writeText(writer, topic);
    writer.i32be(partitions.length);
    for (const { partition, bytes } of partitions) {
      writer.i32be(partition);
      writer.i32be(bytes.length);
      cuts.push({ at: writer.position, bytes });
    }
  }
  const written = writer.written();
  for (const { at, bytes } of cuts) {
    chunks.push(written.subarray(from, at), bytes);
    from = at;
  }
  return chunks;
}

/** The answers of a produce response. */
export function produceResponse(payload: Buffer): readonly PartitionAnswer[] {
  const reader = new ByteReader(payload);
  const answers: PartitionAnswer[] = [];
  for (let topics = reader.i32be(); topics > 0; topics--) {
    const topic = readText(reader) ?? '';
    for (let partitions = reader.i32be(); partitions > 0; partitions--) {
      const partition = reader.i32be();
      const errorCode = reader.i16be();
      reader.skip(24);
      let says: string | null = null;
      for (let errors = reader.i32be(); errors > 0; errors--) {
        reader.skip(4);
        says = readText(reader) ?? says;
      }
      says = readText(reader) ?? says;
      answers.push({ topic, partition, errorCode, says });
    }
  }
  return answers;
}
