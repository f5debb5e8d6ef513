import { expect, test } from 'vitest';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import {
  sourceOptionsFor,
  startSource,
  startStreaming,
  stopInside,
} from '../../support/postgres-source.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';

/** Cases in which connectors in the field have lost changes without a word. */

const CREATE = 'CREATE TABLE a (id int PRIMARY KEY, pad text)';

const told = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ op, table, after, before }) => [op, table, (after ?? before)?.['id']]);

test('restart with open transactions: what commits later comes all the same', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  const [early, late] = [await database.connect(), await database.connect()];
  await early.query('BEGIN; INSERT INTO a VALUES (1)');
  await late.query('BEGIN; INSERT INTO a VALUES (2)');
  await database.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 1);
  await early.query('COMMIT');
  await receiver.until((events) => events.length === 2);
  await first.stop();
  await late.query('INSERT INTO a VALUES (4); COMMIT');
  const second = await startStreaming(options, receiver);
  await receiver.until((events) => events.length === 4);
  await second.stop();
  expect(told(receiver).map((event) => (event as unknown[])[2])).toEqual(['3', '1', '2', '4']);
});

test('several events on one LSN: a restart between them loses and repeats none', async () => {
  await using database = await freshDatabase();
  await database.query(`${CREATE}; CREATE TABLE b (id int PRIMARY KEY)`);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  // One WAL record holds many rows of a COPY.
  await stopInside(first, 3, () => database.query(`COPY a (id) FROM PROGRAM 'seq 1 5'`));
  const done = receiver.events.length;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(5);
  const second = await startStreaming(options, receiver);
  await database.query('TRUNCATE a, b');
  await receiver.until((events) => events.length === 7);
  await second.stop();
  const rows = receiver.events.slice(0, 5);
  expect(rows.map(({ after }) => after?.['id'])).toEqual(['1', '2', '3', '4', '5']);
  expect(new Set(rows.map(({ lsn }) => lsn)).size).toBe(1);
  expect(receiver.events.slice(5).map(({ op, table }) => [op, table])).toEqual([
    ['t', 'a'],
    ['t', 'b'],
  ]);
});

test('chunk connections not on the snapshot: each reads as of the slot', async () => {
  await using database = await freshDatabase();
  await database.query(`${CREATE}; ALTER TABLE a REPLICA IDENTITY FULL`);
  await database.query(`INSERT INTO a SELECT n, 'old' FROM generate_series(1, 20000) n`);
  const receiver = new RecordingReceiver();
  const changed = Promise.withResolvers<void>();
  receiver.onRow = (count) => {
    if (count === 1) receiver.gate = changed.promise;
  };
  const source = startSource(sourceOptionsFor(database, { snapshotMaxThreads: 4 }), receiver);
  await database.until(
    `SELECT count(*) >= 1 FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL
      AND slot_name = $1`,
    [database.name],
  );
  // After the slot's beginning, while connections are still reading.
  await database.query(`
    UPDATE a SET pad = 'new' WHERE id % 100 = 0;
    DELETE FROM a WHERE id % 100 = 1;
    INSERT INTO a VALUES (20001, 'new')`);
  changed.resolve();
  receiver.gate = undefined;
  receiver.onRow = () => undefined;
  await receiver.until((events) => events.some(({ after }) => after?.['id'] === '20001'));
  await source.stop();
  const read = receiver.events.filter(({ op }) => op === 'r');
  expect(read).toHaveLength(20_000);
  expect(new Set(read.map(({ after }) => after?.['id'])).size).toBe(20_000);
  expect(new Set(read.map(({ after }) => after?.['pad']))).toEqual(new Set(['old']));
  const streamed = receiver.events.filter(({ op }) => op !== 'r');
  expect(streamed).toHaveLength(200 + 200 + 1);
});

test('PK update as last event of a transaction comes once, also over a restart', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await stopInside(first, 2, () =>
    database.query('BEGIN; INSERT INTO a VALUES (1); UPDATE a SET id = 2; COMMIT'),
  );
  const second = await startStreaming(options, receiver);
  await database.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 3);
  await second.stop();
  expect(told(receiver)).toEqual([
    ['c', 'a', '1'],
    ['u', 'a', '2'],
    ['c', 'a', '3'],
  ]);
});

test('offset ahead of slot, after a crash of the server: nothing comes twice (P44)', async () => {
  await using server = await startOwnServer();
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const first = await startStreaming(sourceOptionsFor(database));
  const { receiver } = first;
  await database.query('CHECKPOINT');
  await database.query('INSERT INTO a VALUES (1)');
  await database.query('UPDATE a SET id = 2 WHERE id = 1');
  await receiver.until((events) => events.length === 2);
  await first.stop();
  // The slot on disk is older than what was confirmed.
  await server.kill();
  await server.start();
  const moved = sourceOptionsFor({ ...database, port: server.port });
  const second = await startStreaming(moved, receiver);
  await database.query('INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 3);
  await second.stop();
  expect(told(receiver)).toEqual([
    ['c', 'a', '1'],
    ['u', 'a', '2'],
    ['c', 'a', '3'],
  ]);
});
