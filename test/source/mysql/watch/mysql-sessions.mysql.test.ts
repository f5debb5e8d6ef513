import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { lookAtSessions } from '../../../../src/source/mysql/watch/mysql-sessions.ts';
import { MysqlSession } from '../../../../src/source/mysql/wire/mysql-session.ts';
import { sharedMysql } from '../../../support/mysql-database.ts';
import { startServer } from '../../../support/mysql-server.ts';

const { signal } = new AbortController();

test('who holds the lock that a session of ours waits for, where the server tells', async () => {
  const { series } = sharedMysql();
  await using server = await startServer(series, { settings: { 'performance-schema': 'ON' } });
  const { host, port, user, password } = server;
  const login = { host, port, user, password, sslMode: 'disabled', connectTimeoutMs: 5000 };
  await using session = await MysqlSession.connect(login as never, signal, systemClock);
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY)');
  const holder = await database.connect();
  await holder.query('LOCK TABLES t WRITE');
  const ours = await database.connect();
  const read = ours.query('SELECT id FROM t');
  await database.until(
    `SELECT count(*) > 0 FROM information_schema.processlist
      WHERE id = ? AND state LIKE 'Waiting%'`,
    [ours.threadId],
  );
  const request = { account: user, stream: null };
  expect(await lookAtSessions(session, { ...request, closer: false }, signal)).toEqual({
    sender: null,
    blockers: [],
    grant: null,
  });
  const look = await lookAtSessions(session, { ...request, closer: true }, signal);
  const [lock] = look.blockers;
  expect(lock).toMatchObject({ kind: 'lock', waiting: 'SELECT id FROM t' });
  // Which sessions hold what MySQL tells since 5.7, MariaDB only with a plug-in.
  const tellsHolders = server.flavor === 'mysql' && series !== '5.6';
  expect(lock?.table).toBe(tellsHolders ? `${database.name}.t` : null);
  expect(lock?.cure).toBe(tellsHolders ? `KILL ${holder.threadId};` : 'SHOW FULL PROCESSLIST;');
  await holder.query('UNLOCK TABLES');
  await read;

  await holder.query('BEGIN');
  await holder.query('SELECT * FROM t');
  const reading = await lookAtSessions(session, { ...request, closer: true }, signal);
  expect(reading.blockers).toEqual([]);
  await holder.query('INSERT INTO t VALUES (1)');
  const open = { kind: 'transaction', cure: `KILL ${holder.threadId};`, waiting: null };
  // The server shows the same for a tenth of a second, and longer to whoever asks more often.
  const writing = async () =>
    (await lookAtSessions(session, { ...request, closer: true }, signal)).blockers;
  await expect.poll(writing, { interval: 300, timeout: 45_000 }).toMatchObject([open]);
  await holder.query('ROLLBACK');
});
