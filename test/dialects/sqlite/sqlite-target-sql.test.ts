import { expect, test } from 'vitest';
import type { BulkTarget, TargetColumn } from '../../../dialects/dialect.ts';
import {
  deleteOneOfEachSqliteRow,
  deleteSqliteRows,
  findSqliteRows,
  insertSqliteRows,
  insertSqliteState,
  moveSqliteRow,
  updateSqliteRows,
  upsertSqliteRows,
} from '../../../dialects/sqlite/sqlite-target-sql.ts';

function bulk(names: readonly string[], key: readonly string[]): BulkTarget {
  const columns = names.map((name) => ({ name }) as TargetColumn);
  const name = { schema: 'main', table: 't' };
  return {
    table: {
      name,
      columns,
      primaryKey: key,
      primaryKeyName: null,
      uniqueKeys: [key],
      referenced: false,
    },
    key,
    columns: columns.map((column) => ({ column, plain: true })),
  };
}

const VALUES = [
  ['1', '2'],
  ["'a", null],
] as const;

test('a statement of one row runs for each, with its values in their places', () => {
  expect(insertSqliteRows(bulk(['k', 'v'], ['k'])).bind(VALUES)).toEqual({
    text: 'INSERT OR ABORT INTO "main"."t" ("k", "v") VALUES (?, ?)',
    values: ['1', "'a", '2', null],
    times: 2,
  });
  expect(upsertSqliteRows(bulk(['k', 'v'], ['k'])).bind(VALUES).text).toBe(
    'INSERT OR ABORT INTO "main"."t" ("k", "v") VALUES (?, ?) ' +
      'ON CONFLICT ("k") DO UPDATE SET "v" = excluded."v"',
  );
  expect(upsertSqliteRows(bulk(['k'], ['k'])).bind([['1']]).text).toMatch(/DO NOTHING$/);
  expect(updateSqliteRows(bulk(['k', 'v'], ['k'])).bind(VALUES)).toEqual({
    text: 'UPDATE OR ABORT "main"."t" SET "v" = ? WHERE "k" = ? COLLATE BINARY',
    values: ["'a", '1', null, '2'],
    times: 2,
  });
  expect(updateSqliteRows(bulk(['k'], ['k'])).bind([['1']]).text).toContain('SET "k" = "k"');
  expect(deleteSqliteRows(bulk(['k', 'j'], ['k', 'j'])).bind(VALUES).text).toBe(
    'DELETE FROM "main"."t" WHERE "k" = ? COLLATE BINARY AND "j" = ? COLLATE BINARY',
  );
});

test('rows are found by their keys, all in one statement', () => {
  const keys = bulk(['k', 'j'], ['k', 'j']);
  const { text, values, times } = findSqliteRows({ ...keys, guard: 'p', deleted: 'd' }).bind(
    VALUES,
  );
  expect(text.replaceAll(/\s+/g, ' ')).toBe(
    'WITH k(n, c0, c1) AS (VALUES (0, ?, ?), (1, ?, ?)) SELECT k.n AS n, t."p" AS position, ' +
      'CASE WHEN t."d" THEN 1 ELSE 0 END AS gone FROM k CROSS JOIN "main"."t" AS t ' +
      'WHERE t."k" = k.c0 COLLATE BINARY AND t."j" = k.c1 COLLATE BINARY',
  );
  expect({ values, times }).toEqual({ values: ['1', "'a", '2', null], times: undefined });
});

test('one row goes for each that is given, by its address', () => {
  expect(deleteOneOfEachSqliteRow(bulk(['a', 'b'], [])).bind(VALUES).text).toBe(
    'DELETE FROM "main"."t" WHERE (rowid) = (SELECT rowid FROM "main"."t" ' +
      'WHERE "a" IS ? COLLATE BINARY AND "b" IS ? COLLATE BINARY LIMIT 1)',
  );
  expect(deleteOneOfEachSqliteRow(bulk(['RowID'], [])).bind([['1']]).text).toContain(
    'SELECT _rowid_ FROM',
  );
  expect(deleteOneOfEachSqliteRow(bulk(['a', 'b'], ['b'])).bind(VALUES).text).toContain(
    '("b") = (SELECT "b" FROM',
  );
  const none = bulk(['rowid', '_rowid_', 'oid'], []);
  expect(() => deleteOneOfEachSqliteRow(none)).toThrow(/no address/);
});

test('a row moves to its new key, or goes where that is taken', () => {
  expect(moveSqliteRow(bulk(['k'], ['k']).table, ['k'], ['1'], ['2'])).toEqual({
    text:
      'DELETE FROM "main"."t" WHERE "k" = ? COLLATE BINARY AND ("k" IS NOT ?) ' +
      'AND EXISTS (SELECT 1 FROM "main"."t" WHERE "k" = ? COLLATE BINARY)',
    values: ['1', '2', '2'],
    next: {
      text: 'UPDATE OR ABORT "main"."t" SET "k" = ? WHERE "k" = ? COLLATE BINARY',
      values: ['2', '1'],
    },
  });
});

test("rows of the sink's own tables count on, or stay", () => {
  const insert = { table: { schema: 'main', table: 's' }, columns: ['k', 'n'], rows: ['(1, 1)'] };
  expect(insertSqliteState({ ...insert, key: ['k'], count: 'n' })).toBe(
    'INSERT INTO "main"."s" ("k", "n") VALUES (1, 1) ON CONFLICT ("k") DO UPDATE SET "n" = "n" + 1',
  );
  expect(insertSqliteState({ ...insert, key: ['k'], count: null })).toMatch(/DO NOTHING$/);
});
