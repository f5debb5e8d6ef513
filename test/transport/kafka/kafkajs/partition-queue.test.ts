import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  halves,
  PartitionQueue,
  type PendingBatch,
  Sequences,
} from '../../../../src/transport/kafka/kafkajs/partition-queue.ts';
import { batchOf } from '../../batch-of.ts';

/** Numbers of a producer that the broker knows. */
function known(): Sequences {
  const sequences = new Sequences();
  sequences.acknowledged('t', 0);
  return sequences;
}

/** A queue of so many records of ten bytes, about two to a batch. */
function queueOf(count: number, sequences = known(), batchBytes = 200): PartitionQueue {
  const batch = batchOf(Array.from({ length: count }, () => ({ topic: 0, value: '0123456789' })));
  const records = Int32Array.from({ length: count }, (_, i) => i);
  return new PartitionQueue(batch, { topic: 't', partition: 0, records }, batchBytes, sequences);
}

function takeAll(queue: PartitionQueue): PendingBatch[] {
  const taken: PendingBatch[] = [];
  for (let next = queue.take(); next !== null; next = queue.take()) taken.push(next);
  return taken;
}

/** The same where each one is acknowledged before the next. */
function takeInTurn(queue: PartitionQueue): PendingBatch[] {
  const taken: PendingBatch[] = [];
  for (let next = queue.take(); next !== null; next = queue.take()) {
    taken.push(next);
    queue.acknowledge(next);
  }
  return taken;
}

describe('a queue', () => {
  test('splits by bytes, and numbers the records one after another', () => {
    const sequences = known();
    const batches = takeAll(queueOf(5, sequences));
    expect(batches.map(({ from, to, baseSequence }) => [from, to, baseSequence])).toEqual([
      [0, 2, 0],
      [2, 4, 2],
      [4, 5, 4],
    ]);
    expect(takeAll(queueOf(1, sequences))[0]?.baseSequence).toBe(5);
  });

  test('gives a record that is larger than a batch one of its own', () => {
    const batches = takeAll(queueOf(3, known(), 1));
    expect(batches.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  test('is done when all are acknowledged', () => {
    const queue = queueOf(4);
    const [first, second] = takeAll(queue) as [PendingBatch, PendingBatch];
    expect(queue.done).toBe(false);
    queue.acknowledge(first);
    expect(queue.done).toBe(false);
    queue.acknowledge(second);
    expect(queue.done).toBe(true);
  });

  test('sends nothing while batches behind a failed one are out, then all of them in order', () => {
    const queue = queueOf(8);
    const [first, second, third, fourth] = takeAll(queue);
    queue.acknowledge(first as PendingBatch);
    queue.sendAgain(second as PendingBatch);
    expect(queue.next()).toBeNull();
    queue.sendAgain(fourth as PendingBatch);
    expect(queue.next()).toBeNull();
    queue.sendAgain(third as PendingBatch);
    expect(takeInTurn(queue)).toEqual([second, third, fourth]);
  });

  // A broker was killed under load with batches on their way. It had forgotten the producer, came
  // back, refused the first batch for a moment, took the second, and the first was out of order.
  test('sends the first one alone after a failure, until it is acknowledged', () => {
    const queue = queueOf(6);
    const [first, second, third] = takeAll(queue) as [PendingBatch, PendingBatch, PendingBatch];
    for (const batch of [first, second, third]) queue.sendAgain(batch);
    expect(takeAll(queue)).toEqual([first]);
    queue.sendAgain(first);
    expect(takeAll(queue)).toEqual([first]);
    queue.acknowledge(first);
    expect(takeAll(queue)).toEqual([second, third]);
  });

  test('sends the first batch of a producer alone, until it is acknowledged', () => {
    const queue = queueOf(6, new Sequences());
    const [first, ...more] = takeAll(queue) as [PendingBatch];
    expect(more).toEqual([]);
    queue.sendAgain(first);
    expect(takeAll(queue)).toEqual([first]);
    queue.acknowledge(first);
    expect(takeAll(queue)).toHaveLength(2);
  });

  test('knows whether an earlier batch explains that a number is out of order', () => {
    const queue = queueOf(4);
    const [first, second] = takeAll(queue) as [PendingBatch, PendingBatch];
    expect(queue.hasEarlier(first)).toBe(false);
    expect(queue.hasEarlier(second)).toBe(true);
    queue.sendAgain(first);
    expect(queue.hasEarlier(second)).toBe(true);
  });

  test('sends the halves of a batch in its place', () => {
    const queue = queueOf(4);
    const [first, second] = takeAll(queue) as [PendingBatch, PendingBatch];
    queue.sendAgain(first, halves(first) ?? []);
    queue.sendAgain(second);
    const ranges = takeInTurn(queue).map(({ from, to, baseSequence }) => [from, to, baseSequence]);
    expect(ranges).toEqual([
      [0, 1, 0],
      [1, 2, 1],
      [2, 4, 2],
    ]);
  });

  test('whatever fails in between, each record is taken in order under its one number', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (failures) => {
        const queue = queueOf(20);
        const log: number[] = [];
        const answers = [...failures];
        while (!queue.done) {
          // Like a broker: what does not follow the last number is refused.
          for (const batch of takeAll(queue)) {
            const fits = batch.baseSequence === log.length;
            if (!fits || answers.shift() === true) queue.sendAgain(batch);
            else {
              for (let i = batch.from; i < batch.to; i++) log.push(i);
              queue.acknowledge(batch);
            }
          }
        }
        expect(log).toEqual(Array.from({ length: 20 }, (_, i) => i));
      }),
    );
  });
});

test('numbers begin again after the largest one', () => {
  const sequences = new Sequences();
  expect(sequences.take('t', 0, 2 ** 31 - 2)).toBe(0);
  expect(sequences.take('t', 0, 5)).toBe(2 ** 31 - 2);
  expect(sequences.take('t', 0, 1)).toBe(3);
  expect(sequences.take('t', 1, 1)).toBe(0);
});

test('halves of a batch at the largest number go on with 0; one record has none', () => {
  const batch = { from: 0, to: 4, baseSequence: 2 ** 31 - 2, bytes: 100 };
  expect(halves(batch)?.map(({ from, to, baseSequence }) => [from, to, baseSequence])).toEqual([
    [0, 2, 2 ** 31 - 2],
    [2, 4, 0],
  ]);
  expect(halves({ ...batch, to: 1 })).toBeNull();
});
