import { expect, test } from 'vitest';
import { BesideSource } from '../../../support/mysql-beside.ts';
import { rowsOf } from '../../../support/mysql-replay.ts';
import { freshMysqlDatabase, sharedMysql } from '../../../support/mysql-database.ts';
import { startServer } from '../../../support/mysql-server.ts';
import { connectionTo } from '../../../support/mysql-source.ts';
import { ChunkReader } from '../../../../src/source/mysql/incremental/chunk-reader.ts';
import { isBefore } from '../../../../src/source/mysql/incremental/group-visibility.ts';
import { readServerFacts } from '../../../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { readTextRow } from '../../../../src/source/mysql/wire/text-row.ts';
import { RowImage } from '../../../../src/model/row-image.ts';

const { signal } = new AbortController();
const { flavor, series } = sharedMysql();

async function readerOf(lockTimeoutMs = 1000): Promise<ChunkReader> {
  const connect = (): Promise<MysqlSession> =>
    MysqlSession.connect(connectionTo(sharedMysql()), signal);
  await using session = await connect();
  const facts = await readServerFacts(session, signal);
  return new ChunkReader(connect, facts, lockTimeoutMs, 1e6);
}

test.each([false, true])('rows, what the read saw, and up to where; locking %s', async (locks) => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)');
  const reader = await readerOf();
  const sql = `SELECT id FROM ${database.name}.t ORDER BY id`;
  const { rows, visibility, until } = await reader.read(sql, locks, signal);
  const image = new RowImage();
  const values = Array.from({ length: rows.count }, (_, i) => {
    readTextRow(rows.bytes, rows.start(i), rows.end(i), image, 1);
    return image.text(0);
  });
  expect(values).toEqual(['1', '2']);
  expect(isBefore(until, visibility.place)).toBe(false);
  await database.query('INSERT INTO t VALUES (3)');
  const later = await reader.read(sql, locks, signal);
  expect(later.rows.count).toBe(3);
  expect(isBefore(visibility.place, later.visibility.place)).toBe(true);
  await reader.close();
});

test('a locking read waits for whoever has changed a row, and no longer than it may', async () => {
  await using database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)');
  const client = await database.connect();
  await client.query('BEGIN; UPDATE t SET v = 2');
  const reader = await readerOf();
  const sql = `SELECT v FROM ${database.name}.t`;
  await expect(reader.read(sql, true, signal)).rejects.toMatchObject({
    code: 'MYSQL_LOCK_TIMEOUT',
  });
  const reading = reader.read(sql, true, signal);
  await client.query('COMMIT');
  expect((await reading).rows.bytes.toString('latin1', 1, 2)).toBe('2');
  await reader.close();
});

test('a connection that is lost is made anew', async () => {
  const reader = await readerOf();
  const connectionId = async (): Promise<string | null | undefined> => {
    const wire = await reader.wire(signal);
    return (await wire.query('SELECT CONNECTION_ID()')).rows[0]?.[0];
  };
  const id = await connectionId();
  const killer = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  await killer.query(`KILL ${id}`);
  await killer.close();
  await expect.poll(() => connectionId().catch(() => id)).not.toBe(id);
  expect((await reader.read('SELECT 1', false, signal)).rows.count).toBe(1);
  await reader.close();
});

test('no other server may answer (PITFALLS B20)', async () => {
  const session = await MysqlSession.connect(connectionTo(sharedMysql()), signal);
  const facts = await readServerFacts(session, signal);
  const other = { ...facts, serverId: facts.serverId + 1 };
  const reader = new ChunkReader(() => Promise.resolve(session), other, 1000, 1e6);
  await expect(reader.read('SELECT 1', false, signal)).rejects.toMatchObject({
    code: 'MYSQL_CONNECTION_LOST',
  });
});

// From 5.7 on a transaction may wait between the binlog and its commit; the packages of 5.7 and 8.0
// that the tests have come without the plugin.
if (flavor === 'mariadb' || series === '9.7')
  test.each(flavor === 'mysql' ? [false, true] : [false])(
    'what is in the binlog, and no read sees yet, is never overwritten, by file %s (PITFALLS B46)',
    async (byFile) => {
      await using server = await startServer(series);
      await using database = await server.freshDatabase();
      await database.query(`CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5));
      INSERT INTO t VALUES (1, 'old'), (2, 'old'), (3, 'old'), (4, 'old')`);
      const side = flavor === 'mariadb' ? 'master' : 'source';
      const peer = side === 'master' ? 'slave' : 'replica';
      if (flavor === 'mysql') {
        await server.query(`INSTALL PLUGIN rpl_semi_sync_${side} SONAME 'semisync_${side}.so'`);
      }
      for (const [name, value] of [
        ['timeout', 1500],
        [`wait_no_${peer}`, 1],
        ['wait_point', 'AFTER_SYNC'],
        ['enabled', 1],
      ] as const) {
        const shown = typeof value === 'number' ? value : `'${value}'`;
        await server.query(`SET GLOBAL rpl_semi_sync_${side}_${name} = ${shown}`);
      }
      const source = await BesideSource.start(server, database.name, { byFile });
      const updated = database.query(`UPDATE t SET v = 'new' WHERE id = 2`);
      await source.until(() => source.told.some(({ op }) => op === 'u'));
      const [row] = await database.query<{ v: string }>('SELECT v FROM t WHERE id = 2');
      expect(row?.v).toBe('old');
      source.execute(['t']);
      await source.untilRead();
      await updated;
      await source.stop();
      expect(source.applied('t')).toEqual(await rowsOf(server, database.name, 't'));
      expect(source.reads('t')).toEqual(['1', '2', '3', '4']);
    },
  );
