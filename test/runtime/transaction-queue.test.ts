import { expect, test } from 'vitest';
import {
  type QueuedRecord,
  SourceTransaction,
  TransactionQueue,
} from '../../src/runtime/transaction-queue.ts';

const AT = { topic: 't', partition: 2, generation: 3, offset: 10 };

function queued(offset: number, transaction: SourceTransaction | null): QueuedRecord {
  return { record: null, offset, order: 1, bytes: 100, transaction, after: null };
}

test('its position is that of the first record that waits, or where it is read next', () => {
  const queue = new TransactionQueue(AT);
  expect(queue.position).toEqual(AT);
  queue.push(queued(10, null));
  queue.push(queued(14, null));
  queue.readOffset = 15;
  expect([queue.position.offset, queue.bytes, queue.size]).toEqual([10, 200, 2]);
  queue.take();
  expect(queue.position.offset).toBe(14);
  queue.take();
  expect([queue.position.offset, queue.bytes, queue.size]).toEqual([15, 0, 0]);
});

test('a transaction knows in which partitions how much of it waits', () => {
  const queue = new TransactionQueue(AT);
  const transaction = new SourceTransaction('7', 0);
  for (let i = 0; i < 5000; i++) queue.push(queued(i, transaction));
  expect([transaction.rows, transaction.bytes]).toEqual([5000, 500_000]);
  expect(queue.some((other) => other === transaction)).toBe(true);
  for (let i = 0; i < 4999; i++) expect(queue.take().offset).toBe(i);
  expect(transaction.waiting.get(queue)).toBe(1);
  queue.take();
  expect([transaction.rows, transaction.bytes, transaction.waiting.size]).toEqual([0, 0, 0]);
  expect(queue.some(() => true)).toBe(false);
});

test('it is complete with its END and all events of the topics that are read', () => {
  const transaction = new SourceTransaction('7', 0);
  transaction.count('a', 1);
  transaction.count('b', 2);
  expect(transaction.isComplete).toBe(false);
  transaction.end(
    '7:9',
    new Map([
      ['a', 2],
      ['b', 1],
    ]),
  );
  expect(transaction.isComplete).toBe(false);
  transaction.count('a', 900);
  expect(transaction.isComplete).toBe(true);
  expect([transaction.has(1), transaction.has(3), transaction.has(900)]).toEqual([
    true,
    false,
    true,
  ]);
});

test('events of topics that nobody waits for do not count', () => {
  const transaction = new SourceTransaction('7', 0);
  transaction.end('7:9', new Map([['a', 1]]));
  transaction.count('elsewhere', 1);
  expect(transaction.isComplete).toBe(false);
  transaction.count('a', 2);
  expect(transaction.isComplete).toBe(true);
});

test('one of tables that are not read is complete at its END', () => {
  const transaction = new SourceTransaction('7', 0);
  transaction.end('7:9', new Map());
  expect(transaction.isComplete).toBe(true);
});
