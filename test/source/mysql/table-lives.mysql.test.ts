import { expect, test } from 'vitest';
import { freshMysqlDatabase, sharedMysql } from '../../support/mysql-database.ts';
import type { MysqlDatabase } from '../../support/mysql-database.ts';
import { newReaderState, startReader } from '../../support/mysql-reader-run.ts';
import { begun, expectTold } from '../../support/mysql-restarts.ts';
import { mysqlSourceOptions } from '../../support/mysql-snapshot-run.ts';
import { startServer } from '../../support/mysql-server.ts';

const { series, flavor } = sharedMysql();
const FIRST = `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
  INSERT INTO t VALUES (1, 'one'), (2, NULL), (3, 'three')`;

/** Rows as a reader tells them, as the server has them now. */
async function creates(database: MysqlDatabase, table: string): Promise<readonly string[]> {
  const rows = await database.query(`SELECT * FROM ${table} ORDER BY id`);
  return rows.map((row) => {
    const values = Object.values(row) as (string | number | null)[];
    return `c ${table} ${values.map((value) => value ?? 'NULL').join('|')}`;
  });
}

/** Before 8.0.21 it is two transactions in one statement, which GTIDs forbid there. */
const isRefused = flavor === 'mysql' && series !== '9.7';
const WITHOUT_GTIDS = { 'gtid-mode': 'OFF', 'enforce-gtid-consistency': 'OFF' };

test('CREATE TABLE … SELECT: shape and rows, wherever a restart falls (PITFALLS B35)', async () => {
  await using stack = new AsyncDisposableStack();
  const own = isRefused ? await startServer(series, { settings: WITHOUT_GTIDS }) : null;
  if (own !== null) stack.use(own);
  await using database = await (own?.freshDatabase() ?? freshMysqlDatabase());
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  await database.query(FIRST);
  await begun(options, state, 3);
  await database.query(`CREATE TABLE s (extra INT DEFAULT 5, PRIMARY KEY (id))
    SELECT id, upper(v) AS w, id * 1.5 AS n FROM t`);
  const inS = await creates(database, 's');
  await database.query('CREATE TABLE u AS SELECT n, id FROM s WHERE id > 1 ORDER BY id');
  const inU = await creates(database, 'u');
  // It is there: nothing is made, and nothing is selected into it.
  await database.query('CREATE TABLE IF NOT EXISTS u AS SELECT 7 AS n, 8 AS id');
  await database.query(`INSERT INTO u VALUES (1.5, 9); CREATE TABLE x LIKE s;
    INSERT INTO x SELECT * FROM s WHERE id = 3`);
  expect([inS.length, inU.length]).toEqual([3, 2]);
  await expectTold(options, state, [
    ...inS,
    ...inU,
    'c u 1.5|9',
    ...(await creates(database, 'x')),
  ]);
});

test('a table, and its database, that ends and begins anew in another shape (B43)', async () => {
  await using database = await freshMysqlDatabase();
  const { name } = database;
  const options = mysqlSourceOptions(database, { topicPrefix: name });
  const state = newReaderState();
  await database.query(FIRST);
  await begun(options, state, 3);
  const client = await database.connect();
  await client.query(`INSERT INTO t VALUES (4, 'four'); TRUNCATE TABLE t;
    INSERT INTO t VALUES (5, 'five'); TRUNCATE t;
    DROP TABLE t; CREATE TABLE t (w BIGINT, id INT PRIMARY KEY, v TEXT);
    INSERT INTO t VALUES (60, 6, 'six');
    DROP DATABASE ${name}; CREATE DATABASE ${name} CHARACTER SET latin1; USE ${name};
    CREATE TABLE t (v VARCHAR(20), id INT PRIMARY KEY); INSERT INTO t VALUES ('sieben ä', 7);
    TRUNCATE t; INSERT INTO t VALUES ('acht', 8);
    CREATE TABLE next LIKE t; RENAME TABLE t TO before_it, next TO t;
    INSERT INTO t VALUES ('neun', 9); INSERT INTO before_it VALUES ('zehn', 10)`);
  await expectTold(options, state, [
    'c t 4|four',
    't t',
    'c t 5|five',
    't t',
    // What targets have of the table that is gone goes where the other one begins.
    't t',
    'c t 60|6|six',
    't t',
    'c t sieben ä|7',
    't t',
    'c t acht|8',
    'c t neun|9',
    'c before_it zehn|10',
  ]);
});

