import { expect, test } from 'vitest';
import { duckdbTarget } from '../../../dialects/duckdb/duckdb-target-dialect.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const NAME = { schema: 'main', table: 'v' };

test('a view is made anew; an index, which would forbid ALTER, is not made', async () => {
  using database = await duckdbMemory();
  for (const query of ['SELECT 1 AS a, 2 AS b', 'SELECT 3 AS a']) {
    for (const statement of duckdbTarget.createView(NAME, query)) await database.rows(statement);
  }
  expect(await database.rows('SELECT * FROM v')).toEqual([{ a: 3 }]);
  await database.rows('CREATE TABLE t (a INTEGER)');
  await database.rows(duckdbTarget.createIndex({ schema: 'main', table: 't' }, 'i', ['a']));
  await database.rows('ALTER TABLE t ALTER a TYPE BIGINT');
});

test('texts are ordered by their bytes, rows told apart by their columns', async () => {
  using database = await duckdbMemory();
  const text = duckdbTarget.byBytes('v');
  const words = await database.rows(
    `SELECT v FROM (VALUES ('a'), ('B'), ('é'), ('z')) w(v) ORDER BY ${text}`,
  );
  expect(words.map(({ v }) => v)).toEqual(['B', 'a', 'z', 'é']);
  const same = `count(*) OVER (PARTITION BY ${duckdbTarget.rowIdentity(['v', 'n'])})`;
  const rows = await database.rows(
    `SELECT DISTINCT ${same} AS c
     FROM (VALUES ('a', 1), ('a', NULL), ('a', NULL)) w(v, n) ORDER BY c`,
  );
  expect(rows).toEqual([{ c: '1' }, { c: '2' }]);
});

test('the statements that only ask change nothing, and run', async () => {
  using database = await duckdbMemory();
  await database.rows('CREATE TABLE v (a INTEGER)');
  for (const sql of [duckdbTarget.ddlLock.take, duckdbTarget.ddlPace]) await database.rows(sql);
  const [row] = await database.rows(`SELECT ${duckdbTarget.state.now} IS NOT NULL AS now`);
  expect(row).toEqual({ now: true });
  const table = duckdbTarget.readTable(NAME, await database.rows(duckdbTarget.tableQuery(NAME)));
  if (table === null) throw new Error('v');
  await database.rows('INSERT INTO v VALUES (1)');
  expect(await database.changed({ text: duckdbTarget.empty(table), values: [] })).toBe(1);
});
