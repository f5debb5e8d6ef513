import { expect, test } from 'vitest';
import { SourceTransaction } from '../../src/runtime/source-transaction.ts';

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