test('temporary tables are nobody’s, also those that hide a captured one (B41)', async () => {
  await using database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  await database.query(`${FIRST}; CREATE TABLE kept (id INT PRIMARY KEY, v VARCHAR(20))`);
  await begun(options, state, 3);
  const client = await database.connect();
  await client.query(`CREATE TEMPORARY TABLE t (x INT, id INT); INSERT INTO t VALUES (1, 99);
    BEGIN; INSERT INTO kept VALUES (1, 'a'); INSERT INTO t VALUES (2, 98);
    ALTER TABLE t ADD COLUMN z INT FIRST; TRUNCATE TABLE t; INSERT INTO kept VALUES (2, 'b');
    COMMIT; DROP TEMPORARY TABLE t; INSERT INTO t VALUES (5, 'five');
    BEGIN; INSERT INTO kept VALUES (3, 'c'); ALTER TABLE kept ADD COLUMN n INT;
    INSERT INTO kept VALUES (4, 'd', 4); COMMIT`);
  const told = ['c kept 1|a', 'c kept 2|b', 'c t 5|five', 'c kept 3|c', 'c kept 4|d|4'];
  await expectTold(options, state, told);
});

test('rows and tables that were changed without the binlog hold nothing up (B40)', async () => {
  await using database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  await database.query(FIRST);
  await begun(options, state, 3);
  const client = await database.connect();
  await client.query(`SET sql_log_bin = 0; INSERT INTO t VALUES (7, 'hidden'), (8, 'hidden');
    UPDATE t SET v = 'unseen' WHERE id = 1; CREATE TABLE hidden (id INT PRIMARY KEY, w INT);
    SET sql_log_bin = 1; UPDATE t SET v = 'seen' WHERE id < 3; DELETE FROM t WHERE id = 7;
    INSERT INTO hidden VALUES (1, 2); UPDATE t SET id = 80 WHERE id = 8`);
  const told = ['u t 1|seen', 'u t 2|seen', 'd t 7|hidden', 'c hidden 1|2', 'u t 80|hidden'];
  await expectTold(options, state, told);
});

const STATEMENT = `SET SESSION binlog_format = 'STATEMENT'`;

test('statements in place of rows stop it, those of others do not (B41)', async () => {
  await using database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database, {
    topicPrefix: database.name,
    tableInclude: [new RegExp(`^${database.name}\\.t$`)],
  });
  const state = newReaderState();
  await database.query(`${FIRST}; CREATE TABLE other (id INT PRIMARY KEY)`);
  await begun(options, state, 3);
  const client = await database.connect();
  await client.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await client.query(`${STATEMENT}; INSERT INTO other VALUES (1);
    BEGIN; INSERT INTO other VALUES (2); DELETE FROM other; COMMIT`);
  await database.query(`INSERT INTO t VALUES (4, 'four')`);
  await client.query(`BEGIN; INSERT INTO other VALUES (3);
    UPDATE t SET v = 'unknown' WHERE id < 3; COMMIT; INSERT INTO t VALUES (9, 'nine')`);
  await database.query(`INSERT INTO t VALUES (5, 'five')`);
  // A restart does not pass over it.
  for (const wanted of [['c t 4|four'], []]) {
    await using run = startReader(options, state);
    expect(await run.ended).toMatchObject({
      code: 'MYSQL_BINLOG_SETTINGS',
      message: expect.stringContaining(`UPDATE of ${database.name}.t`) as string,
    });
    expect(run.told).toEqual(wanted);
    state.offset = structuredClone(run.reader.offset());
  }
});
