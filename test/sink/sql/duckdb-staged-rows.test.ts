import { expect, test } from 'vitest';
import type { StagedRows } from '../../../dialects/dialect.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const TABLE = 'temp.main.given';
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

test('more rows than a vector has, with nulls, in their order', async () => {
  using database = await duckdbMemory();
  const cells = numbers(0, 5000);
  const texts = cells.map((cell, i) => (i % 3 === 0 ? null : `t${cell}`));
  const staged = { table: TABLE, types: ['INTEGER', 'VARCHAR'], columns: [cells, texts] };
  const text = `SELECT count(*)::INTEGER AS n, count(k1)::INTEGER AS texts,
    count(*) FILTER (k0 = rowid AND k1 IS NOT DISTINCT FROM
      CASE WHEN k0 % 3 = 0 THEN NULL ELSE 't' || k0 END)::INTEGER AS same FROM ${TABLE}`;
  expect(await database.rows({ text, values: [], staged })).toEqual([
    { n: 5000, texts: 3333, same: 5000 },
  ]);
});

test('a column whose last cell is no plain number is one of texts as a whole', async () => {
  using database = await duckdbMemory();
  const columns = [[...numbers(0, 4000), 'x'], numbers(0, 4001)];
  const staged = { table: TABLE, types: ['INTEGER', 'INTEGER'], columns };
  const text = `SELECT DISTINCT typeof(k0) AS a, typeof(k1) AS b FROM ${TABLE}`;
  expect(await database.rows({ text, values: [], staged })).toEqual([
    { a: 'VARCHAR', b: 'INTEGER' },
  ]);
});

/** Nobody has to know whether the transaction before was rolled back. */
test('rows of the statement before are gone, also where they were rolled back', async () => {
  using database = await duckdbMemory();
  const staged = (n: number): StagedRows => ({
    table: TABLE,
    types: ['INTEGER'],
    columns: [numbers(0, n)],
  });
  const count = async (n: number) =>
    database.rows({
      text: `SELECT count(*)::INTEGER AS n FROM ${TABLE}`,
      values: [],
      staged: staged(n),
    });
  await database.rows('BEGIN');
  expect(await count(20)).toEqual([{ n: 20 }]);
  await database.rows('ROLLBACK');
  await database.rows('BEGIN');
  expect(await count(30)).toEqual([{ n: 30 }]);
  expect(await count(17)).toEqual([{ n: 17 }]);
  await database.rows('COMMIT');
});
