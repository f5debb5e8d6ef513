import { expect, test } from 'vitest';
import { fromSourceOffset } from '../../../src/source/postgres/stream/replication-offset.ts';
import { freshDatabase, startOwnServer } from '../../support/postgres.ts';
import {
  connectionTo,
  sourceOptionsFor,
  startSource,
  startStreaming,
  stopInside,
} from '../../support/postgres-source.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const numbers = (receiver: RecordingReceiver): readonly number[] =>
  receiver.events.map((event) => Number(event.after?.['id']));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const CREATE = 'CREATE TABLE a (id int PRIMARY KEY, pad text)';

test('a restart skips what was done, also inside of a transaction (P44 to P46)', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  // From now on only the test makes things durable: 500 rows of 1000 in one transaction.
  receiver.autoFlush = false;
  const half = Promise.withResolvers<void>();
  receiver.onRow = (count) => {
    if (count === 501) receiver.flush();
    if (count === 1001) half.resolve();
  };
  await database.query('INSERT INTO a SELECT g FROM generate_series(2, 1001) g');
  await half.promise;
  await first.stop();
  expect(fromSourceOffset(receiver.stored ?? fail()).eventsDone).toBe(500);
  receiver.autoFlush = true;
  receiver.onRow = () => undefined;
  const second = await startStreaming(options, receiver);
  await database.query('INSERT INTO a VALUES (1002)');
  await receiver.until((events) => events.length === 1002);
  await second.stop();
  expect(numbers(receiver)).toEqual(range(1, 1002));
  expect(receiver.snapshots).toBe(1);
});

test('filters changed inside a half-published transaction are refused', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await stopInside(first, 3, () =>
    database.query('INSERT INTO a SELECT g FROM generate_series(1, 10) g'),
  );
  const changed = startSource({ ...options, tableExclude: [/^public\.b$/] }, receiver);
  await expect(changed.ended).rejects.toMatchObject({ code: 'PG_SLOT_MISMATCH' });
  await changed.stop();
  const same = await startStreaming(options, receiver);
  await receiver.until((events) => events.length === 10);
  await same.stop();
  expect(numbers(receiver)).toEqual(range(1, 10));
});

test('connections cut in mid-frame leave neither gap nor repeat', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  await using proxy = await startProxy(database);
  const options = sourceOptionsFor(database, {
    connection: { ...connectionTo(database), port: proxy.port },
  });
  const receiver = new RecordingReceiver();
  let source = await startStreaming(options, receiver);
  const insert = 'INSERT INTO a SELECT g, repeat(g::text, 40) FROM generate_series($1::int, $2) g';
  for (const [round, bytes] of [20_011, 51_003, 70_777, 33_333, 8_191, 16_385].entries()) {
    const to = (round + 1) * 1000;
    proxy.cutAfterBytes = bytes;
    await database.query(insert, [to - 999, to]);
    await receiver.until((events) => events.length === to).catch(() => undefined);
    proxy.cutAfterBytes = null;
    await source.ended.catch(() => undefined);
    await source.stop();
    source = await startStreaming(options, receiver);
    await receiver.until((events) => events.length === to);
  }
  await source.stop();
  expect(proxy.cuts).toBe(6);
  expect(numbers(receiver)).toEqual(range(1, 6000));
});

test('a receiver slower than wal_sender_timeout keeps its connection (P49, P50)', async () => {
  await using server = await startOwnServer({ settings: { wal_sender_timeout: '1s' } });
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const source = await startStreaming(sourceOptionsFor(database, { statusUpdateIntervalMs: 5000 }));
  const { receiver } = source;
  const pid = 'SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1';
  const before = await database.query(pid, [database.name]);
  const gate = Promise.withResolvers<void>();
  receiver.gate = gate.promise;
  await database.query(
    `INSERT INTO a SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 30000) g`,
  );
  // Longer than the server waits for a sign of life.
  await database.query('SELECT pg_sleep(3)');
  receiver.gate = undefined;
  gate.resolve();
  await receiver.until((events) => events.length === 30_000);
  expect(await database.query(pid, [database.name])).toEqual(before);
  await source.stop();
  expect(source.reader.status().lagBytes).not.toBeNull();
});

