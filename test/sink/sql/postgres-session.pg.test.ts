import { expect, test } from 'vitest';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, sinkOptions } from '../../support/sink-harness.ts';
import { pemFile, startTlsServer } from '../../support/tls-server.ts';

test('settings of database and role do not reach the session', async () => {
  await using database = await freshDatabase();
  await database.query(`ALTER DATABASE ${database.name} SET TimeZone = 'Asia/Tokyo'`);
  await database.query(`ALTER DATABASE ${database.name} SET DateStyle = 'German'`);
  await database.query(`ALTER DATABASE ${database.name} SET synchronous_commit = off`);
  const session = await openPostgresSession(sinkOptions(database), never);
  const { rows } = await session.query(
    `SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style,
       current_setting('synchronous_commit') AS sync, current_setting('search_path') AS path`,
  );
  expect(rows).toEqual([{ zone: 'UTC', style: 'ISO, YMD', sync: 'on', path: 'pg_catalog' }]);
  await session.close();
});

test('a statement that fails leaves the session whole; a cut one is broken', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  await expect(session.query('SELECT 1/0')).rejects.toMatchObject({ code: 'SINK_RECORD' });
  expect(session.broken).toBe(false);
  expect((await session.query({ text: 'SELECT $1::int AS n', values: ['7'] })).rows).toEqual([
    { n: 7 },
  ]);
  session.destroy();
  expect(session.broken).toBe(true);
  await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'SINK_CONNECT' });
  await session.close();
});

test('TLS that is demanded of a server without is refused', async () => {
  await using database = await freshDatabase();
  const [row] = await database.query('SHOW ssl');
  expect(row).toEqual({ ssl: 'off' });
  const options = sinkOptions(database, { connectionUrl: `${database.url}?sslmode=require` });
  await expect(openPostgresSession(options, never)).rejects.toMatchObject({ code: 'SINK_CONNECT' });
});

test('an abort while connecting ends it', async () => {
  await using database = await freshDatabase();
  const stop = new AbortController();
  const opening = openPostgresSession(sinkOptions(database), stop.signal);
  stop.abort();
  await expect(opening).rejects.toThrow();
});

test('TLS checks who answers as sslmode says; the client shows its certificate', async () => {
  await using tls = await startTlsServer();
  const { database } = tls;
  const used = async (
    parameters: Record<string, string>,
    host = 'localhost',
    user = 'postgres',
  ) => {
    const query = new URLSearchParams(parameters).toString();
    const connectionUrl = `jdbc:postgresql://${host}:${database.port}/${database.name}?${query}`;
    const password = user === 'postgres' ? database.password : undefined;
    const options = sinkOptions(database, {
      connectionUrl,
      user,
      ...(password === undefined ? {} : { password }),
    });
    const session = await openPostgresSession(options, never);
    const { rows } = await session.query(
      'SELECT current_user::text AS user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    await session.close();
    return rows[0];
  };
  const ca = { sslrootcert: pemFile('ca.pem') };
  const full = { ...ca, sslmode: 'verify-full' };
  const encrypted = { user: 'postgres', ssl: true };
  const refusal = (words: string) => ({
    code: 'SINK_CONNECT',
    message: expect.stringContaining(words) as string,
    cure: expect.stringContaining('sslrootcert') as string,
  });
  expect(await used(full)).toEqual(encrypted);
  expect(await used({ ...ca, ssl: 'true' })).toEqual(encrypted);
  await expect(used(full, '127.0.0.1')).rejects.toMatchObject(
    refusal("does not match certificate's"),
  );
  expect(await used({ ...ca, sslmode: 'verify-ca' }, '127.0.0.1')).toEqual(encrypted);
  const other = { sslmode: 'verify-ca', sslrootcert: pemFile('other-ca.pem') };
  await expect(used(other)).rejects.toMatchObject(refusal('self-signed certificate'));
  expect(await used({ sslmode: 'require' })).toEqual(encrypted);

  const shown = { ...full, sslcert: pemFile('client.pem'), sslkey: pemFile('client.key') };
  expect(await used(shown, 'localhost', 'certuser')).toEqual({ user: 'certuser', ssl: true });
  await expect(used(full, 'localhost', 'certuser')).rejects.toMatchObject({ code: 'SINK_AUTH' });
  await expect(used({ ...full, sslrootcert: '/none.pem' })).rejects.toMatchObject({
    code: 'CONFIG_FILE',
    message: 'connection.url: sslrootcert: /none.pem cannot be read (ENOENT)',
  });
});
