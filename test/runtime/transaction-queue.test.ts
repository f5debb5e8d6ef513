import { expect, test } from 'vitest';
import { SourceTransaction } from '../../src/runtime/source-transaction.ts';
import { type QueuedRecord, TransactionQueue } from '../../src/runtime/transaction-queue.ts';

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
