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
    expect(applied.has(transaction('8', { ...again, position: null }))).toBe(false);
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
  for (let i = 101; i <= 800; i++) applied.add(transaction(String(i), { position: `p${i}` }));
  const { recent } = applied.upTo(650);
  expect([recent.length, recent[0]?.[0], recent.at(-1)?.[0]]).toEqual([500, '251', '750']);
  const after = new AppliedTransactions(applied.upTo(650));
  expect(after.has(transaction('750', { position: 'p750' }))).toBe(true);
  expect(after.has(transaction('751', { position: 'p751' }))).toBe(false);
});

describe('how far the target is', () => {
  const place = (n: number): string => `p${String(n).padStart(3, '0')}`;
  const at = (n: number, fate: TransactionFate = 'whole') =>
    transaction(String(n), { position: place(n), fate });
  /** Whether each is known after a restart that keeps none by itself. */
  const known = (applied: AppliedTransactions, count: number, asked: readonly number[]) => {
    const after = new AppliedTransactions(applied.upTo(count));
    // Under ids that nobody knows: only the range can tell.
    return asked.filter((n) => after.has(transaction(`again ${n}`, { position: place(n) })));
  };

  test('is known over a restart, however long ago one was applied', () => {
    const applied = new AppliedTransactions();
    for (let n = 1; n <= 9; n++) applied.add(at(n));
    expect(known(applied, 9, [1, 2, 9, 10])).toEqual([1, 2, 9]);
    expect(known(applied, 6, [2, 6, 7])).toEqual([2, 6]);
    const after = new AppliedTransactions(applied.upTo(6));
    after.add(at(7));
    expect(known(after, 6, [2, 6, 7])).toEqual([2, 6]);
    expect(known(after, after.count, [2, 6, 7])).toEqual([2, 6, 7]);
  });

  test('and reaches over none of which more may come', () => {
    const applied = new AppliedTransactions();
    for (const n of [1, 2]) applied.add(at(n));
    applied.gap(place(5));
    // Of an older cut, too: nobody knows on which side of it the gap lies.
    expect(known(applied, 2, [2, 5])).toEqual([]);
    for (const n of [3, 4, 6, 7]) applied.add(at(n));
    expect(known(applied, applied.count, [2, 3, 5, 6, 7])).toEqual([6, 7]);
    applied.add(at(8, 'loose'));
    applied.add(at(9));
    expect(known(applied, applied.count, [7, 8, 9])).toEqual([9]);
    applied.gap(null);
    applied.add(at(11));
    expect(known(applied, applied.count, [9, 10, 11, 12])).toEqual([11]);
  });

  test('is forgotten with the log', () => {
    const applied = new AppliedTransactions();
    for (const n of [1, 2]) applied.add(at(n));
    applied.clear();
    expect(known(applied, applied.count, [2])).toEqual([]);
  });
});
