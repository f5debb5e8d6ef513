import { expect, test } from 'vitest';
import { GuardedBatch } from '../../../src/sink/sql/guarded-batch.ts';
import type { RowPlan } from '../../../src/sink/sql/row-plan.ts';

const plan = { keyColumns: [0], columns: [0, 1] } as unknown as RowPlan;

function left(batch: GuardedBatch, behind = ''): string[] {
  return [...batch.rowsBehind(behind)].map(
    ([key, { position, columns }]) => `${key} ${position} ${columns === null ? 'gone' : 'there'}`,
  );
}

test('of each key the change with the highest position is left, in any order', () => {
  const batch = new GuardedBatch();
  batch.write(plan, ['a', '2'], '2');
  batch.delete(plan, ['a'], '1');
  batch.write(plan, ['b', '1'], '1');
  batch.delete(plan, ['b'], '3');
  expect(left(batch)).toEqual(['a 2 there', 'b 3 gone']);
});

test('a truncate takes what is not behind it, though it came later', () => {
  const batch = new GuardedBatch();
  batch.write(plan, ['a', '2'], '2');
  batch.write(plan, ['b', '5'], '5');
  batch.truncate('3');
  batch.truncate('1');
  expect(batch.truncatedAt).toBe('3');
  expect(left(batch, batch.truncatedAt)).toEqual(['b 5 there']);
});
