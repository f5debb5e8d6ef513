import { expect, test } from 'vitest';
import { PostgresWire } from '../../../../src/source/postgres/wire/postgres-wire.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import {
  connectionTo,
  sourceOptionsFor,
  startStreaming,
} from '../../../support/postgres-source.ts';

const { signal } = new AbortController();

test('run on each connection but the stream, and values print as ever', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE log (application text); CREATE TABLE a (id int PRIMARY KEY, t timestamptz);
    INSERT INTO a VALUES (1, '2024-01-02 03:04:05+00')`);
  const connection = {
    ...connectionTo(database),
    initialStatements: [
      `INSERT INTO log SELECT current_setting('application_name')`,
      `SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET work_mem = '123kB'`,
    ],
  };
  const source = await startStreaming({
    ...sourceOptionsFor(database, { tableInclude: [/^public\.a$/] }),
    connection,
  });
  await database.query(`INSERT INTO a VALUES (2, '2024-01-02 03:04:05+00')`);
  await source.receiver.until((events) => events.length === 2);
  await source.stop();
  expect(new Set(source.receiver.events.map(({ after }) => after?.['t']))).toEqual(
    new Set(['2024-01-02 03:04:05+00']),
  );
  const seen = await database.query<{ a: string }>('SELECT DISTINCT application AS a FROM log');
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.filter(({ a }) => a.startsWith('tidemark stream'))).toEqual([]);
  const session = { replication: false, applicationName: 'test' };
  await using wire = await PostgresWire.connect(connection, session, signal);
  const sql = `SELECT current_setting('work_mem'), current_setting('TimeZone')`;
  expect((await wire.query(sql))[0]?.rows).toEqual([['123kB', 'UTC']]);
});

test('one that fails is named, and leaves no connection', async () => {
  await using database = await freshDatabase();
  const connection = {
    ...connectionTo(database),
    initialStatements: [`SET work_mem = '64kB'`, 'SELECT 1 / 0'],
  };
  const session = { replication: false, applicationName: 'initial' };
  await expect(PostgresWire.connect(connection, session, signal)).rejects.toMatchObject({
    code: 'PG_SERVER',
    message: expect.stringContaining(
      'database.initial.statements: SELECT 1 / 0: division by zero',
    ) as string,
  });
  await database.until(
    `SELECT count(*) = 0 FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'initial'`,
  );
});
