import { describe, expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { GuardedBatch } from '../../../src/sink/sql/guarded-batch.ts';
import type { Cells, RowPlan } from '../../../src/sink/sql/row-plan.ts';
import { ABSENT } from '../../../src/sink/sql/row-plan.ts';

const plan = { keyColumns: [0], columns: [0, 1, 2] } as unknown as RowPlan;
const truncate = {} as SinkRecord;

function left(batch: GuardedBatch, behind = ''): string[] {
  return [...batch.rowsBehind(behind)].map(
    ([key, { position, isDelete }]) => `${key} ${position} ${isDelete ? 'gone' : 'there'}`,
  );
}

test('of each key the change with the highest position is left, in any order', () => {
  const batch = new GuardedBatch(false);
  batch.write(plan, ['a', '2'], '2');
  batch.delete(plan, ['a'], '1', [0]);
  batch.write(plan, ['b', '1'], '1');
  batch.delete(plan, ['b'], '3', [0]);
  expect(left(batch)).toEqual(['a 2 there', 'b 3 gone']);
});

test('a truncate takes what is not behind it, though it came later', () => {
  const batch = new GuardedBatch(false);
  batch.write(plan, ['a', '2'], '2');
  batch.write(plan, ['b', '5'], '5');
  batch.truncate('3', truncate);
  batch.truncate('1', truncate);
  expect(batch.truncated?.position).toBe('3');
  expect(left(batch, '3')).toEqual(['b 5 there']);
});

type Change = readonly [position: string, cells: Cells | 'delete', since?: string];

/** The row `k` of these changes: its position, its cells, and where older ones are from. */
function rowOf(changes: readonly Change[], keepsDeleted = false): unknown {
  const batch = new GuardedBatch(keepsDeleted);
  for (const [position, cells, since] of changes) {
    if (cells === 'delete') batch.delete(plan, ['k'], position, [0]);
    else batch.write(plan, ['k', ...cells], position, since);
  }
  const [[, row] = []] = [...batch.rowsBehind('')];
  if (row === undefined) return null;
  const text = (cells: Cells): unknown[] =>
    cells.slice(1).map((cell) => (cell === ABSENT ? '?' : cell));
  return {
    position: row.position,
    cells: row.isDelete ? 'gone' : text(row.cells),
    older: Object.fromEntries(row.older),
    ...(row.before === null ? {} : { before: [row.before.position, ...text(row.before.cells)] }),
  };
}

/** Every order of some changes. */
function ordersOf(changes: readonly Change[]): Change[][] {
  if (changes.length < 2) return [[...changes]];
  return changes.flatMap((change, i) =>
    ordersOf(changes.toSpliced(i, 1)).map((rest) => [change, ...rest]),
  );
}

describe('values that a change leaves out', () => {
  test.each<[string, Change[], unknown]>([
    [
      'are of the newest change that has them',
      [
        ['1', ['a', 'b']],
        ['2', ['c', 'd']],
        ['3', [ABSENT, 'e']],
        ['4', ['f', ABSENT]],
      ],
      { position: '4', cells: ['f', 'e'], older: { 2: '3' } },
    ],
    [
      'stay open behind a delete',
      [
        ['1', ['a', 'b']],
        ['2', 'delete'],
        ['3', [ABSENT, 'e']],
      ],
      { position: '3', cells: ['?', 'e'], older: {} },
    ],
    [
      'come from behind a delete',
      [
        ['1', ['a', 'b']],
        ['2', 'delete'],
        ['3', ['c', 'd']],
        ['4', [ABSENT, 'e']],
      ],
      { position: '4', cells: ['c', 'e'], older: { 1: '3' } },
    ],
    [
      'are none of a row that was there before another came to its key',
      [
        ['1', ['a', 'b']],
        ['3', [ABSENT, 'c'], '2~'],
        ['4', [ABSENT, 'd']],
      ],
      { position: '4', cells: ['?', 'd'], older: {} },
    ],
  ])('%s, in any order, also twice', (_, changes, expected) => {
    for (const order of ordersOf(changes)) {
      expect(rowOf(order)).toEqual(expected);
      expect(rowOf([...order, ...order])).toEqual(expected);
    }
  });
});

test('a row that is only marked keeps what the batch wrote of it, in any order', () => {
  const changes: Change[] = [
    ['1', ['a', 'b']],
    ['2', [ABSENT, 'c']],
    ['3', 'delete'],
  ];
  for (const order of ordersOf(changes)) {
    expect(rowOf([...order, ...order], true)).toEqual({
      position: '3',
      cells: 'gone',
      older: {},
      before: ['2', 'a', 'c'],
    });
  }
});
