import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('without a key: read whole, no row comes twice (ruling 1, PITFALLS B115)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE k (v INT); INSERT INTO k VALUES (1), (1), (2);
    CREATE TABLE m (v INT) ENGINE = MyISAM; INSERT INTO m VALUES (5), (5)`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  const client = await database.connect();
  const writing = { on: true };
  // Behind a lock of tables those who update stand in front of those who read. Between two rounds
  // nobody writes: a table without transactions lets no reader in as long as a writer waits.
  const updater = await database.connect();
  const write = async (): Promise<void> => {
    for (let n = 10; writing.on; n++) {
      const inserts = client.query(`INSERT INTO k VALUES (${n % 13});
        DELETE FROM k WHERE v = 3 LIMIT 1; INSERT INTO m VALUES (${n})`);
      await Promise.all([inserts, updater.query(`UPDATE m SET v = v + 1 WHERE v = ${n - 1}`)]);
    }
  };
  const written = write();
  source.execute(['k', 'm']);
  await source.untilRead();
  writing.on = false;
  await written;
  await database.query('INSERT INTO k VALUES (777)');
  await source.until(() => source.applied('k').some((row) => row.includes('777')));
  await source.stop();
  for (const table of ['k', 'm']) {
    expect(source.applied(table)).toEqual(await rowsOf(sharedMysql(), database.name, table));
  }
  expect(source.told.filter(({ op }) => op === 't').map(({ table }) => table)).toEqual(['k', 'm']);
});

test('what is still open is waited for, and comes once (PITFALLS B113)', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE k (v INT); INSERT INTO k VALUES (1), (1)');
  const source = await BesideSource.start(sharedMysql(), database.name);
  const client = await database.connect();
  await client.query('BEGIN; INSERT INTO k VALUES (2), (1); DELETE FROM k WHERE v = 1 LIMIT 1');
  source.execute(['k']);
  await database.until(`SELECT count(*) > 0 FROM information_schema.PROCESSLIST
    WHERE INFO LIKE 'LOCK TABLES %${database.name}%' AND ID <> connection_id()`);
  expect(source.told).toEqual([]);
  await client.query('COMMIT');
  await source.untilRead();
  await database.query('INSERT INTO k VALUES (777)');
  await source.until(() => source.applied('k').some((row) => row.includes('777')));
  await source.stop();
  expect(source.applied('k')).toEqual(await rowsOf(sharedMysql(), database.name, 'k'));
});

test('a blocking snapshot reads while the stream waits, whatever it is asked for', async () => {
  await using database = await freshMysqlDatabase();
  await database.query(`CREATE TABLE a (id INT PRIMARY KEY, v INT);
    INSERT INTO a VALUES (1, 1), (2, 2), (3, 3); CREATE TABLE k (v INT); INSERT INTO k VALUES (4)`);
  const source = await BesideSource.start(sharedMysql(), database.name);
  const collections = ['a', 'k'].map((name) => `${database.name}.${name}`);
  source.signal('b1', 'execute-snapshot', {
    'data-collections': collections,
    type: 'blocking',
    'additional-conditions': [
      {
        'data-collection': collections[0],
        filter: `SELECT * FROM ${database.name}.a WHERE v > 1 -- enough`,
      },
    ],
  });
  await source.until(() => source.reads('a').length === 2 && source.applied('k').length === 1);
  await source.untilRead();
  await database.query('INSERT INTO k VALUES (5)');
  await source.until(() => source.applied('k').length === 2);
  await source.stop();
  expect(source.reads('a')).toEqual(['2', '3']);
  expect(source.notes.join('\n')).toContain('the blocking snapshot b1 is complete: 3 rows');
});
