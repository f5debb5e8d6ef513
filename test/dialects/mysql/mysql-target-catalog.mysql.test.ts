import { expect, test } from 'vitest';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { modifiedColumn } from '../../../dialects/mysql/mysql-target-catalog.ts';
import { freshMysqlDatabase } from '../../support/mysql-database.ts';

test('columns, keys and engines are read as they are', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE \`a'b\` (
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    k varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'x''y' COMMENT 'c',
    p varchar(50) NOT NULL, b varbinary(10) DEFAULT NULL,
    at timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY both_keys (k, b), UNIQUE KEY part (p(5)), PRIMARY KEY (id))`);
  const name = { schema: database.name, table: "a'b" };
  const query = mysqlTarget.tableQuery(name);
  const table = mysqlTarget.readTable(name, await database.query(query.text));
  expect(table).toMatchObject({ primaryKey: ['id'], primaryKeyName: 'PRIMARY' });
  // An index on the beginning of a text tells keys apart that it does not hold.
  expect(table?.uniqueKeys.toSorted()).toEqual([['id'], ['k', 'b']]);
  expect(table?.problem).toBeUndefined();
  expect(
    table?.columns.map((one) => [one.name, one.castType, one.notNull, one.hasDefault]),
  ).toEqual([
    ['id', 'bigint', true, true],
    ['k', 'varchar', true, true],
    ['p', 'varchar', true, false],
    ['b', 'varbinary', false, false],
    ['at', 'timestamp', false, true],
  ]);
  // Spaces at the end do not count in this one.
  expect(table?.columns.map((one) => one.inexact)).toEqual([false, true, true, false, false]);
  const [, key, , , at] = table?.columns ?? [];
  expect(modifiedColumn(key!, 'varchar(30)', true)).toMatch(
    /^`k` varchar\(30\) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT 'x''y' COMMENT 'c'$/,
  );
  const modified = modifiedColumn(at!, 'timestamp', true);
  await database.query(`ALTER TABLE \`a'b\` MODIFY COLUMN ${modified}`);
  const [made] = await database.query("SHOW CREATE TABLE `a'b`");
  expect(String(made?.['Create Table'])).toMatch(
    /`at` timestamp NULL DEFAULT current_timestamp.* ON UPDATE current_timestamp/i,
  );
});

test('what is no table, or not there, is none', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE VIEW v AS SELECT 1 AS one');
  for (const table of ['v', 'nothing']) {
    const name = { schema: database.name, table };
    const rows = await database.query(mysqlTarget.tableQuery(name).text);
    expect(mysqlTarget.readTable(name, rows)).toBeNull();
  }
});
