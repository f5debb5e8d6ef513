import { expect, test } from 'vitest';
import { sharedMysql } from '../../support/mysql-database.ts';
import { newReaderState, startReader } from '../../support/mysql-reader-run.ts';
import { begun, expectTold } from '../../support/mysql-restarts.ts';
import { mysqlSourceOptions } from '../../support/mysql-snapshot-run.ts';
import { startServer } from '../../support/mysql-server.ts';

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const { series } = sharedMysql();

function prepared(name: string, id: number): string {
  return `XA START '${name}'; INSERT INTO t VALUES (${id}), (${id + 1}); XA END '${name}';
    XA PREPARE '${name}'`;
}

// 5.6 logs nothing until the commit, and lets what is prepared end with its session.
const OUTLIVES = series !== '5.6';

test('prepared before restarts of the server, and ended after them (PITFALLS B32)', async () => {
  await using server = await startServer(series);
  await using database = await server.freshDatabase();
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  await begun(options, state, 1);
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const client = await database.connect();
    await client.query(prepared(name, 10 * (i + 1)));
    if (!OUTLIVES) await client.query(`XA ${name === 'b' ? 'ROLLBACK' : 'COMMIT'} '${name}'`);
  }
  await database.query('INSERT INTO t VALUES (2)');
  const first = OUTLIVES ? [] : ['c t 10', 'c t 11', 'c t 30', 'c t 31'];
  {
    await using run = startReader(options, state);
    await run.until(first.length + 1);
    expect(run.told).toEqual([...first, 'c t 2']);
    await run.stop();
  }
  await server.kill();
  await server.start();
  await server.query(`INSERT INTO ${database.name}.t VALUES (3)`);
  if (OUTLIVES) await server.query(`XA COMMIT 'a'; XA ROLLBACK 'b'`);
  if (ALL) {
    await server.stop();
    await server.start();
  }
  await server.query(`INSERT INTO ${database.name}.t VALUES (4)`);
  if (OUTLIVES) await server.query(`XA COMMIT 'c'`);
  const outcomes = OUTLIVES
    ? ['c t 3', 'c t 10', 'c t 11', 'c t 4', 'c t 30', 'c t 31']
    : ['c t 3', 'c t 4'];
  await expectTold(options, state, outcomes);
});
