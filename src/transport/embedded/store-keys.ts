import { assert } from '../../foundation/assert.ts';

/*
 * One tree with binary keys. The first byte says what a key is; the records themselves stand in
 * segments.
 *
 *   01                               format of the store
 *   02                               counters
 *   03 topic                         topic
 *   04 storage partition             state of a partition
 *   05 key                           source offset
 *   06 group 00                      registration of a group
 *   06 group 00 topic 00 partition   committed offset
 *   07 collection 00 key             document
 *   08                               where the log ends: segment and position
 *   09 segment                       what a closed segment holds
 *
 * All numbers in keys are big-endian u32. The `storage` is a number that a topic gets anew with
 * each generation: dropping any log is one small write.
 */
const NUL = 0;

/** Longest name in bytes: two of them and a prefix fit a key of the store (1978 bytes). */
const NAME_BYTES_MAX = 900;

export const FORMAT_KEY: Buffer = Buffer.of(0x01);
export const COUNTERS_KEY: Buffer = Buffer.of(0x02);
export const TOPICS: Buffer = Buffer.of(0x03);
export const PARTITIONS: Buffer = Buffer.of(0x04);
export const SOURCE_OFFSETS: Buffer = Buffer.of(0x05);
export const GROUPS: Buffer = Buffer.of(0x06);
const DOCUMENTS = 0x07;
export const TAIL_KEY: Buffer = Buffer.of(0x08);
export const SEGMENTS: Buffer = Buffer.of(0x09);

/** The smallest key above every key that starts with `prefix`. */
export function after(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  let last = end.length - 1;
  while (end[last] === 0xff) last--;
  end[last] = (end[last] as number) + 1;
  return end.subarray(0, last + 1);
}

function name(text: string): Buffer {
  const bytes = Buffer.from(text);
  assert(bytes.length <= NAME_BYTES_MAX, `name longer than ${NAME_BYTES_MAX} bytes: ${text}`);
  assert(!bytes.includes(NUL), `name with a NUL: ${JSON.stringify(text)}`);
  return bytes;
}

/** Key of a topic. */
export function topicKey(topic: string): Buffer {
  return Buffer.concat([TOPICS, name(topic)]);
}

/** Key of a partition's state. */
export function partitionKey(storage: number, partition: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = PARTITIONS[0] as number;
  key.writeUInt32BE(storage, 1);
  key.writeUInt32BE(partition, 5);
  return key;
}

/** Key of a source's offset. */
export function sourceOffsetKey(key: string): Buffer {
  return Buffer.concat([SOURCE_OFFSETS, name(key)]);
}

/** Text after the first byte of a topic's or source offset's key. */
export function nameOf(key: Buffer): string {
  return key.toString('utf8', 1);
}

/** Key of a group's registration, and the prefix of its offsets. */
export function groupKey(group: string): Buffer {
  return Buffer.concat([GROUPS, name(group), Buffer.of(NUL)]);
}

/** Key of a committed offset. */
export function groupOffsetKey(group: string, topic: string, partition: number): Buffer {
  const number = Buffer.allocUnsafe(4);
  number.writeUInt32BE(partition);
  return Buffer.concat([groupKey(group), name(topic), Buffer.of(NUL), number]);
}

/** What a key below GROUPS names; topic null for the registration itself. */
export function parseGroupKey(key: Buffer): {
  readonly group: string;
  readonly topic: string | null;
  readonly partition: number;
} {
  const groupEnd = key.indexOf(NUL, 1);
  const group = key.toString('utf8', 1, groupEnd);
  if (groupEnd === key.length - 1) return { group, topic: null, partition: 0 };
  const topicEnd = key.indexOf(NUL, groupEnd + 1);
  return {
    group,
    topic: key.toString('utf8', groupEnd + 1, topicEnd),
    partition: key.readUInt32BE(topicEnd + 1),
  };
}

/** Prefix of a collection's documents. */
export function collectionPrefix(collection: string): Buffer {
  return Buffer.concat([Buffer.of(DOCUMENTS), name(collection), Buffer.of(NUL)]);
}

/** Key of a document. */
export function documentKey(collection: string, key: string): Buffer {
  return Buffer.concat([collectionPrefix(collection), name(key)]);
}

/** Key of a closed segment's summary. */
export function segmentKey(segment: number): Buffer {
  const key = Buffer.allocUnsafe(5);
  key[0] = SEGMENTS[0] as number;
  key.writeUInt32BE(segment, 1);
  return key;
}
