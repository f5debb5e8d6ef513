import { expect, test } from 'vitest';
import { PartitionBuffer } from '../../../src/transport/kafka/partition-buffer.ts';
import type { LogRecord } from '../../../src/transport/transport.ts';

const record = (offset: number, timestampMs = offset): LogRecord => ({
  offset,
  sequence: 0,
  timestampMs,
  key: null,
  value: Buffer.alloc(10),
  headers: [],
});

const bufferAt = (position: number): PartitionBuffer =>
  new PartitionBuffer(
    { topic: 't', partition: 1 },
    position,
    { startOffset: 0, endOffset: 100 },
    1,
  );

const fetchOf = (offsets: readonly number[], nextOffset: number) => ({
  topic: 't',
  partition: 1,
  records: offsets.map((offset) => record(offset)),
  nextOffset,
  startOffset: 0,
  endOffset: 100,
});

const FOREVER = Number.POSITIVE_INFINITY;
const same = (one: LogRecord): LogRecord => one;
const offsetsOf = ({ records }: { readonly records: readonly LogRecord[] }): number[] =>
  records.map(({ offset }) => offset);

test('hands records over by size and time, and stands behind the last one', () => {
  const buffer = bufferAt(5);
  buffer.add(fetchOf([5, 6, 8, 9], 12), 0);
  expect(buffer.nextTimestampMs).toBe(5);
  const first = buffer.take(FOREVER, 20, same);
  expect(first.full).toBe(true);
  expect(offsetsOf(first.fetched)).toEqual([5, 6]);
  // Offset 7 is a control record: the next one that counts is 8.
  expect(first.fetched.nextOffset).toBe(8);
  const second = buffer.take(8, 1000, same);
  expect(offsetsOf(second.fetched)).toEqual([8]);
  expect(second.full).toBe(false);
  expect(buffer.take(FOREVER, 1000, same).fetched.nextOffset).toBe(12);
  expect(buffer.nextTimestampMs).toBe(FOREVER);
});

test('takes one record however large it is', () => {
  const buffer = bufferAt(0);
  buffer.add(fetchOf([0, 1], 2), 0);
  const { fetched, full } = buffer.take(FOREVER, 1, same);
  expect(offsetsOf(fetched)).toEqual([0]);
  expect(full).toBe(true);
});

test('a fetch without records moves it on', () => {
  const buffer = bufferAt(3);
  buffer.add(fetchOf([], 7), 0);
  expect(buffer.position).toBe(7);
});

test('what was read ahead and comes after it stand together', () => {
  const buffer = bufferAt(0);
  buffer.add(fetchOf([0, 1], 2), 0);
  buffer.take(0, 10, same);
  buffer.add(fetchOf([2], 3), 0);
  expect(offsetsOf(buffer.take(FOREVER, 1000, same).fetched)).toEqual([1, 2]);
});

test('a new generation drops what is older, once', () => {
  const buffer = bufferAt(0);
  buffer.add(fetchOf([0, 1], 2), 0);
  expect(buffer.enter({ generation: 7, starts: [0, 4] })).toBe(true);
  expect(buffer).toMatchObject({ generation: 7, position: 4, startOffset: 4 });
  expect(buffer.nextTimestampMs).toBe(FOREVER);
  // A fetch that was on its way.
  buffer.add(fetchOf([2, 3, 4], 5), 4);
  expect(offsetsOf(buffer.take(FOREVER, 1000, same).fetched)).toEqual([4]);
  expect(buffer.enter({ generation: 8, starts: [] })).toBe(false);
});
