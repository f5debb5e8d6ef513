import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('after a statement a chunk is read again, by the new shape (PITFALLS B114)', async () => {
  await using database = await freshMysqlDatabase();
  const values = Array.from({ length: 24 }, (_, i) => `(${i}, ${i})`).join(', ');
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY, v INT); INSERT INTO a VALUES ${values};
    CREATE TABLE r (id INT PRIMARY KEY, v INT); INSERT INTO r VALUES ${values}`);
  const snapshots = { rowsPerSecond: 50 };
  const source = await BesideSource.start(sharedMysql(), database.name, { snapshots });
  source.execute(['a', 'r']);
  await source.until(() => source.reads('a').length > 0);
  await database.query(`ALTER TABLE a ADD COLUMN w VARCHAR(5) NOT NULL DEFAULT 'w' FIRST`);
  await database.query(`UPDATE a SET v = -1 WHERE id = 20`);
  await source.until(() => source.reads('a').length > 12);
  await database.query(`TRUNCATE TABLE a; INSERT INTO a VALUES ('n', 500, 1), ('n', 15, 1)`);
  // As online tools do it: another table takes the name, with another key.
  await database.query(`CREATE TABLE r_new (id INT, v INT, z VARCHAR(3), PRIMARY KEY (z, id));
    INSERT INTO r_new SELECT id, v, 'q' FROM r; RENAME TABLE r TO r_old, r_new TO r`);
  await source.untilRead();
  await source.stop();
  expect(source.applied('a')).toEqual(await rowsOf(sharedMysql(), database.name, 'a'));
  const last = source.told.filter(({ op, table }) => op === 'r' && table === 'r').slice(-24);
  expect(last.map(({ key }) => key).toSorted()).toEqual(
    Array.from({ length: 24 }, (_, i) => `q|${i}`).toSorted(),
  );
});
