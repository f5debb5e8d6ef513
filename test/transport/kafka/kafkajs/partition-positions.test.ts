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
  positions.keep(first, first.turn, { ...FETCHED, nextOffset: 9 });
  expect(first.position).toBe(3);
  expect(positions.take()).toEqual([{ ...FETCHED, nextOffset: 9 }]);
  expect(first.position).toBe(9);
  expect(positions.take()).toEqual([]);
});

test('a seek drops what was read ahead, and what was asked for before it', () => {
  const { positions, first } = assigned();
  const { turn } = first;
  positions.keep(first, turn, { ...FETCHED, nextOffset: 9 });
  positions.seek(first, 1);
  positions.keep(first, turn, { ...FETCHED, nextOffset: 9 });
  expect(positions.take()).toEqual([]);
  expect(first.position).toBe(1);
});

test('what was asked for under another assignment is dropped, even for the same partition', () => {
  const { positions, first } = assigned();
  positions.assign([{ topic: 't', partition: 0, offset: 3 }]);
  positions.keep(first, first.turn, { ...FETCHED, nextOffset: 9 });
  expect(positions.take()).toEqual([]);
});

test('a partition that is not assigned cannot be sought', () => {
  const { positions } = assigned();
  expect(() => {
    positions.seek({ topic: 't', partition: 2 }, 1);
  }).toThrow(expect.objectContaining({ code: 'KAFKA_REBALANCE' }));
});
