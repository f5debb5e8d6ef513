import { expect, test } from 'vitest';
import { newTask, NO_SNAPSHOTS } from '../../../../src/source/incremental/snapshot-state.ts';
import { BesideSource } from '../../../support/mysql-beside.ts';
import type { MysqlDatabase } from '../../../support/mysql-database.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { seededNumbers } from '../../../support/random-history.ts';

/** Changes rows of `t` (keyed) and `k` (not), until it is told to stop. */
async function write(
  database: MysqlDatabase,
  random: (below: number) => number,
  running: { readonly on: boolean },
  image: 'FULL' | 'MINIMAL',
): Promise<void> {
  const client = await database.connect();
  await client.query(`SET SESSION binlog_row_image = '${image}', innodb_lock_wait_timeout = 1`);
  for (let n = 0; running.on; n++) {
    const id = random(120);
    const statements = [
      `REPLACE INTO t VALUES ('${id}', 'w${n}', 'y')`,
      `UPDATE t SET v = 'u${n}' WHERE id BETWEEN '${id}' AND '${id + 3}'`,
      `DELETE FROM t WHERE id = '${id}'`,
      `UPDATE IGNORE t SET id = '${random(120)}', v = 'moved ${n}' WHERE id = '${id}'`,
      `INSERT INTO k VALUES (${n % 5})`,
      `DELETE FROM k WHERE v = ${n % 7} LIMIT 1`,
    ];
    const chosen = [0, 1].map(() => statements[random(statements.length)] as string);
    const end = random(6) === 0 ? 'ROLLBACK' : 'COMMIT';
    // A deadlock has rolled it back already.
    await client.query(`BEGIN; ${chosen.join('; ')}; ${end}`).catch(() => client.query('ROLLBACK'));
  }
}

/** So many rows go by, and then the process is gone, with all that was not durable. */
async function killAfter(source: BesideSource, most: number): Promise<void> {
  let rows = 0;
  source.onRow = () => {
    if (++rows === most) source.durable = false;
  };
  await source.until(() => rows >= most);
  await source.stop();
  source.onRow = () => undefined;
}

test('a random history, killed at any row, is complete (rulings 1 and 2)', async () => {
  await using database = await freshMysqlDatabase();
  const random = seededNumbers(20_261_122);
  const values = Array.from({ length: 90 }, (_, i) => `('${i}', 'first ${i}', 'x')`);
  await database.query(`CREATE TABLE t (id VARCHAR(10) PRIMARY KEY, v VARCHAR(400), w TEXT);
    CREATE TABLE k (v INT); CREATE TABLE o (id INT PRIMARY KEY);
    INSERT INTO t VALUES ${values.join(', ')}`);
  const base = { schema: database.name, purpose: 'initial', snapshotId: 'first' } as const;
  const tasks = [
    newTask({ ...base, table: 't', method: 'keys' }),
    newTask({ ...base, table: 'k', method: 'whole' }),
  ];
  const options = { snapshots: { chunkRows: 7, chunkSize: 9 } };
  const state = { ...NO_SNAPSHOTS, tasks };
  const source = await BesideSource.start(sharedMysql(), database.name, options, state);
  const running = { on: true };
  const writers = [
    write(database, random, running, 'MINIMAL'),
    write(database, random, running, 'FULL'),
  ];
  for (const name of ['s1', 's2', 's3']) {
    await killAfter(source, 20 + random(150));
    await source.resume();
    source.execute(['t', 'k'], {}, name);
  }
  await source.untilRead();
  running.on = false;
  await Promise.all(writers);
  await database.query('INSERT INTO o VALUES (77)');
  await source.until(() => source.told.some(({ table }) => table === 'o'));
  await source.stop();
  for (const table of ['t', 'k']) {
    expect(source.applied(table)).toEqual(await rowsOf(sharedMysql(), database.name, table));
  }
});
