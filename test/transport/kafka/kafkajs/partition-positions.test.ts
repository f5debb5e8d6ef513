import { expect, test } from 'vitest';
import {
  type PartitionPosition,
  PartitionPositions,
} from '../../../../src/transport/kafka/kafkajs/partition-positions.ts';

const FETCHED = { topic: 't', partition: 0, records: [], startOffset: 0, endOffset: 9 };

function assigned(): { positions: PartitionPositions; first: PartitionPosition } {
  const positions = new PartitionPositions();
  positions.assign([
    { topic: 't', partition: 0, offset: 3 },
    { topic: 't', partition: 1, offset: 4 },
  ]);
  return { positions, first: positions.all()[0] as PartitionPosition };
}

test('what was read ahead is handed out once, and the position is behind it', () => {
  const { positions, first } = assigned();
  first.ahead = { ...FETCHED, nextOffset: 9 };
  expect(first.position).toBe(3);
  expect(positions.take()).toEqual([{ ...FETCHED, nextOffset: 9 }]);
  expect(first.position).toBe(9);
  expect(positions.take()).toEqual([]);
});

test('a seek drops what was read ahead, and tells what was asked for before it', () => {
  const { positions, first } = assigned();
  const { turn } = first;
  first.ahead = { ...FETCHED, nextOffset: 9 };
  positions.seek(first, 1);
  expect(positions.take()).toEqual([]);
  expect(first.position).toBe(1);
  expect(first.turn).not.toBe(turn);
});

test('another assignment tells itself from the one before, even of the same partition', () => {
  const { positions, first } = assigned();
  positions.assign([{ topic: 't', partition: 0, offset: 3 }]);
  const again = positions.get(first);
  expect(again).toMatchObject({ position: 3, ahead: null });
  expect(again).not.toBe(first);
  expect(again?.turn).not.toBe(first.turn);
});

test('partitions are added and removed beside those that stay as they are', () => {
  const { positions, first } = assigned();
  positions.remove([{ topic: 't', partition: 1 }]);
  positions.add([{ topic: 'u', partition: 0, offset: 5 }]);
  expect(positions.all().map(({ topic, position }) => [topic, position])).toEqual([
    ['t', 3],
    ['u', 5],
  ]);
  expect(positions.get({ topic: 't', partition: 0 })).toBe(first);
});

test('only forwards, and only in the assignment that was asked, retention moves a position', () => {
  const { positions, first } = assigned();
  positions.skipTo(first, 2);
  expect(first.position).toBe(3);
  positions.skipTo(first, 8);
  expect(first.position).toBe(8);
  positions.assign([{ topic: 't', partition: 0, offset: 0 }]);
  positions.skipTo(first, 20);
  expect(positions.get(first)?.position).toBe(0);
});

test('a partition that is not assigned cannot be sought', () => {
  const { positions } = assigned();
  expect(() => {
    positions.seek({ topic: 't', partition: 2 }, 1);
  }).toThrow(expect.objectContaining({ code: 'KAFKA_REBALANCE' }));
});
