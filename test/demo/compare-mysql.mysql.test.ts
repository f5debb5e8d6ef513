import { expect, test } from 'vitest';
import type { DatabaseComparison } from '../../src/demo/compare-databases.ts';
import { compareMysqlDatabases } from '../../src/demo/compare-mysql.ts';
import type { MysqlDatabase } from '../support/mysql-database.ts';
import { freshMysqlDatabase } from '../support/mysql-database.ts';

const TABLE = `CREATE TABLE t (
  id INT PRIMARY KEY, f FLOAT, b BIT(3), raw VARBINARY(9), v VARCHAR(9), l CHAR(2) CHARACTER SET
  latin1, at_time TIMESTAMP NULL)`;
const ROWS = `INSERT INTO t VALUES (1, 0.1, b'101', x'00ff', NULL, 'é', '2026-01-02 03:04:05'),
  (2, 1e20, NULL, x'', 'NULL', '', NULL), (3, 1.0000001, b'0', NULL, '', NULL, NULL)`;

async function compared(source: MysqlDatabase, target: MysqlDatabase): Promise<DatabaseComparison> {
  const [ours, theirs] = [await source.connect(), await target.connect()];
  return await compareMysqlDatabases({
    source: ours,
    target: theirs,
    sourceDatabase: source.name,
    targetDatabase: target.name,
    signal: new AbortController().signal,
  });
}

test('equal tables are equal, and each kind of difference is told', async () => {
  await using source = await freshMysqlDatabase();
  await using target = await freshMysqlDatabase();
  for (const database of [source, target]) {
    await database.query(TABLE);
    await database.query(ROWS);
  }
  await source.query('CREATE TABLE keyless (v INT)');
  await target.query('CREATE TABLE keyless (v INT, more INT)');
  await source.query('INSERT INTO keyless VALUES (1), (1), (2)');
  await target.query('INSERT INTO keyless (v) VALUES (2), (1), (1)');
  expect(await compared(source, target)).toEqual({
    equal: true,
    tables: 2,
    rows: 6,
    differences: [],
  });
  // The next of its kind: six digits would print both as one.
  await target.query('UPDATE t SET f = 1 WHERE id = 3');
  await target.query(`UPDATE t SET v = 'NULL' WHERE id = 1`);
  await target.query('DELETE FROM t WHERE id = 2');
  await target.query('INSERT INTO t (id) VALUES (4)');
  await target.query('DELETE FROM keyless WHERE v = 1 LIMIT 1');
  await source.query('CREATE TABLE gone (id INT); CREATE TABLE narrow (id INT, v INT)');
  await target.query('CREATE TABLE narrow (id INT)');
  const { equal, differences } = await compared(source, target);
  expect(equal).toBe(false);
  expect(differences.map(({ table, kind, key }) => [table.split('.')[1], kind, key])).toEqual([
    ['gone', 'no-table', `${target.name}.gone`],
    ['keyless', 'missing', "'1'"],
    ['narrow', 'no-column', 'v'],
    ['t', 'different', "'1'"],
    ['t', 'missing', "'2'"],
    ['t', 'different', "'3'"],
    ['t', 'extra', "'4'"],
  ]);
});
