import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { freshMysqlDatabase, sharedMysql } from './mysql-database.ts';
import { MysqlServer, startServer } from './mysql-server.ts';

const { series, flavor, caFile } = sharedMysql();

test('a database of its own on the shared server, which is what was asked for', async () => {
  await using database = await freshMysqlDatabase();
  await using other = await freshMysqlDatabase();
  expect(other.name).not.toBe(database.name);
  await database.query(`
    CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, at DATETIME(3), text VARCHAR(20));
    INSERT INTO t VALUES (18446744073709551615, '2024-02-29 12:00:00.5', 'grüße 😀')`);
  expect(await database.query('SELECT * FROM t')).toEqual([
    { id: '18446744073709551615', at: '2024-02-29 12:00:00.500', text: 'grüße 😀' },
  ]);
  expect(await other.query('SHOW TABLES')).toEqual([]);
  const { version } = sharedMysql();
  // The newest of MySQL may by now be a newer one.
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (series === '9.7') expect(major * 100 + minor).toBeGreaterThanOrEqual(907);
  else expect(`${major}.${minor}`).toBe(series);
  expect(version.includes('MariaDB')).toBe(flavor === 'mariadb');
});

test('a database is dropped with what its clients hold open', async () => {
  const database = await freshMysqlDatabase();
  const client = await database.connect();
  await client.query('CREATE TABLE t (id INT PRIMARY KEY)');
  await client.query('START TRANSACTION');
  await client.query('INSERT INTO t VALUES (1)');
  await database[Symbol.asyncDispose]();
  await using another = await freshMysqlDatabase();
  expect(await another.query('SHOW DATABASES LIKE ?', [database.name])).toEqual([]);
});

test('it never runs as root, listens on loopback only, and its log-in is needed', async () => {
  await using server = await startServer(series);
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).not.toBe('0');
  expect(await server.query('SELECT @@bind_address AS address')).toEqual([
    { address: '127.0.0.1' },
  ]);
  const { host, port, user } = server;
  for (const other of [{ user, password: 'no' }, { user: 'root' }, { user: 'nobody' }]) {
    const refused = mysql.createConnection({ host, port, ...other }).then(() => other.user);
    await expect(refused).rejects.toThrow(/Access denied|is not allowed to connect/);
  }
});

test('a killed server comes up again with what was committed, on its port', async () => {
  await using server = await startServer(series);
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY)');
  await database.query('INSERT INTO t VALUES (1)');
  const client = await database.connect();
  await client.query('START TRANSACTION');
  await client.query('INSERT INTO t VALUES (2)');
  const { port, pid } = server;
  await server.kill();
  await expect(database.query('SELECT 1')).rejects.toThrow();
  await server.start();
  expect(await database.query('SELECT id FROM t')).toEqual([{ id: 1 }]);
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
});

test('a stopped server starts with other settings', async () => {
  await using server = await startServer(series, { settings: { 'binlog-row-image': 'MINIMAL' } });
  const image = 'SELECT @@binlog_row_image AS image, @@global.time_zone AS zone';
  expect(await server.query(image)).toEqual([{ image: 'MINIMAL', zone: '+00:00' }]);
  await server.stop();
  await server.start({ 'binlog-row-image': 'NOBLOB', 'default-time-zone': '+05:30' });
  expect(await server.query(image)).toEqual([{ image: 'NOBLOB', zone: '+05:30' }]);
});

test('two at once are two: neither the data nor the identity are shared', async () => {
  const [first, second] = await Promise.all([startServer(series), startServer(series)]);
  await using one = first;
  await using two = second;
  expect(one.port).not.toBe(two.port);
  await one.query('CREATE DATABASE only_here');
  expect(await two.query("SHOW DATABASES LIKE 'only_here'")).toEqual([]);
  const identity = `SELECT @@server_id AS id${flavor === 'mysql' ? ', @@server_uuid AS uuid' : ''}`;
  expect(await one.query(identity)).not.toEqual(await two.query(identity));
});

test('its binlog has row events with their metadata, and GTIDs', async () => {
  await using server = await startServer(series);
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const [log] = await server.query<{ Log_name: string; File_size: number }>('SHOW BINARY LOGS');
  expect(log?.Log_name).toBe('binlog.000001');
  const events = await server.query<{ Event_type: string }>('SHOW BINLOG EVENTS');
  const kinds = events.map(({ Event_type: kind }) => kind);
  expect(kinds.slice(-4)).toEqual(
    [
      'Query',
      ...(flavor === 'mariadb' ? ['Annotate_rows'] : []),
      'Table_map',
      expect.stringMatching(/^Write_rows/),
      'Xid',
    ].slice(-4),
  );
  expect(kinds).toContain('Gtid');
  const variables = await server.query<{ Variable_name: string; Value: string }>(`
    SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_format', 'binlog_row_image',
      'binlog_row_metadata', 'gtid_mode', 'enforce_gtid_consistency', 'gtid_strict_mode')`);
  expect(Object.fromEntries(variables.map((row) => [row.Variable_name, row.Value]))).toEqual({
    binlog_format: 'ROW',
    binlog_row_image: 'FULL',
    // Before 8.0 the table map says nothing of names and keys.
    ...(series === '5.6' || series === '5.7' ? {} : { binlog_row_metadata: 'FULL' }),
    ...(flavor === 'mariadb'
      ? { gtid_strict_mode: 'ON' }
      : { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' }),
  });
  // What it was prepared with is none of the changes: the first is the database's.
  const first = events.find(({ Event_type: kind }) => kind === 'Query') as { Info?: string };
  expect(first.Info).toContain(`CREATE DATABASE ${database.name}`);
});

if (caFile !== undefined)
  test('TLS by a certificate that its authority signed', async () => {
    const { host, port, user, password } = sharedMysql();
    const ca = readFileSync(caFile ?? '');
    const client = await mysql.createConnection({
      host,
      port,
      user,
      password,
      ssl: { ca, rejectUnauthorized: true, verifyIdentity: false },
    });
    const [rows] = await client.query("SHOW STATUS LIKE 'Ssl_version'");
    const version = series === '8.0' ? 'TLSv1.2' : 'TLSv1.3';
    expect(rows).toEqual([{ Variable_name: 'Ssl_version', Value: version }]);
    await client.end();
  });

test('a paused server keeps its connections and answers again', async () => {
  await using server = await startServer(series);
  await server.query('SELECT 1');
  await server.pause();
  const answer = server.query('SELECT 2 AS two');
  expect(await Promise.race([answer, sleep(300, 'nothing')])).toBe('nothing');
  server.resume();
  expect(await answer).toEqual([{ two: 2 }]);
});

test('disposing leaves neither process nor data behind', async () => {
  const server = await MysqlServer.start(series);
  const { pid } = server;
  const folder = /--tmpdir=(\S+)\/tmp\0/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1];
  expect(folder).toBeDefined();
  await server[Symbol.asyncDispose]();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(existsSync(folder ?? '')).toBe(false);
});
