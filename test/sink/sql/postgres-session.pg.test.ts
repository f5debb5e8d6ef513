import { expect, test } from 'vitest';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, sinkOptions } from '../../support/sink-harness.ts';

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
