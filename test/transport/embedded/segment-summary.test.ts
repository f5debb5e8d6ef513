import { expect, test } from 'vitest';
import {
  decodeSummary,
  decodeTail,
  summaryOperation,
  tailOperation,
} from '../../../src/transport/embedded/segment-summary.ts';
import { segmentKey, TAIL_KEY } from '../../../src/transport/embedded/store-keys.ts';

test('a summary gives back its spans, whatever the size of the numbers', () => {
  const spans = [0, 1, 2 ** 40].map((firstOffset, partition) => ({
    segment: 77,
    storage: 0xffffffff,
    partition,
    firstOffset,
    endOffset: firstOffset + 2 ** 33,
    bytes: 2 ** 31,
  }));
  for (const some of [spans, []]) {
    const segment = { number: 77, bytes: 2 ** 34, spans: some };
    const { key, value } = summaryOperation(segment);
    expect(key).toEqual(segmentKey(77));
    expect(decodeSummary(77, value ?? Buffer.alloc(0))).toEqual(segment);
  }
});

test('the end of the log is that of an empty one until it is stored', () => {
  expect(decodeTail(undefined)).toEqual({ segment: 1, bytes: 0, version: 0 });
  const tail = { segment: 9, bytes: 2 ** 40, version: 3 };
  const { key, value } = tailOperation(tail);
  expect(key).toEqual(TAIL_KEY);
  expect(decodeTail(value ?? undefined)).toEqual(tail);
});
