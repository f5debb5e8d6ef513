import { expect, test } from 'vitest';
import type { SourceOffset } from '../../../src/model/change-event.ts';
import { toSourceOffset } from '../../../src/source/mysql/stream/binlog-offset.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import { binlogOffset } from '../../support/binlog-offsets.ts';
import { freshMysqlDatabase, sharedMysql } from '../../support/mysql-database.ts';
import { newReaderState, startReader } from '../../support/mysql-reader-run.ts';
import { mysqlSourceOptions } from '../../support/mysql-snapshot-run.ts';

test('snapshot, stream, and each restart goes on where it stopped, shapes too', async () => {
  await using database = await freshMysqlDatabase();
  // A table that a rename brought would be read again.
  const options = mysqlSourceOptions(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, ddlRewrites: 'warn' },
  });
  const state = newReaderState();
  await database.query(`
    CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
    INSERT INTO t VALUES (1, 'one'), (2, NULL)`);
  const steps = [
    [`INSERT INTO t VALUES (3, 'three')`, 'c t 3|three'],
    [`ALTER TABLE t ADD COLUMN w INT FIRST; UPDATE t SET w = 7 WHERE id = 3`, 'u t 7|3|three'],
    [`ALTER TABLE t CHANGE v renamed VARCHAR(40); DELETE FROM t WHERE id = 3`, 'd t 7|3|three'],
    [
      `CREATE TABLE t_new LIKE t; INSERT INTO t_new SELECT * FROM t; ALTER TABLE t_new DROP w;
       RENAME TABLE t TO t_old, t_new TO t; INSERT INTO t VALUES (9, 'nine')`,
      'c t_new NULL|1|one',
      'c t_new NULL|2|NULL',
      'c t 9|nine',
    ],
    [`TRUNCATE t; INSERT INTO t VALUES (10, 'ten')`, 't t', 'c t 10|ten'],
  ] as const;
  {
    await using run = startReader(options, state);
    await run.until(2);
    expect(run.told).toEqual(['r t 1|one', 'r t 2|NULL']);
    await expect.poll(() => run.reader.status().phase).toBe('streaming');
    await run.stop();
  }
  for (const [sql, ...told] of steps) {
    // While nobody reads, and again while somebody does.
    await database.query(sql);
    await using run = startReader(options, state);
    await run.until(told.length);
    expect(run.told).toEqual(told);
    await run.stop();
  }
});

test('a server of the other family is refused, with the class that fits', async () => {
  await using database = await freshMysqlDatabase();
  const { flavor } = sharedMysql();
  const other = flavor === 'mysql' ? 'mariadb' : 'mysql';
  await using run = startReader(mysqlSourceOptions(database, { family: other }), newReaderState());
  expect(await run.ended).toMatchObject({
    code: 'MYSQL_UNSUPPORTED_SERVER',
    cure: expect.stringContaining(`Set connector.class to ${flavor}`) as string,
  });
});

/** Where a source of some server of the family has come to; those of the tests lack all of it. */
function capturedElsewhere(family: 'mysql' | 'mariadb'): SourceOffset {
  const uuid = '0edc9ba3-e627-11f1-8348-02fc00000001';
  const isMysql = family === 'mysql';
  const place = { gtids: isMysql ? `${uuid}:1-9` : '77-4001-9' };
  const origin = { serverId: 4001, serverUuid: isMysql ? uuid : null };
  return toSourceOffset('p', binlogOffset(place, origin));
}

// Where the offset is of the server's own family, the server looks like a replica that is behind.
test.each(['mysql', 'mariadb'] as const)(
  'a server of the other family is refused at once where an offset of %s is stored',
  async (family) => {
    await using database = await freshMysqlDatabase();
    const other = sharedMysql().flavor === 'mysql' ? 'mariadb' : 'mysql';
    const options = mysqlSourceOptions(database, { family: other });
    const state = { ...newReaderState(), offset: capturedElsewhere(family) };
    await using run = startReader(options, state);
    expect(await run.ended).toMatchObject({ code: 'MYSQL_UNSUPPORTED_SERVER' });
  },
);

test('replaced once it is a lost connection, as by the late dump of a killed daemon', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const options = mysqlSourceOptions(database, { topicPrefix: database.name });
  const state = newReaderState();
  const replacements = { count: 0 };
  // 5.6 may end a connection without saying why.
  const last = sharedMysql().series === '5.6' ? /REPLACED|CONNECTION_LOST/ : /REPLACED/;
  for (const code of [/CONNECTION_LOST/, last]) {
    await using first = startReader(options, state, { replacements });
    await expect.poll(() => first.reader.status().phase).toBe('streaming');
    // A server kills the older dump of an id when the next one begins.
    await using second = startReader(options, newReaderState());
    expect(await first.ended).toMatchObject({ code: expect.stringMatching(code) as unknown });
    await expect.poll(() => second.reader.status().phase).toBe('streaming');
  }
});

test('without its history it stops; recovery makes it anew', async () => {
  await using database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database);
  const state = newReaderState();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  {
    await using run = startReader(options, state);
    await run.until(1);
    await expect.poll(() => run.reader.status().phase).toBe('streaming');
    await run.stop();
  }
  state.history.records = [];
  state.history.stored = null;
  await database.query('INSERT INTO t VALUES (2)');
  {
    await using run = startReader(options, state);
    expect(await run.ended).toMatchObject({ code: 'MYSQL_HISTORY_LOST' });
  }
  const recovers = { ...options.history, recoversLost: true };
  const recovery = { ...options, snapshotMode: 'recovery', history: recovers } as const;
  {
    await using run = startReader(recovery, state);
    await run.until(1);
    expect(run.told).toEqual(['c t 2']);
    await run.stop();
  }
  await database.query('INSERT INTO t VALUES (3)');
  await using run = startReader(options, state);
  await run.until(1);
  expect(run.told).toEqual(['c t 3']);
});

test('a table that was changed without the binlog is read again, and told of', async () => {
  await using database = await freshMysqlDatabase();
  const options = mysqlSourceOptions(database);
  const state = newReaderState();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  await using run = startReader(options, state);
  await run.until(1);
  await expect.poll(() => run.reader.status().phase).toBe('streaming');
  const client = await database.connect();
  await client.query('SET sql_log_bin = 0; ALTER TABLE t ADD COLUMN v INT; SET sql_log_bin = 1');
  await client.query('INSERT INTO t VALUES (2, 3)');
  await run.until(2);
  expect(run.told).toEqual(['r t 1', 'c t 2|3']);
  expect(run.notes.join('\n')).toMatch(/does not tell the shape of \w+\.t: /);
});
