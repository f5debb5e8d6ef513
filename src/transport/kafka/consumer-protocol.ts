import { ByteReader } from '../../foundation/byte-reader.ts';
import { ByteWriter } from '../../foundation/byte-writer.ts';
import type { TopicPartition } from '../transport.ts';

const SUBSCRIPTION_VERSION = 1;
const ASSIGNMENT_VERSION = 1;
const NO_GENERATION = -1;

/** What a member tells the leader of its group when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** What it has from the round before, and which round that was (-1: none). */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/**
 * Java's ConsumerProtocolSubscription, with the generation where its cooperative-sticky assignor of
 * every version looks for it.
 */
export function encodeSubscription({ topics, owned, generation }: Subscription): Buffer {
  const writer = new ByteWriter(256);
  writer.u16be(SUBSCRIPTION_VERSION);
  writer.i32be(topics.length);
  for (const topic of topics) writeText(writer, topic);
  writer.i32be(4);
  writer.i32be(generation);
  writePartitions(writer, owned);
  return Buffer.from(writer.written());
}

/** Also of members that are Java's, older or newer. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new ByteReader(bytes);
  const version = reader.u16be();
  const topics: string[] = [];
  for (let count = reader.i32be(); count > 0; count--) topics.push(readText(reader));
  const userData = readBytes(reader);
  const owned = version >= 1 ? readPartitions(reader) : [];
  const inUserData = userData.length >= 4 ? userData.readInt32BE(0) : NO_GENERATION;
  const generation = version >= 2 ? reader.i32be() : inUserData;
  return { topics, owned, generation };
}

/** Java's ConsumerProtocolAssignment. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new ByteWriter(256);
  writer.u16be(ASSIGNMENT_VERSION);
  writePartitions(writer, partitions);
  writer.i32be(-1);
  return Buffer.from(writer.written());
}

/** A member that got nothing may get no bytes. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  reader.u16be();
  return readPartitions(reader);
}

function writePartitions(writer: ByteWriter, partitions: readonly TopicPartition[]): void {
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  writer.i32be(topics.size);
  for (const [topic, entries] of topics) {
    writeText(writer, topic);
    writer.i32be(entries.length);
    for (const { partition } of entries) writer.i32be(partition);
  }
}

function readPartitions(reader: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = [];
  for (let topics = reader.i32be(); topics > 0; topics--) {
    const topic = readText(reader);
    for (let count = reader.i32be(); count > 0; count--) {
      partitions.push({ topic, partition: reader.i32be() });
    }
  }
  return partitions;
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = Buffer.from(text);
  writer.u16be(bytes.length);
  writer.raw(bytes);
}

function readText(reader: ByteReader): string {
  return reader.take(reader.u16be()).toString();
}

function readBytes(reader: ByteReader): Buffer {
  return reader.take(Math.max(reader.i32be(), 0));
}
