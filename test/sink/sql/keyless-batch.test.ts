import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeylessBatch } from '../../../src/sink/sql/keyless-batch.ts';

const COLUMNS = [0];

test('added minus removed is what the operations come to', () => {
  const operation = fc.record({ add: fc.boolean(), row: fc.constantFrom('a', 'b', null) });
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const batch = new KeylessBatch(COLUMNS, COLUMNS);
      const expected = new Map<string | null, number>();
      for (const { add, row } of operations) {
        if (add) batch.add([row]);
        else batch.remove([row]);
        expected.set(row, (expected.get(row) ?? 0) + (add ? 1 : -1));
      }
      const count = (rows: readonly unknown[], row: string | null): number =>
        rows.filter((cells) => (cells as unknown[])[0] === row).length;
      for (const [row, difference] of expected) {
        expect(count(batch.added(), row) - count(batch.removed(), row)).toBe(difference);
      }
    }),
  );
});

test('a row that came and went in the batch touches the target in no way', () => {
  const batch = new KeylessBatch(COLUMNS, COLUMNS);
  batch.add(['a']);
  batch.add(['a']);
  batch.remove(['a']);
  expect(batch.added()).toEqual([['a']]);
  expect(batch.removed()).toEqual([]);
});

test('null and the text null are different rows', () => {
  const batch = new KeylessBatch(COLUMNS, COLUMNS);
  batch.add([null]);
  batch.remove(['null']);
  expect(batch.removed()).toEqual([['null']]);
});

test('a truncate forgets what was before it', () => {
  const batch = new KeylessBatch(COLUMNS, COLUMNS);
  batch.add(['a']);
  batch.remove(['b']);
  batch.truncate();
  expect([batch.truncated, batch.added(), batch.removed()]).toEqual([true, [], []]);
});

test('what is told of a change beside the row makes no difference between rows', () => {
  const batch = new KeylessBatch([0, 1], [0]);
  batch.add(['a', 'first']);
  batch.add(['a', 'second']);
  batch.remove(['a', undefined]);
  expect(batch.added()).toEqual([['a', 'first']]);
  expect(batch.removed()).toEqual([]);
});
