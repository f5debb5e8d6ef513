import { expect, test } from 'vitest';
import { applicable, positionsAfter } from '../../src/runtime/polled-batch.ts';
import type { SinkPartitions } from '../../src/runtime/sink-partitions.ts';
import type { Consumer } from '../../src/transport/transport.ts';

const at = (partition: number, offset: number) => ({
  topic: 't',
  partition,
  generation: 1,
  offset,
});

/** Those of which partition 1 has gone. */
const partitions = {
  version: 2,
  mayApply: ({ partition }: { partition: number }) => partition === 0,
  isOpen: ({ partition }: { partition: number }) => partition === 0,
} as unknown as SinkPartitions;

test('records of partitions that went are left out, where any did', () => {
  const batch = { version: 1, records: [at(0, 1), at(1, 1)], positions: [at(0, 2), at(1, 2)] };
  expect(applicable(batch as never, partitions)).toEqual({
    records: [at(0, 1)],
    positions: [at(0, 2)],
  });
  const current = { ...batch, version: 2 } as never;
  expect(applicable(current, partitions)).toBe(current);
});

test('what was read carries its own generation, the rest stands where the consumer is', () => {
  const assignment = [0, 1].map((partition) => ({
    topic: 't',
    partition,
    generation: 2,
    position: 9,
  }));
  const consumer = { assignment: () => assignment } as unknown as Consumer;
  const fetched = { topic: 't', partition: 0, generation: 1, records: [], nextOffset: 5 };
  expect(positionsAfter(consumer, [], partitions)).toEqual([{ ...at(0, 9), generation: 2 }]);
  expect(positionsAfter(consumer, [fetched as never], partitions)).toEqual([at(0, 5)]);
});
