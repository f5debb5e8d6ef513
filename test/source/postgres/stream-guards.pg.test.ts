import { expect, test } from 'vitest';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../support/postgres-source.ts';
import type { RecordingReceiver } from '../../support/recording-receiver.ts';

const CREATE = 'CREATE TABLE a (id int PRIMARY KEY, pad text)';

const told = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ op, table, after, before }) => [op, table, (after ?? before)?.['id']]);

test('a slot whose WAL was removed is lost, and the cure is told (P106)', async () => {
  await using server = await startOwnServer({
    settings: { max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB' },
  });
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  for (let i = 0; i < 4; i++) {
    await database.query(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))`);
    await database.query('SELECT pg_switch_wal(); CHECKPOINT');
  }
  await database.until(
    `SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  const second = startSource(options, first.receiver);
  await expect(second.ended).rejects.toMatchObject({
    code: 'PG_SLOT_LOST',
    cure: expect.stringContaining(`pg_drop_replication_slot('${database.name}')`) as string,
  });
  await second.stop();
});

test('a slot invalidated while it is streamed from: first cut off, then lost (P106)', async () => {
  await using server = await startOwnServer({
    settings: { max_slot_wal_keep_size: '1MB', min_wal_size: '32MB', max_wal_size: '32MB' },
  });
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  // Nothing is confirmed any more, as when the log is full.
  receiver.autoFlush = false;
  for (let i = 0; i < 4; i++) {
    await database.query(`SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))`);
    await database.query('SELECT pg_switch_wal(); CHECKPOINT');
  }
  await expect(first.ended).rejects.toMatchObject({ code: 'PG_CONNECTION_LOST' });
  await first.stop();
  await database.until(
    `SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  const second = startSource(options, receiver);
  await expect(second.ended).rejects.toMatchObject({ code: 'PG_SLOT_LOST' });
  await second.stop();
  expect(told(receiver)).toEqual([['c', 'a', '1']]);
});

test('a slot that was dropped and made anew is another one (P107)', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  await database.query('SELECT pg_drop_replication_slot($1)', [database.name]);
  await database.query('INSERT INTO a VALUES (1)');
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [
    database.name,
  ]);
  const second = startSource(options, first.receiver);
  await expect(second.ended).rejects.toMatchObject({ code: 'PG_SLOT_MISMATCH' });
  await second.stop();
});

/** The first look at the publication is the measure; it has been taken when the query is over. */
async function firstLook(database: TestDatabase): Promise<void> {
  await database.until(
    `SELECT query LIKE '%pg_publication p%' AND state = 'idle' FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'tidemark heartbeat%'`,
  );
}

/** The statement, what is told, and the version from which on there is such a thing. */
test.for<readonly [string, string, number?]>([
  ['DROP PUBLICATION tidemark', 'dropped'],
  ['ALTER PUBLICATION tidemark DROP TABLE a', 'does not send a'],
  [`ALTER PUBLICATION tidemark SET (publish = 'insert')`, 'sends no update'],
  ['ALTER PUBLICATION tidemark SET TABLE a (id), b', 'does not send a.pad', 15],
  ['ALTER PUBLICATION tidemark SET TABLE a WHERE (id < 7), b', 'another row filter for a', 15],
  ['ALTER PUBLICATION tidemark SET (publish_generated_columns = none)', 'no generated columns', 18],
])('under the stream: %s (P71)', async ([sql, what, since = 14]) => {
  await using database = await freshDatabase();
  if (database.major < since) return expect(database.major).toBeLessThan(since);
  await database.query(`${CREATE}; CREATE TABLE b (id int PRIMARY KEY)`);
  const generated = since === 18 ? ' WITH (publish_generated_columns = stored)' : '';
  await database.query(`CREATE PUBLICATION tidemark FOR TABLE a, b${generated}`);
  const options = sourceOptionsFor(database, { publicationAutocreateMode: 'disabled' });
  const first = await startStreaming(options);
  await database.query('INSERT INTO a VALUES (1)');
  await first.receiver.until((events) => events.length === 1);
  await firstLook(database);
  await database.query(sql);
  await expect(first.ended).rejects.toMatchObject({
    code: 'PG_PUBLICATION',
    message: expect.stringContaining(what) as string,
  });
  await first.stop();
});

test.for<readonly [string, string]>([
  ['made anew', `DROP TABLE a; CREATE TABLE a (id bigint PRIMARY KEY)`],
  ['swapped', 'CREATE TABLE n (LIKE a); ALTER TABLE a RENAME TO o; ALTER TABLE n RENAME TO a'],
])('a table that is %s is not in a list of tables any more', async ([, sql]) => {
  await using database = await freshDatabase();
  await database.query(`${CREATE}; CREATE TABLE b (id int PRIMARY KEY)`);
  const options = sourceOptionsFor(database, { publicationAutocreateMode: 'filtered' });
  const source = await startStreaming(options);
  await firstLook(database);
  // What is dropped for good is no reason to stop.
  await database.query('DROP TABLE b');
  await database.query('INSERT INTO a VALUES (1)');
  await source.receiver.until((events) => events.length === 1);
  await database.query(sql);
  await expect(source.ended).rejects.toMatchObject({
    code: 'PG_PUBLICATION',
    message: expect.stringContaining('does not send public.a: it had another') as string,
    cure: expect.stringContaining('ADD TABLE public.a') as string,
  });
  await source.stop();
});

test('tables are dropped, renamed and made anew under the stream', async () => {
  await using database = await freshDatabase();
  await database.query(`${CREATE}; CREATE TABLE b (id int PRIMARY KEY)`);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query(`BEGIN; INSERT INTO a VALUES (1); DROP TABLE a; COMMIT`);
  await database.query(`CREATE TABLE a (id bigint PRIMARY KEY, other int)`);
  await database.query('INSERT INTO a VALUES (2, 7)');
  await database.query('ALTER TABLE a RENAME TO old; ALTER TABLE b RENAME TO a');
  await database.query('INSERT INTO a VALUES (3); INSERT INTO old VALUES (4, 8)');
  await source.receiver.until((events) => events.length === 4);
  await source.stop();
  expect(told(source.receiver)).toEqual([
    ['c', 'a', '1'],
    ['c', 'a', '2'],
    ['c', 'a', '3'],
    ['c', 'old', '4'],
  ]);
});

test('a role that may no longer replicate is told so at the next connection', async () => {
  await using database = await freshDatabase();
  const role = `r_${database.name}`;
  await database.query(`${CREATE}; CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'secret'`);
  await database.query(`GRANT SELECT ON a TO ${role}; CREATE PUBLICATION tidemark FOR TABLE a`);
  const options = sourceOptionsFor(
    { ...database, user: role, password: 'secret' },
    { publicationAutocreateMode: 'disabled' },
  );
  try {
    const first = await startStreaming(options);
    await database.query(`ALTER ROLE ${role} NOREPLICATION`);
    await database.query('INSERT INTO a VALUES (1)');
    await first.receiver.until((events) => events.length === 1);
    await database.query(
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1`,
      [database.name],
    );
    await expect(first.ended).rejects.toMatchObject({ code: 'PG_CONNECTION_LOST' });
    await first.stop();
    const second = startSource(options, first.receiver);
    await expect(second.ended).rejects.toMatchObject({ code: 'PG_NO_REPLICATION_RIGHT' });
    await second.stop();
  } finally {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('an idle database beside a busy one lets the slot go on, without any heartbeat', async () => {
  await using server = await startOwnServer({ settings: { wal_sender_timeout: '300ms' } });
  await using idle = await server.freshDatabase();
  await using busy = await server.freshDatabase();
  await idle.query(CREATE);
  await busy.query('CREATE TABLE noise (t text)');
  const source = await startStreaming(sourceOptionsFor(idle, { heartbeatIntervalMs: 0 }));
  for (let i = 0; i < 5; i++) {
    await busy.query(`INSERT INTO noise SELECT repeat('n', 1000) FROM generate_series(1, 2000)`);
  }
  const [row] = await busy.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
  await idle.until(
    `SELECT confirmed_flush_lsn >= '${row?.at}' FROM pg_replication_slots WHERE slot_name = $1`,
    [idle.name],
  );
  await idle.query('INSERT INTO a VALUES (1)');
  await source.receiver.until((events) => events.length === 1);
  await source.stop();
});

test('wal_sender_timeout = 0 is no division by nothing: reports go out all the same', async () => {
  await using server = await startOwnServer({ settings: { wal_sender_timeout: 0 } });
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query('INSERT INTO a VALUES (1)');
  await source.receiver.until((events) => events.length === 1);
  const [row] = await database.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
  await database.until(
    `SELECT confirmed_flush_lsn >= '${row?.at}' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  await source.stop();
});
