import { expect, test } from 'vitest';
import {
  checkOwned,
  partitionKey,
  partitionsWithout,
} from '../../../src/transport/kafka/topic-partitions.ts';

const [a1, a11, b1] = [
  { topic: 'a', partition: 1 },
  { topic: 'a', partition: 11 },
  { topic: 'b', partition: 1 },
];

test('a key is that of one partition', () => {
  expect(partitionKey({ ...a1, offset: 7 } as typeof a1)).toBe(partitionKey(a1));
  expect(new Set([a1, a11, b1, { topic: '1', partition: 1 }].map(partitionKey)).size).toBe(4);
});

test('what is taken out is gone, the rest stands as it stood', () => {
  const offsets = [b1, a1, a11].map((at, offset) => ({ ...at, offset }));
  expect(partitionsWithout(offsets, [a1, { topic: 'c', partition: 1 }])).toEqual([
    { ...b1, offset: 0 },
    { ...a11, offset: 2 },
  ]);
  expect(partitionsWithout([], [a1])).toEqual([]);
});

test('what a group gave to another member is told', () => {
  expect(() => {
    checkOwned('g', [a1, b1], [b1, a1]);
  }).not.toThrow();
  expect(() => {
    checkOwned('g', [a1], [a1, a11]);
  }).toThrow(
    expect.objectContaining({
      code: 'KAFKA_REBALANCE',
      message: 'Group g gave a-11 to another member.',
    }),
  );
});
