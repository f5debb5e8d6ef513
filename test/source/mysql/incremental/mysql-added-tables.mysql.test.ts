import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('a table that is added to the lists is read, and remembered when it is complete', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1), (2);
    CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO b VALUES (1), (2), (3), (4), (5)`);
  let names: readonly string[] = [`${database.name}.a`];
  const knownTables = {
    load: () => names,
    store: (stored: readonly string[]) => {
      names = stored;
      return Promise.resolve();
    },
  };
  const source = await BesideSource.start(sharedMysql(), database.name, { knownTables });
  await source.until(() => names.length === 2);
  await source.stop();
  expect(source.reads('a')).toEqual([]);
  expect(source.reads('b')).toEqual(['1', '2', '3', '4', '5']);
  expect(names).toEqual([`${database.name}.a`, `${database.name}.b`]);
});
