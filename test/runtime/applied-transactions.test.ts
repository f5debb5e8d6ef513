import { describe, expect, test } from 'vitest';
import { AppliedTransactions } from '../../src/runtime/applied-transactions.ts';
import type { TransactionFate } from '../../src/runtime/transaction-queue.ts';
import { SourceTransaction } from '../../src/runtime/transaction-queue.ts';

interface Facts {
  readonly position?: string | null;
  readonly endId?: string | null;
  readonly fate?: TransactionFate;
}

function transaction(id: string, { position = null, endId = null, fate = 'whole' }: Facts = {}) {
  const made = new SourceTransaction(id, 0);
  return Object.assign(made, { position, endId, fate });
}

describe('the same transaction again', () => {
  test.each([
    ['by its position', { position: 'p1' }, { position: 'p1', endId: 'x' }, true],
    ['its id is of another one', { position: 'p1' }, { position: 'p2' }, false],
    ['by its END alone', { endId: '7:9' }, { endId: '7:9' }, true],
    ['another END', { endId: '7:9' }, { endId: '7:12' }, false],
    ['before anything but the id is known', { position: 'p1', endId: '7:9' }, {}, false],
    ['before its records are read', { position: 'p1', endId: '7:9' }, { endId: '7:9' }, true],
  ] as const)('%s', (_, before, again, expected) => {
    const applied = new AppliedTransactions();
    applied.add(transaction('7', before));
    expect(applied.has(transaction('7', again))).toBe(expected);
    expect(applied.has(transaction('8', again))).toBe(false);
  });

  // A binlog that was reset has the same places again.
  test('a place in a file tells nothing', () => {
    const applied = new AppliedTransactions();
    const id = 'file=mysql-bin.000001,pos=4';
    applied.add(transaction(id, { endId: id }));
    expect(applied.has(transaction(id, { endId: id }))).toBe(false);
  });

  test('of one that was applied as it came nothing is left out', () => {
    const applied = new AppliedTransactions();
    applied.add(transaction('7', { position: 'p1', fate: 'loose' }));
    expect(applied.has(transaction('7', { position: 'p1' }))).toBe(false);
    expect([applied.isLoose('7'), applied.isLoose('8')]).toEqual([true, false]);
  });
});

test('what is stored are the last ones of those that the target has', () => {
  const applied = new AppliedTransactions();
  for (let i = 1; i <= 700; i++) applied.add(transaction(String(i), { position: `p${i}` }));
  const stored = applied.upTo(650);
  expect([stored.length, stored[0]?.[0], stored.at(-1)?.[0]]).toEqual([500, '151', '650']);
  const after = new AppliedTransactions(stored);
  expect(after.has(transaction('650', { position: 'p650' }))).toBe(true);
  expect(after.has(transaction('651', { position: 'p651' }))).toBe(false);
});
