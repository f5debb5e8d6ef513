import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import type { RecordedEvent } from '../../../support/recording-receiver.ts';
import { rejection, startSnapshot } from '../../../support/snapshot-run.ts';

function clientOf({ host, port, user, password, name }: TestDatabase): pg.Client {
  return new pg.Client({ host, port, user, password, database: name });
}

/** What a follower of the events has, and what it could not apply. */
function replay(events: readonly RecordedEvent[]): {
  rows: Map<string, string>;
  faults: string[];
} {
  const rows = new Map<string, string>();
  const faults: string[] = [];
  for (const { op, before, after } of events) {
    const id = String(op === 'd' ? before?.['id'] : after?.['id']);
    if ((op === 'c' || op === 'r') === rows.has(id)) faults.push(`${op} of ${id}`);
    if (op === 'd') rows.delete(id);
    else rows.set(id, String(after?.['v']));
  }
  return { rows, faults };
}

test('rows changed meanwhile are in snapshot or stream, never both, never neither', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL, filler text);
    INSERT INTO a SELECT g, 0, repeat('x', 300) FROM generate_series(1, 20000) g`);
  const writers = [clientOf(database), clientOf(database), clientOf(database)];
  for (const writer of writers) await writer.connect();
  const stop = new AbortController();
  let written = 0;
  const traffic = writers.map(async (writer, w) => {
    for (let i = 0; !stop.signal.aborted; i++) {
      const id = ((i * 7919 + w * 104_729) % 20_000) + 1;
      await writer.query(
        i % 3 === 0
          ? `INSERT INTO a VALUES (${20_001 + i * 3 + w}, 1)`
          : i % 3 === 1
            ? `UPDATE a SET v = v + 1 WHERE id = ${id}`
            : `DELETE FROM a WHERE id = ${id}`,
      );
      written++;
    }
  });
  const options = sourceOptionsFor(database, { snapshotMaxThreads: 3 });
  const source = startSource(options);
  const started = written;
  await source.receiver.until((events) => events.some(({ op }) => op !== 'r'));
  expect(written).toBeGreaterThan(started);
  stop.abort();
  await Promise.all(traffic);
  for (const writer of writers) await writer.end();
  await database.query(`INSERT INTO a VALUES (-1, -1)`);
  await source.receiver.until((events) => events.at(-1)?.after?.['id'] === '-1');
  await source.stop();
  const { rows, faults } = replay(source.receiver.events);
  expect(faults).toEqual([]);
  const expected = await database.query(`SELECT id::text, v::text FROM a ORDER BY id`);
  expect(rows.size).toBe(expected.length);
  expect(expected.filter((row) => rows.get(String(row['id'])) !== row['v'])).toEqual([]);
});

test('any text comes through COPY as it is', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY, one text, two text)');
  const unit = fc.oneof(
    fc.constantFrom('\\', '\t', '\n', '\r', '\b', '\f', '\v', 'N', '.', 'n', '"', ','),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((c) => !c.includes('\0')),
  );
  const value = fc.option(fc.string({ unit, maxLength: 30 }));
  const rows = fc.sample(fc.tuple(value, value), { numRuns: 500, seed: 42 });
  const ids = rows.map((_, i) => i);
  await database.query('INSERT INTO a SELECT * FROM unnest($1::int[], $2::text[], $3::text[])', [
    ids,
    rows.map(([one]) => one),
    rows.map(([, two]) => two),
  ]);
  const run = startSnapshot(sourceOptionsFor(database));
  await run.result;
  const read = run.receiver.events
    .map(({ after }) => [Number(after?.['id']), after?.['one'], after?.['two']] as const)
    .sort(([a], [b]) => a - b);
  expect(read).toEqual(rows.map(([one, two], i) => [i, one, two]));
});

test('values longer than any buffer, also as the row that is held back', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, repeat(chr(96 + g) || E'\\t', 1500000) FROM generate_series(1, 4) g`);
  const run = startSnapshot(sourceOptionsFor(database));
  await run.result;
  const values = run.receiver.events.map(({ after }) => after?.['v'] ?? '');
  expect(values.map((v) => [v.length, v.slice(0, 2), v.slice(-2)])).toEqual([
    [3_000_000, 'a\t', 'a\t'],
    [3_000_000, 'b\t', 'b\t'],
    [3_000_000, 'c\t', 'c\t'],
    [3_000_000, 'd\t', 'd\t'],
  ]);
});

