import { expect, test } from 'vitest';
import { newTask, NO_SNAPSHOTS } from '../../../../src/source/incremental/snapshot-state.ts';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';

test('rows that came without all values are read again (ruling 2)', async () => {
  await using database = await freshMysqlDatabase();
  const values = Array.from({ length: 20 }, (_, i) => `(${i}, ${i}, 'w')`).join(', ');
  await database.query(`CREATE TABLE t (id INT PRIMARY KEY, v INT, w TEXT);
    INSERT INTO t VALUES ${values}`);
  const task = { schema: database.name, purpose: 'initial', snapshotId: 'first' } as const;
  const tasks = [newTask({ ...task, table: 't', method: 'keys' })];
  const client = await database.connect();
  await client.query(`SET SESSION binlog_row_image = 'MINIMAL'`);
  const source = await BesideSource.start(
    sharedMysql(),
    database.name,
    {},
    {
      ...NO_SNAPSHOTS,
      tasks,
    },
  );
  for (let i = 0; i < 10; i++) {
    await client.query(`UPDATE t SET v = v + 100 WHERE id = ${19 - i};
      UPDATE t SET id = ${100 + i} WHERE id = ${i * 2}; DELETE FROM t WHERE id = 7`);
  }
  await source.untilRead();
  await client.query('INSERT INTO t VALUES (1000, 1, NULL)');
  await source.until(() => source.applied('t').some((row) => row.includes('"1000"')));
  await source.stop();
  expect(source.applied('t')).toEqual(await rowsOf(sharedMysql(), database.name, 't'));
});

test('the outcome of a prepared transaction is a newer version (PITFALLS B32)', async () => {
  await using database = await freshMysqlDatabase();
  const values = Array.from({ length: 12 }, (_, i) => `(${i}, 0)`).join(', ');
  await database.query(
    `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES ${values}`,
  );
  const source = await BesideSource.start(sharedMysql(), database.name);
  const client = await database.connect();
  const write = async (): Promise<void> => {
    for (let n = 0; n < 15; n++) {
      await client.query(`XA START 'x${n}'; UPDATE t SET v = ${n} WHERE id % 3 = ${n % 3};
        XA END 'x${n}'; XA PREPARE 'x${n}'; XA COMMIT 'x${n}'`);
    }
  };
  const written = write();
  for (const id of ['s1', 's2', 's3']) {
    source.execute(['t'], {}, id);
    await source.untilRead();
  }
  await written;
  await database.query('INSERT INTO t VALUES (1000, 1)');
  await source.until(() => source.applied('t').some((row) => row.includes('"1000"')));
  await source.stop();
  expect(source.applied('t')).toEqual(await rowsOf(sharedMysql(), database.name, 't'));
});
