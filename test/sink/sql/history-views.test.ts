import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { sqliteTarget } from '../../../dialects/sqlite/sqlite-target-dialect.ts';
import { HISTORY_OWN_COLUMNS } from '../../../src/sink/sql/history-columns.ts';
import { absentQuery, completion } from '../../../src/sink/sql/history-moves.ts';
import { versionsQuery } from '../../../src/sink/sql/history-views.ts';

type Change = readonly [position: string, op: string, image: string, id: number | null, x: unknown];

/** A history by hand; `undefined` stands for a value that was not sent. */
function historyOf(changes: readonly Change[]): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE h (${[...HISTORY_OWN_COLUMNS, 'id', 'x'].join(', ')})`);
  const insert = database.prepare(
    `INSERT INTO h (_cdc_source, _cdc_pos, _cdc_op, _cdc_image, _cdc_row, _cdc_source_ts,
       _cdc_absent, id, x) VALUES ('s', ?, ?, ?, '', ?, ?, ?, ?)`,
  );
  for (const [position, op, image, id, x] of changes) {
    const absent = x === undefined ? '["x"]' : null;
    insert.run(position, op, image, `at ${position}`, absent, id, (x ?? null) as string | null);
  }
  return database;
}

function versions(database: DatabaseSync, key: readonly string[]): string[] {
  const shape = { table: { schema: 'main', table: 'h' }, columns: ['id', 'x'], key };
  return database
    .prepare(
      `SELECT CAST(id AS INTEGER) || ' ' || coalesce(x, '-') || ' ' || _valid_from_pos || ' ' ||
         coalesce(_valid_to_pos, '') || ' ' || coalesce(_valid_to, 'now') AS text
       FROM (${versionsQuery(sqliteTarget, shape)}) ORDER BY _valid_from_pos, id`,
    )
    .all()
    .map((row) => String(row['text']));
}

test('a version ends at the next change of its key, a delete, or a truncate', () => {
  using database = historyOf([
    ['1', 'c', 'after', 1, 'a'],
    ['1', 'c', 'after', 2, 'b'],
    ['2', 'u', 'before', 1, 'a'],
    ['2', 'u', 'after', 1, 'A'],
    ['3', 'd', 'before', 2, 'b'],
    ['4', 't', 'none', null, null],
    ['5', 'c', 'after', 2, 'c'],
  ]);
  expect(versions(database, ['id'])).toEqual([
    '1 a 1 2 at 2',
    '2 b 1 3 at 3',
    '1 A 2 4 at 4',
    '2 c 5  now',
  ]);
});

test('values that were not sent are those of the version before, of the same row only (S4)', () => {
  using database = historyOf([
    ['1', 'c', 'after', 1, 'old'],
    ['2', 'd', 'before', 1, 'old'],
    ['3', 'c', 'after', 1, 'a'],
    ['4', 'u', 'after', 1, undefined],
    ['5', 'u', 'after', 1, undefined],
    ['6', 'd', 'before', 1, null],
    ['7', 'c', 'after', 1, undefined],
  ]);
  expect(versions(database, ['id'])).toEqual([
    '1 old 1 2 at 2',
    '1 a 3 4 at 4',
    '1 a 4 5 at 5',
    '1 a 5 6 at 6',
    '1 - 7  now',
  ]);
});

test('rows without key: each removal ends one of the equal rows, a truncate all', () => {
  using database = historyOf([
    ['1', 'c', 'after', 1, 'a'],
    ['2', 'c', 'after', 1, 'a'],
    ['3', 'd', 'before', 1, 'a'],
    ['4', 't', 'none', null, null],
    ['5', 'c', 'after', 1, 'a'],
    ['6', 'd', 'before', 1, 'a'],
  ]);
  expect(versions(database, [])).toEqual(['1 a 1 3 at 3', '1 a 2 4 at 4', '1 a 5 6 at 6']);
});

test('a row that changes its key takes the values along that were not sent (S5)', () => {
  using database = historyOf([
    ['1', 'c', 'after', 1, 'a'],
    ['2', 'u', 'after', 1, undefined],
    ['3', 'd', 'before', 1, null],
    ['3', 'c', 'after', 2, undefined],
    ['4', 'c', 'after', 3, undefined],
  ]);
  const at = (position: string) => ({
    table: { schema: 'main', table: 'h' },
    key: ['id'],
    source: 's',
    position,
  });
  const [found] = database.prepare(absentQuery(sqliteTarget, at('3'))).all();
  expect(found).toEqual({ absent: '["x"]' });
  database.exec(completion(sqliteTarget, at('3'), ['x']));
  // Of this one nothing is known: it stays as it came.
  database.exec(completion(sqliteTarget, at('4'), ['x']));
  expect(versions(database, ['id'])).toEqual([
    '1 a 1 2 at 2',
    '1 a 2 3 at 3',
    '2 a 3  now',
    '3 - 4  now',
  ]);
  expect(database.prepare(absentQuery(sqliteTarget, at('3'))).all()).toEqual([]);
});
