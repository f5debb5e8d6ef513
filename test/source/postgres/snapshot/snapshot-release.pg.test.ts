import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseLsn } from '../../../../src/model/lsn.ts';
import type { SnapshotOptions } from '../../../../src/source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { OwnServer, TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { SteppedClock } from '../../../support/stepped-clock.ts';
import { expectTables } from '../../../support/table-rows.ts';

const optionsFor = (
  database: TestDatabase,
  snapshots: Partial<SnapshotOptions>,
  more: Parameters<typeof sourceOptionsFor>[1] = {},
): ReturnType<typeof sourceOptionsFor> =>
  sourceOptionsFor(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, chunkRows: 100, ...snapshots },
    ...more,
  });

async function restartLsnOf(database: TestDatabase): Promise<bigint> {
  const [row] = await database.query(
    'SELECT restart_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
    [database.name],
  );
  return parseLsn(String(row?.['lsn']));
}

let server: OwnServer;
// Its own: WAL is the whole server's.
beforeAll(async () => {
  server = await startOwnServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const WAIT = { timeout: 45_000 };

const TABLES = `
  CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL, filler text);
  INSERT INTO a SELECT g, 0, repeat('x', 200) FROM generate_series(1, 6000) g;
  CREATE TABLE b (x text, y int, PRIMARY KEY (x, y));
  INSERT INTO b SELECT 'k' || g % 7, g FROM generate_series(1, 3000) g;
  CREATE TABLE k (n int); ALTER TABLE k REPLICA IDENTITY FULL;
  INSERT INTO k SELECT g % 50 FROM generate_series(1, 300) g; ANALYZE;`;

test('past the budget the stream begins, the slot moves on, the rest is read', async () => {
  await using database = await server.freshDatabase();
  await database.query(TABLES);
  const receiver = new RecordingReceiver();
  const held = Promise.withResolvers<void>();
  let released = 0;
  Object.assign(receiver, { snapshotReleased: () => released++ });
  receiver.onRow = (count) => {
    if (count === 100) receiver.gate = held.promise;
  };
  const options = (rowsPerSecond: number): ReturnType<typeof optionsFor> =>
    optionsFor(database, { walBudget: 1024 * 1024, rowsPerSecond }, { snapshotMaxThreads: 2 });
  // So slow that nothing is at its end before the slot has moved.
  const source = startSource(options(150), receiver);
  await receiver.until((events) => events.length >= 100);
  const first = await restartLsnOf(database);
  // In the middle of the snapshot: more WAL than it may hold, on rows that are read and unread.
  await database.query(`
    UPDATE a SET v = v + 1; DELETE FROM a WHERE id % 10 = 3; UPDATE a SET id = -id WHERE id < 50;
    INSERT INTO b SELECT 'n', g FROM generate_series(1, 500) g; DELETE FROM b WHERE y % 9 = 1;
    DELETE FROM k WHERE n = 7; INSERT INTO k VALUES (1000);`);
  await expect.poll(() => source.notes.join(), WAIT).toContain('more than snapshot.wal.budget');
  receiver.gate = undefined;
  held.resolve();
  await receiver.until((events) => events.some((e) => e.op === 'c' && e.table === 'b'));
  await expect
    .poll(async () => {
      await database.query('INSERT INTO a VALUES (100000 + (random() * 1e8)::int, 1); CHECKPOINT');
      return (await restartLsnOf(database)) > first;
    }, WAIT)
    .toBe(true);
  expect(receiver.stored?.offset['tidemark.snapshots']).toContain('"table":"b"');
  expect([released, receiver.snapshots]).toEqual([1, 1]);
  await source.stop();
  const second = startSource(options(0), receiver);
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
  await database.query(`INSERT INTO a VALUES (-100000, 0, 'end')`);
  await receiver.until((events) => events.some((event) => event.after?.['filler'] === 'end'));
  await second.stop();
  await expectTables(database, receiver, ['a', 'b', 'k']);
  const reads = receiver.events.filter((e) => e.op === 'r' && e.table === 'a');
  expect(new Set(reads.map((e) => e.after?.['id'])).size).toBe(reads.length);
});

test('outside of its hours the stream runs, and no read or transaction is open', async () => {
  await using database = await freshDatabase();
  await database.query(TABLES);
  const now = new Date();
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  // Ten minutes that begin in two hours.
  const from = (minute + 120) % 1440;
  const window = { hours: [{ from, to: (from + 10) % 1440 }], timeZone: 'UTC' };
  const receiver = new RecordingReceiver();
  const clock = new SteppedClock(20_000, 1e6);
  const source = startSource(optionsFor(database, { window }), receiver, { clock });
  await expect.poll(() => clock.sleepers, WAIT).toBe(1);
  await database.query('INSERT INTO a VALUES (9999, 1); DELETE FROM a WHERE id = 1');
  await receiver.until((events) => events.some((e) => e.op === 'd'));
  const open = await database.query(
    `SELECT query FROM pg_stat_activity WHERE datname = current_database()
       AND application_name LIKE 'tidemark%' AND state = 'idle in transaction'`,
  );
  expect(open).toEqual([]);
  expect(receiver.events.filter((e) => e.op === 'r')).toEqual([]);
  clock.step(121 * 60_000);
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
  await source.stop();
  await expectTables(database, receiver, ['a', 'b', 'k']);
  expect(receiver.snapshots).toBe(1);
});

test('a SELECT is not waited for: it is read by key from its beginning', async () => {
  await using database = await server.freshDatabase();
  await database.query(TABLES);
  const receiver = new RecordingReceiver();
  const held = Promise.withResolvers<void>();
  receiver.onRow = (count) => {
    if (count === 300) receiver.gate = held.promise;
  };
  const overrides = [{ table: 'public.a', statement: 'SELECT * FROM a' }];
  const source = startSource(
    optionsFor(database, { walBudget: 1024 * 1024, overrides }, { snapshotMaxThreads: 3 }),
    receiver,
  );
  await receiver.until((events) => events.length >= 300);
  await database.query('UPDATE a SET v = v + 1; UPDATE a SET v = v + 1');
  await expect.poll(() => source.notes.join(), WAIT).toContain('more than snapshot.wal.budget');
  receiver.gate = undefined;
  held.resolve();
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
  await database.query(`INSERT INTO a VALUES (-100000, 0, 'end')`);
  await receiver.until((events) => events.some((event) => event.after?.['filler'] === 'end'));
  await source.stop();
  await expectTables(database, receiver, ['a', 'b', 'k']);
});