test('a lock that is not to be had in time names the limit, and no slot is left', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const other = clientOf(database);
  await other.connect();
  const receiver = new RecordingReceiver();
  receiver.schemaChanged = async () => {
    // After the slot was made, before the tables are locked.
    await other.query('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE');
  };
  const options = sourceOptionsFor(database, { snapshotLockTimeoutMs: 50 });
  const error = await rejection(startSnapshot(options, { receiver }).result);
  expect(error.code).toBe('PG_LOCK_TIMEOUT');
  expect(error.message).toContain('snapshot.lock.timeout.ms');
  const slots = `SELECT FROM pg_replication_slots WHERE slot_name = $1`;
  expect(await database.query(slots, [database.name])).toEqual([]);
  await other.end();
});

test('a locked table holds nobody up for ever: the attempt ends with a reason', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const other = clientOf(database);
  await other.connect();
  await other.query('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE');
  const options = sourceOptionsFor(database, {
    snapshotLockTimeoutMs: 50,
    slotCreateTimeoutMs: 100,
    publicationAutocreateMode: 'filtered',
  });
  const error = await rejection(startSnapshot(options).result);
  expect(error.retry).toBe('backoff');
  expect(['PG_LOCK_TIMEOUT', 'PG_SLOT_BLOCKED']).toContain(error.code);
  await other.end();
});

test('DDL that waits for the snapshot does not stop it, and gets its turn afterwards', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, filler text);
    INSERT INTO a SELECT g, repeat('x', 500) FROM generate_series(1, 2000) g;
    CREATE TABLE b (LIKE a INCLUDING ALL);
    INSERT INTO b SELECT * FROM a`);
  const ddl = clientOf(database);
  await ddl.connect();
  const receiver = new RecordingReceiver();
  // Held at the first row: by then the first connection has all locks, and the others some.
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  receiver.gate = held;
  const { promise: reading, resolve: hasRow } = Promise.withResolvers<void>();
  receiver.onRow = () => hasRow();
  const run = startSnapshot(sourceOptionsFor(database, { snapshotMaxThreads: 3 }), {
    receiver,
    chunkPages: 8,
  });
  await Promise.race([reading, run.result]);
  const altered = ddl.query('ALTER TABLE b ADD COLUMN more int');
  await database.until(
    `SELECT count(*) = 1 FROM pg_locks WHERE relation = 'b'::regclass AND NOT granted`,
  );
  release();
  await run.result;
  expect(receiver.events.filter(({ op }) => op === 'r')).toHaveLength(4000);
  await altered;
  await ddl.end();
});

test('a table may take longer than database.query.timeout.ms, first and later (P58)', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, '')`);
  const statement = "SELECT id, current_setting('statement_timeout') AS v FROM a";
  const options = sourceOptionsFor(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, overrides: [{ table: 'public.a', statement }] },
  });
  const connection = { ...options.connection, queryTimeoutMs: 60_000 };
  const source = await startStreaming({ ...options, connection });
  const filter = `current_setting('statement_timeout') = '0'`;
  const conditions = [{ 'data-collection': 'public.a', filter }];
  const data = { 'data-collections': ['public.a'], 'additional-conditions': conditions };
  source.reader.signal({ id: 's', type: 'execute-snapshot', data: JSON.stringify(data) });
  await source.receiver.until((events) => events.length === 2);
  await source.stop();
  expect(source.receiver.events.map(({ after }) => after?.['v'])).toEqual(['0', '']);
});
