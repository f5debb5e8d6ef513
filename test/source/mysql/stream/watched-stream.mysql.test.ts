import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('an idle server lets windows close, in a new file too (PITFALLS B9)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3)`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  source.execute(['a']);
  await source.untilRead();
  await database.query('FLUSH BINARY LOGS');
  source.execute(['a'], {}, 's2');
  await source.untilRead();
  await source.stop();
  await source.resume();
  source.execute(['a'], {}, 's3');
  await source.untilRead();
  await source.stop();
  expect(source.reads('a')).toHaveLength(9);
});
