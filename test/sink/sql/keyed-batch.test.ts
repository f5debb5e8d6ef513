import { describe, expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { KeyedBatch } from '../../../src/sink/sql/keyed-batch.ts';
import type { Cell, RowPlan } from '../../../src/sink/sql/row-plan.ts';
import { ABSENT } from '../../../src/sink/sql/row-plan.ts';
import { textTable } from '../../support/sink-models.ts';

const model = textTable(['k', 'a', 'b'], ['k']);

const KEY: ConnectSchema = { type: 'struct', optional: false, fields: [] };

function plan(columns: readonly number[], keySchema: ConnectSchema = KEY): RowPlan {
  return {
    fields: [],
    keyFields: [],
    keyFromValue: false,
    keySchema,
    keyFromLog: false,
    columns: model.columnSet(columns),
    ownColumns: model.columnSet(columns),
    marks: [],
    keyColumns: model.columnSet([0]),
    blank: [undefined, undefined, undefined],
  };
}

const all = plan([0, 1, 2]);
const withoutB = plan([0, 1]);

function reduced(work: (batch: KeyedBatch) => void): unknown[] {
  const batch = new KeyedBatch(model);
  work(batch);
  return [...batch.rows].map(({ cells, columns, partial, afterDelete, isMark }) => ({
    cells: cells.map((cell: Cell) => (cell === ABSENT ? 'ABSENT' : cell)),
    columns: columns?.join(' ') ?? 'delete',
    ...(partial ? { partial } : {}),
    ...(afterDelete ? { afterDelete } : {}),
    ...(isMark ? { isMark } : {}),
  }));
}

test('keys that another schema reads are left to the next batch: their texts may be others', () => {
  const batch = new KeyedBatch(model);
  const later = plan([0, 1, 2], { ...KEY });
  expect(batch.takes(all)).toBe(true);
  batch.truncate();
  expect(batch.takes(later)).toBe(true);
  batch.write(all, ['1.10', 'x', 'y']);
  expect([batch.takes(withoutB), batch.takes(later)]).toEqual([true, false]);
});

describe('each key is left once (S2)', () => {
  test('a row is new if its first change says so, whatever changes it later', () => {
    const batch = new KeyedBatch(model);
    batch.write(all, ['1', 'x', 'y'], true);
    batch.write(all, ['1', 'z', 'y']);
    batch.write(all, ['2', 'x', 'y']);
    batch.write(all, ['2', 'x', 'z'], true);
    batch.delete(all, ['3', undefined, undefined]);
    batch.write(all, ['3', 'x', 'y'], true);
    const isNew = [...batch.rows].map((row) => [row.cells[0], row.isNew]);
    expect(isNew).toEqual([
      ['1', true],
      ['2', false],
      ['3', false],
    ]);
  });

  test('the last write wins, and keeps its place in the order', () => {
    expect(
      reduced((batch) => {
        batch.write(all, ['1', 'x', 'y']);
        batch.write(all, ['2', 'x', 'y']);
        batch.write(all, ['1', 'z', null]);
      }),
    ).toEqual([
      { cells: ['2', 'x', 'y'], columns: '0 1 2' },
      { cells: ['1', 'z', null], columns: '0 1 2' },
    ]);
  });

  test('a delete ends it; a write after it is whole', () => {
    expect(
      reduced((batch) => {
        batch.write(all, ['1', 'x', 'y']);
        batch.delete(all, ['1', undefined, undefined]);
        batch.delete(all, ['2', undefined, undefined]);
        batch.write(all, ['2', 'x', 'y']);
      }),
    ).toEqual([
      { cells: ['1', undefined, undefined], columns: 'delete', afterDelete: true },
      { cells: ['2', 'x', 'y'], columns: '0 1 2', afterDelete: true },
    ]);
  });

  test('absent values come from earlier in the batch, null included', () => {
    expect(
      reduced((batch) => {
        batch.write(all, ['1', 'x', null]);
        batch.write(all, ['1', 'z', ABSENT]);
      }),
    ).toEqual([{ cells: ['1', 'z', null], columns: '0 1 2' }]);
  });

  test('or stay unknown: two partial updates are one', () => {
    expect(
      reduced((batch) => {
        batch.write(all, ['1', ABSENT, 'y']);
        batch.write(all, ['1', 'x', ABSENT]);
        batch.write(all, ['2', 'x', ABSENT]);
        batch.write(all, ['2', 'z', ABSENT]);
      }),
    ).toEqual([
      { cells: ['1', 'x', 'y'], columns: '0 1 2' },
      { cells: ['2', 'z', 'ABSENT'], columns: '0 1', partial: true },
    ]);
  });

  test('an absent value after a delete cannot be known; a whole row makes good', () => {
    expect(
      reduced((batch) => {
        batch.delete(all, ['1', undefined, undefined]);
        batch.write(all, ['1', 'x', ABSENT]);
      }),
    ).toEqual([{ cells: ['1', 'x', 'ABSENT'], columns: '0 1', partial: true, afterDelete: true }]);
  });

  test('a row of an older shape keeps what a newer one brought', () => {
    expect(
      reduced((batch) => {
        batch.write(all, ['1', 'x', 'y']);
        batch.write(withoutB, ['1', 'z', undefined]);
        batch.write(withoutB, ['2', 'z', undefined]);
        batch.write(all, ['2', 'z', ABSENT]);
      }),
    ).toEqual([
      { cells: ['1', 'z', 'y'], columns: '0 1 2' },
      { cells: ['2', 'z', 'ABSENT'], columns: '0 1', partial: true },
    ]);
  });

  test('a truncate forgets what was before it', () => {
    const batch = new KeyedBatch(model);
    batch.write(all, ['1', 'x', 'y']);
    batch.truncate();
    expect(batch.truncated).toBe(true);
    expect([...batch.rows]).toEqual([]);
  });
});

describe('a row that is only marked as deleted', () => {
  test('is that alone, or the whole row with its mark', () => {
    const rows = reduced((batch) => {
      batch.write(all, ['1', 'x', 'y']);
      batch.mark(withoutB, ['1', undefined, 'gone']);
      batch.mark(withoutB, ['2', undefined, 'gone']);
    });
    expect(rows).toEqual([
      { cells: ['1', 'x', 'gone'], columns: '0 1 2' },
      { cells: ['2', undefined, 'gone'], columns: '0 2', isMark: true },
    ]);
  });

  test('a later mark takes nothing away of an earlier one', () => {
    const rows = reduced((batch) => {
      batch.mark(all, ['1', 'at noon', 'gone']);
      batch.mark(withoutB, ['1', undefined, 'gone']);
    });
    expect(rows).toEqual([{ cells: ['1', 'at noon', 'gone'], columns: '0 1 2', isMark: true }]);
  });

  test('a write after it is a row again, complete or not', () => {
    const rows = reduced((batch) => {
      batch.mark(withoutB, ['1', undefined, 'gone']);
      batch.write(all, ['1', 'x', 'here']);
      batch.mark(withoutB, ['2', undefined, 'gone']);
      batch.write(all, ['2', ABSENT, 'here']);
    });
    expect(rows).toEqual([
      { cells: ['1', 'x', 'here'], columns: '0 1 2' },
      { cells: ['2', 'ABSENT', 'here'], columns: '0 2', partial: true },
    ]);
  });
});
