import { expect, test } from 'vitest';
import { PutSize } from '../../src/runtime/put-size.ts';
import { queueLimits } from '../../src/runtime/sink-batches.ts';

test('a target that is slow gets more at once, until it is quick again', () => {
  let nowMs = 0;
  const size = new PutSize({}, { monotonicMs: () => nowMs });
  const limits = queueLimits(size);
  const put = (ms: number): void => {
    size.begun();
    nowMs += ms;
    size.ended();
  };
  put(100);
  expect(size.records).toBe(1000);
  put(101);
  expect(size.records).toBe(2500);
  // A producer that waits for room has it at once.
  expect(limits.maxBytes).toBe(2500 * 1024);
  put(99);
  expect(size.records).toBe(1000);
});

test('what a task wants does not depend on how long its puts take', () => {
  let nowMs = 0;
  const size = new PutSize({ putRecords: 300 }, { monotonicMs: () => nowMs });
  size.begun();
  nowMs = 10_000;
  size.ended();
  expect(size.records).toBe(300);
});