test('a server that has fallen silent is noticed', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  await using proxy = await startProxy(database);
  const options = sourceOptionsFor(database, {
    connection: { ...connectionTo(database), port: proxy.port },
    livenessTimeoutMs: 300,
  });
  const source = await startStreaming(options);
  proxy.silent = true;
  await expect(source.ended).rejects.toMatchObject({
    code: 'PG_CONNECTION_LOST',
    message: expect.stringContaining('silent') as string,
  });
  proxy.cutAll();
  await source.stop();
});

test('a restarted server is followed from where it was (P120)', async () => {
  await using server = await startOwnServer();
  await using database = await server.freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  const { receiver } = first;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await server.stop('fast');
  await expect(first.ended).rejects.toMatchObject({ code: 'PG_CONNECTION_LOST' });
  await first.stop();
  await server.start();
  const moved = sourceOptionsFor({ ...database, port: server.port });
  const second = await startStreaming(moved, receiver);
  await database.query('INSERT INTO a VALUES (2)');
  await receiver.until((events) => events.length === 2);
  await second.stop();
  expect(numbers(receiver)).toEqual([1, 2]);
});

test('a slot in use is waited for, then refused by its pid (P55)', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  // The first stores nothing after its snapshot, so that another can go on from there.
  const holder = new RecordingReceiver();
  holder.autoFlush = false;
  const first = await startStreaming(options, holder);
  const stored = new RecordingReceiver();
  stored.stored = holder.stored;
  const impatient = startSource({ ...options, slotMaxRetries: 1, slotRetryDelayMs: 20 }, stored);
  await expect(impatient.ended).rejects.toMatchObject({ code: 'PG_SLOT_IN_USE' });
  await impatient.stop();
  const patient = startSource({ ...options, slotMaxRetries: 500, slotRetryDelayMs: 20 }, stored);
  await first.stop();
  await database.query('INSERT INTO a VALUES (1)');
  await stored.until((events) => events.length === 1);
  await patient.stop();
});

test('a slot that is gone, or was advanced by others, is refused (P42, P107)', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  await database.query('INSERT INTO a VALUES (1)');
  await database.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
    database.name,
  ]);
  const ahead = startSource(options, first.receiver);
  await expect(ahead.ended).rejects.toMatchObject({
    code: 'PG_SLOT_MISMATCH',
    message: expect.stringContaining('advanced') as string,
  });
  await ahead.stop();
  await database.query('SELECT pg_drop_replication_slot($1)', [database.name]);
  const gone = startSource(options, first.receiver);
  await expect(gone.ended).rejects.toMatchObject({ code: 'PG_SLOT_LOST' });
  await gone.stop();
  expect(first.receiver.events).toEqual([]);
});

test('an offset of another server is refused (P57, P108)', async () => {
  await using database = await freshDatabase();
  await database.query(CREATE);
  const options = sourceOptionsFor(database);
  const first = await startStreaming(options);
  await first.stop();
  const { stored } = first.receiver;
  if (stored === null) throw new Error('nothing stored');
  const other = new RecordingReceiver();
  for (const change of [
    { 'tidemark.system_id': '1234567890' },
    { 'tidemark.end_lsn': 'FFFFFF/0', 'tidemark.timeline': 0 },
  ]) {
    other.stored = { ...stored, offset: { ...stored.offset, ...change } };
    const source = startSource(options, other);
    await expect(source.ended).rejects.toMatchObject({ code: 'PG_SLOT_MISMATCH' });
    await source.stop();
  }
});

function fail(): never {
  throw new Error('not reached');
}
