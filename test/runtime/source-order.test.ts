import { expect, test } from 'vitest';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { inSourceOrder } from '../../src/runtime/source-order.ts';

function records(...sequences: readonly number[]): SinkRecord[] {
  return sequences.map((sequence, offset) => ({
    topic: 't',
    partition: 0,
    generation: 1,
    offset,
    sequence,
    timestampMs: 0,
    key: null,
    value: null,
    absent: [],
  }));
}

test('records in order stay the same objects', () => {
  const ordered = records(3, 5, 9);
  expect(inSourceOrder(ordered)).toBe(ordered);
  expect(inSourceOrder([])).toEqual([]);
});

test('the order of the list becomes that of the sequences, which are the same ones', () => {
  const found = inSourceOrder(records(5, 9, 3));
  expect(found.map(({ offset, sequence }) => [offset, sequence])).toEqual([
    [0, 3],
    [1, 5],
    [2, 9],
  ]);
});
