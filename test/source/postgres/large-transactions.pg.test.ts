import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { expect, test } from 'vitest';
import type { TestDatabase } from '../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming, stopInside } from '../../support/postgres-source.ts';
import type { RecordingReceiver } from '../../support/recording-receiver.ts';

const PAD = 200;
const CREATE = `
  CREATE TABLE a (id int PRIMARY KEY, pad text);
  CREATE TABLE small (id int PRIMARY KEY)`;
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const idsOf = (receiver: RecordingReceiver, table: string): readonly number[] =>
  receiver.events.filter((e) => e.table === table).map((event) => Number(event.after?.['id']));

/** The server streams what it would otherwise keep in this little memory. */
async function smallMemory(database: TestDatabase): Promise<void> {
  await database.query(CREATE);
  await database.query(`ALTER DATABASE ${database.name} SET logical_decoding_work_mem = '64kB'`);
}

const insert = (from: number, to: number): string =>
  `INSERT INTO a SELECT g, repeat('x', ${PAD}) FROM generate_series(${from}, ${to}) g`;

/** Rows of the open transaction have come in, and stand in files. */
async function spooled(database: TestDatabase): Promise<void> {
  await database.until(
    `SELECT stream_bytes > 0 FROM pg_stat_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
}

/** The client of a transaction that is open, and part of it with the source already. */
async function openLarge(database: TestDatabase, rows: number): Promise<pg.Client> {
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query(insert(1, rows));
  await spooled(database);
  return client;
}

test('small commits pass an open large transaction, which follows whole, in order', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  const client = await openLarge(database, 5000);
  await database.query('INSERT INTO small VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await client.query(insert(5001, 8000));
  await client.query('UPDATE a SET id = -1 WHERE id = 1');
  await client.query('COMMIT');
  await database.query('INSERT INTO small VALUES (2)');
  await receiver.until((events) => events.length === 8003);
  await source.stop();
  expect(idsOf(receiver, 'a')).toEqual([...range(1, 8000), -1]);
  expect(receiver.events.at(-2)).toMatchObject({ op: 'u', before: { id: '1' } });
  expect(receiver.events.map(({ table }) => table)).toEqual([
    'small',
    ...range(1, 8001).map(() => 'a'),
    'small',
  ]);
  const large = receiver.events.filter(({ table }) => table === 'a');
  expect(large.map(({ ordinal }) => ordinal)).toEqual(range(0, 8000));
  expect(new Set(large.map(({ commitLsn }) => commitLsn)).size).toBe(1);
});

test('shapes that are told anew beside a large transaction stay right', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  await database.query('ALTER TABLE small ADD v int NOT NULL DEFAULT 0');
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  const client = await openLarge(database, 2000);
  await database.query('INSERT INTO small VALUES (1)');
  await database.query('ANALYZE small');
  for (const id of range(2, 20)) {
    await client.query(insert(1000 * id + 1, 1000 * id + 500));
    await database.query('INSERT INTO small VALUES ($1, $1)', [id]);
  }
  await receiver.until((events) => events.length === 20);
  await database.query('ALTER TABLE small ALTER v DROP NOT NULL');
  await database.query('INSERT INTO small VALUES (21, NULL)');
  await database.query('ALTER TABLE small ADD w text');
  await database.query("INSERT INTO small VALUES (22, 2, 'w')");
  await receiver.until((events) => events.length === 22);
  await client.query('COMMIT');
  await receiver.until((events) => events.length === 22 + 2000 + 19 * 500);
  await source.stop();
  expect(idsOf(receiver, 'small')).toEqual(range(1, 22));
  const shapes = receiver.schemas.filter(({ table }) => table.id.table === 'small');
  expect(
    shapes.map(({ table }) => table.columns.map((c) => `${c.name} ${c.schema.optional}`)),
  ).toEqual([
    ['id false', 'v false'],
    ['id false', 'v true'],
    ['id false', 'v true', 'w true'],
  ]);
});

test('under FULL a new key is found, though the shape that is told stays the same', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  await database.query('ALTER TABLE small ADD v int NOT NULL, REPLICA IDENTITY FULL');
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  const client = await openLarge(database, 2000);
  await database.query('INSERT INTO small VALUES (1, 1)');
  await database.query('ANALYZE small');
  const writer = await database.connect();
  for (const id of range(2, 9)) {
    await client.query(insert(1000 * id + 1, 1000 * id + 500));
    await writer.query('INSERT INTO small VALUES ($1, $1)', [id]);
  }
  await writer.query(`BEGIN; ALTER TABLE small DROP CONSTRAINT small_pkey, ADD PRIMARY KEY (v);
    INSERT INTO small VALUES (10, 10); COMMIT`);
  await receiver.until((events) => events.length === 10);
  await client.query('ROLLBACK');
  await source.stop();
  const keys = receiver.schemas
    .filter(({ table }) => table.id.table === 'small')
    .map(({ table }) => table.keyColumns.map((index) => table.columns[index]?.name));
  expect(keys.at(-1)).toEqual(['v']);
});

test('rolled back savepoints and transactions leave nothing', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  const source = await startStreaming(sourceOptionsFor(database));
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query(insert(1, 1000));
  await client.query('SAVEPOINT one');
  await client.query(insert(1001, 2000));
  await client.query('SAVEPOINT two');
  await client.query(insert(2001, 3000));
  await client.query('RELEASE two');
  await client.query('SAVEPOINT three');
  await client.query(insert(3001, 4000));
  await client.query('ROLLBACK TO three');
  await client.query(insert(4001, 5000));
  await client.query('ROLLBACK TO one');
  await client.query(insert(5001, 6000));
  await client.query('SAVEPOINT four');
  await client.query(insert(6001, 7000));
  await client.query('COMMIT');
  await client.query('BEGIN');
  await client.query(insert(10_000, 14_000));
  await client.query('ROLLBACK');
  await database.query('INSERT INTO small VALUES (1)');
  await source.receiver.until((events) => events.some(({ table }) => table === 'small'));
  await source.stop();
  expect(idsOf(source.receiver, 'a')).toEqual([...range(1, 1000), ...range(5001, 7000)]);
  // Not asked once: up to 14 the counts come to the view through a process of their own, later.
  await database.until(
    'SELECT stream_txns >= 1 FROM pg_stat_replication_slots WHERE slot_name = $1',
    [database.name],
  );
});

test.for(['spool', 'server'] as const)(
  'a restart in the middle goes on at the next row, then by %s',
  async (mode) => {
    await using database = await freshDatabase();
    await smallMemory(database);
    const options = sourceOptionsFor(database);
    const first = await startStreaming(options);
    const { receiver } = first;
    await stopInside(first, 2500, () =>
      database.query(`BEGIN; ${insert(1, 2000)}; SAVEPOINT s; ${insert(9000, 9500)};
        ROLLBACK TO s; ${insert(2001, 4000)}; COMMIT`),
    );
    expect(receiver.events.length).toBeLessThan(4000);
    const second = await startStreaming({ ...options, largeTransactionMode: mode }, receiver);
    await database.query('INSERT INTO small VALUES (1)');
    await receiver.until((events) => events.length === 4001);
    await second.stop();
    expect(idsOf(receiver, 'a')).toEqual(range(1, 4000));
  },
);

test('restart with open transactions: they come again from their start (P79)', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  const clients = [await database.connect(), await database.connect()];
  for (const [i, client] of clients.entries()) {
    await client.query('BEGIN');
    await client.query(insert(i * 10_000 + 1, i * 10_000 + 2000));
  }
  await spooled(database);
  await database.query('INSERT INTO small VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await first.stop();
  const second = await startStreaming(options, receiver);
  await clients[1]?.query(insert(12_001, 12_500));
  await clients[1]?.query('COMMIT');
  await clients[0]?.query('COMMIT');
  await receiver.until((events) => events.length === 4501);
  await second.stop();
  expect(idsOf(receiver, 'a')).toEqual([...range(10_001, 12_500), ...range(1, 2000)]);
  const left = await readdir(path.join(os.tmpdir(), 'tidemark-spool'));
  expect(left.filter((file) => file.startsWith(`${database.name}-`))).toEqual([]);
});

test('shapes inside a block are those of its transaction alone (P80)', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  await database.query('CREATE PUBLICATION own FOR TABLE a, small');
  const options = sourceOptionsFor(database, {
    publicationName: 'own',
    publicationAutocreateMode: 'disabled',
  });
  const source = await startStreaming(options);
  const { receiver } = source;
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query('ALTER TABLE a ADD extra int');
  await client.query(
    `INSERT INTO a SELECT g, repeat('x', ${PAD}), g FROM generate_series(1, 2000) g`,
  );
  await client.query('SAVEPOINT s');
  await client.query('ALTER TABLE a DROP extra');
  await client.query(insert(9001, 11_000));
  await client.query('ROLLBACK TO s');
  await spooled(database);
  await database.query('INSERT INTO small VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await client.query(`INSERT INTO a VALUES (2001, 'x', 7)`);
  await client.query('COMMIT');
  await database.query(`INSERT INTO a VALUES (2002, 'x', 8)`);
  await receiver.until((events) => events.length === 2003);
  await source.stop();
  expect(idsOf(receiver, 'a')).toEqual(range(1, 2002));
  expect(receiver.events.slice(-2).map(({ after }) => after?.['extra'])).toEqual(['7', '8']);
});

test('a streamed transaction that repeats a shape is checked: NOT NULL may have gone', async () => {
  await using database = await freshDatabase();
  await smallMemory(database);
  await database.query('ALTER TABLE a ALTER pad SET NOT NULL');
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  await database.query(insert(1, 2000));
  await receiver.until((events) => events.length === 2000);
  // The Relation message of what follows has the same bytes: nullability stands in the catalog.
  await database.query('ALTER TABLE a ALTER pad DROP NOT NULL');
  const withNull = `SELECT g, CASE WHEN g <> 3500 THEN repeat('x', ${PAD}) END`;
  await database.query(`INSERT INTO a ${withNull} FROM generate_series(2001, 4000) g`);
  await receiver.until((events) => events.length === 4000);
  await source.stop();
  expect(idsOf(receiver, 'a')).toEqual(range(1, 4000));
  const [first, last] = [receiver.schemas[0], receiver.schemas.at(-1)];
  const padIsOptional = (change: typeof first): unknown =>
    change?.table.columns[1]?.schema.optional;
  expect([padIsOptional(first), padIsOptional(last)]).toEqual([false, true]);
});

test('prepared transactions come when they commit, also over restarts', async () => {
  await using server = await startOwnServer({ settings: { max_prepared_transactions: 5 } });
  await using database = await server.freshDatabase();
  await smallMemory(database);
  const options = sourceOptionsFor(database, { slotTwoPhase: true });
  const first = await startStreaming(options);
  const { receiver } = first;
  const gid = (n: number): string => `'${database.name} ${n}'`;
  await database.query(`BEGIN; ${insert(1, 3000)}; PREPARE TRANSACTION ${gid(1)}`);
  await database.query(`BEGIN; ${insert(4001, 4002)}; PREPARE TRANSACTION ${gid(2)}`);
  await database.query(`BEGIN; ${insert(5001, 5002)}; PREPARE TRANSACTION ${gid(3)}`);
  await database.query('INSERT INTO small VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await database.query(`ROLLBACK PREPARED ${gid(2)}`);
  await database.query(`COMMIT PREPARED ${gid(3)}`);
  await receiver.until((events) => events.length === 3);
  await first.stop();
  const second = await startStreaming(options, receiver);
  await database.query('INSERT INTO small VALUES (2)');
  await receiver.until((events) => events.length === 4);
  await database.query(`COMMIT PREPARED ${gid(1)}`);
  await receiver.until((events) => events.length === 3004);
  await second.stop();
  expect(idsOf(receiver, 'a')).toEqual([5001, 5002, ...range(1, 3000)]);
  expect(idsOf(receiver, 'small')).toEqual([1, 2]);
  const third = await startStreaming(options, receiver);
  await database.query('INSERT INTO small VALUES (3)');
  await receiver.until((events) => events.length === 3005);
  await third.stop();
  expect(receiver.events).toHaveLength(3005);
});
