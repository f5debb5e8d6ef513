import { describe, expect, test } from 'vitest';
import type { DatabaseComparison } from '../../src/demo/compare-databases.ts';
import { compareDatabases, listTablePairs } from '../../src/demo/compare-databases.ts';
import { freshDatabase } from '../support/postgres.ts';

const TABLE = `CREATE TABLE t (id int, part text, v text, n numeric, PRIMARY KEY (id, part));
  INSERT INTO t VALUES (1, 'a', NULL, 1.50), (2, 'b', 'NULL', NULL), (10, 'c', '', 'NaN')`;

/** Both sides get the table, then the target gets `change`. */
async function compareAfter(change: string, setup = TABLE): Promise<DatabaseComparison> {
  await using source = await freshDatabase();
  await using target = await freshDatabase();
  await source.query(setup);
  await target.query(setup);
  await target.query(change);
  const client = await source.connect();
  return await compareDatabases({
    source: client,
    target: await target.connect(),
    tables: await listTablePairs(client, 'public'),
    maxDifferences: 5,
    signal: new AbortController().signal,
  });
}

describe('equal is', () => {
  test.each([
    ['the same rows in another physical order', `UPDATE t SET v = v WHERE id = 1`],
    ['a further column in the target', `ALTER TABLE t ADD COLUMN loaded_at timestamptz`],
    ['a further table in the target', `CREATE TABLE u (id int)`],
  ])('%s', async (_, change) => {
    expect(await compareAfter(change)).toEqual({
      equal: true,
      tables: 1,
      rows: 3,
      differences: [],
    });
  });
});

describe('different is', () => {
  test.each([
    ['a row too few', `DELETE FROM t WHERE id = 2`, [['missing', `'2', 'b'`]]],
    ['a row too many', `INSERT INTO t VALUES (3, 'x')`, [['extra', `'3', 'x'`]]],
    ['NULL for the text NULL', `UPDATE t SET v = NULL WHERE id = 2`, [['different', `'2', 'b'`]]],
    [
      'NULL for the empty text',
      `UPDATE t SET v = NULL WHERE id = 10`,
      [['different', `'10', 'c'`]],
    ],
    ['another scale', `UPDATE t SET n = 1.5 WHERE id = 1`, [['different', `'1', 'a'`]]],
    [
      'values swapped between rows',
      `UPDATE t SET v = CASE id WHEN 2 THEN '' ELSE 'NULL' END WHERE id > 1`,
      [
        ['different', `'10', 'c'`],
        ['different', `'2', 'b'`],
      ],
    ],
    ['a column too few', `ALTER TABLE t DROP COLUMN n`, [['no-column', 'n']]],
    ['no table', `DROP TABLE t`, [['no-table', '"public"."t"']]],
  ])('%s', async (_, change, expected) => {
    const { equal, differences } = await compareAfter(change);
    expect(equal).toBe(false);
    expect(differences.map(({ kind, key }) => [kind, key])).toEqual(expected);
  });

  test('a duplicate too few in a table without key', async () => {
    const setup = `CREATE TABLE k (v text); INSERT INTO k VALUES ('a'), ('a'), ('b')`;
    const result = await compareAfter(
      `DELETE FROM k WHERE ctid = (SELECT min(ctid) FROM k WHERE v = 'a')`,
      setup,
    );
    expect(result.differences).toEqual([
      { table: 'public.k', kind: 'missing', key: `'a'`, source: `'a'` },
    ]);
  });

  test('more than is listed', async () => {
    const setup = `CREATE TABLE m (id int PRIMARY KEY);
      INSERT INTO m SELECT generate_series(1, 1300)`;
    const result = await compareAfter('DELETE FROM m WHERE id > 100', setup);
    expect(result).toMatchObject({ equal: false, rows: 1300 });
    expect(result.differences).toHaveLength(5);
  });
});
