import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import type { RecordedEvent } from '../../../support/recording-receiver.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { SteppedClock } from '../../../support/stepped-clock.ts';
import { expectTables } from '../../../support/table-rows.ts';

/** A table k that can only be read whole. */
async function keylessTable(database: TestDatabase, rows: number): Promise<void> {
  await database.query(`
    CREATE TABLE k (n int); ALTER TABLE k REPLICA IDENTITY FULL;
    INSERT INTO k SELECT generate_series(1, ${rows});`);
}

test('a keyless table under load ends equal, what the read saw is left out', async () => {
  await using database = await freshDatabase();
  await keylessTable(database, 200);
  const options = sourceOptionsFor(database, {
    snapshotMode: 'no_data',
    snapshots: DEFAULT_SNAPSHOT_OPTIONS,
  });
  const source = await startStreaming(options);
  const writing = new AbortController();
  const writers = [0, 1, 2].map(async (w) => {
    for (let i = 0; !writing.signal.aborted; i++)
      await database.query(`INSERT INTO k VALUES (${i * 10 + w})`);
  });
  const data = JSON.stringify({ 'data-collections': ['public.k'] });
  for (const id of ['one', 'two', 'three']) {
    source.reader.signal({ id, type: 'execute-snapshot', data });
    await source.receiver.until(
      () => source.reader.offset().offset['tidemark.snapshots'] === undefined,
    );
  }
  writing.abort();
  await Promise.all(writers);
  await database.query('INSERT INTO k VALUES (-1)');
  await source.receiver.until((events) => events.some((e) => e.after?.['n'] === '-1'));
  await source.stop();
  const { events } = source.receiver;
  const start = events.findLastIndex((event) => event.op === 't');
  const got = events.slice(start + 1).map((event) => Number(event.after?.['n']));
  const rows = await database.query('SELECT n FROM k ORDER BY n');
  expect(got.toSorted((a, b) => a - b)).toEqual(rows.map((row) => row['n']));
});

/*
 * A random history found this: blocking snapshots read the columns that a table had when
 * the source started, or when it was last described for others. A column that came since was left
 * out of rows that stood behind changes which had it.
 */
test.each(['blocking', 'incremental'])(
  '%s: whole rows have the columns that the table has when they are read',
  async (type) => {
    await using database = await freshDatabase();
    await keylessTable(database, 3);
    const options = sourceOptionsFor(database, { snapshotMode: 'no_data' });
    const source = await startStreaming(options);
    const read = async (id: string, columns: readonly string[]): Promise<void> => {
      const data = JSON.stringify({ 'data-collections': ['public.k'], type });
      const before = source.receiver.events.length;
      source.reader.signal({ id, type: 'execute-snapshot', data });
      await database.query('SELECT pg_logical_emit_message(true, $1, $1)', [id]);
      const isRead = (event: RecordedEvent): boolean => event.op === 'r';
      await source.receiver.until((events) => events.slice(before).filter(isRead).length === 3);
      const rows = source.receiver.events.slice(before).filter(isRead);
      expect(rows.map(({ after }) => Object.keys(after ?? {}))).toEqual([
        columns,
        columns,
        columns,
      ]);
    };
    await read('one', ['n']);
    await database.query(`ALTER TABLE k ADD v text DEFAULT 'x'`);
    await read('two', ['n', 'v']);
    // No row of that shape has come, and the statement ends while the read waits for its lock.
    const altering = await database.connect();
    await altering.query('BEGIN; ALTER TABLE k DROP v; ALTER TABLE k ADD w int');
    const reading = read('three', ['n', 'w']);
    await database.until(`SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity
      WHERE datname = current_database()`);
    await altering.query('COMMIT');
    await reading;
    await source.stop();
  },
);

test('a SELECT of the user decides what a blocking snapshot reads', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, 'v' FROM generate_series(1, 6) g`);
  const source = await startStreaming(sourceOptionsFor(database, { snapshotMode: 'no_data' }));
  const send = (id: string, filter: string): void => {
    const conditions = [{ 'data-collection': 'public.a', filter }];
    const collections = { 'data-collections': ['public.a'], 'additional-conditions': conditions };
    const data = JSON.stringify({ type: 'blocking', ...collections });
    source.reader.signal({ id, type: 'execute-snapshot', data });
  };
  send('1', 'SELECT * FROM nosuch');
  send('2', 'SELECT * FROM a WHERE id > 4');
  await database.query(`INSERT INTO a VALUES (7, 'new')`);
  await source.receiver.until((events) => events.filter((e) => e.op === 'r').length === 3);
  await source.stop();
  expect(source.notes.join('\n')).toContain('the blocking snapshot of public.a is given up');
  const reads = source.receiver.events.filter((event) => event.op === 'r');
  expect(reads.map((event) => event.after?.['id'])).toEqual(['5', '6', '7']);
});

test.each(['incremental', 'blocking'])(
  'cut off behind the truncate event (%s), no change of the table goes out before its rows',
  async (type) => {
    await using database = await freshDatabase();
    await keylessTable(database, 500);
    const options = sourceOptionsFor(database);
    const receiver = new RecordingReceiver();
    const first = await startStreaming(options, receiver);
    await receiver.until((events) => events.length === 500);
    receiver.autoFlush = false;
    receiver.onRow = (count) => {
      if (count !== 700) return;
      // The truncate event and 200 rows are durable, and then nothing more is.
      receiver.flush();
      receiver.gate = new Promise(() => undefined);
    };
    const data = JSON.stringify({ type, 'data-collections': ['public.k'] });
    first.reader.signal({ id: 's', type: 'execute-snapshot', data });
    await database.query(`SELECT pg_logical_emit_message(true, 'go', '')`);
    await receiver.until((events) => events.filter((e) => e.op === 'r').length === 700);
    await first.stop();
    receiver.gate = undefined;
    receiver.onRow = () => undefined;
    receiver.autoFlush = true;
    await database.query('DELETE FROM k WHERE n > 300; INSERT INTO k VALUES (1000)');
    const second = startSource(options, receiver);
    // It can neither be stopped nor held.
    second.reader.signal({ id: 't', type: 'stop-snapshot', data: '{}' });
    second.reader.signal({ id: 'u', type: 'pause-snapshot', data: '{}' });
    await receiver.until(() => {
      const state = String(receiver.stored?.offset['tidemark.snapshots'] ?? '');
      return !state.includes('"table":"k"') && !state.includes('public.k');
    });
    await database.query('INSERT INTO k VALUES (2000)');
    await receiver.until((events) => events.some((e) => e.after?.['n'] === '2000'));
    await second.stop();
    await expectTables(database, receiver, ['k']);
  },
);

test('a blocking snapshot waits for snapshot.window, and changes come meanwhile', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2)`);
  const clock = new SteppedClock(30_000, 30_000);
  const minute = new Date(clock.nowMs()).getUTCHours() * 60;
  const hours = [{ from: (minute + 120) % 1440, to: (minute + 240) % 1440 }];
  const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, window: { hours, timeZone: 'UTC' } };
  const options = sourceOptionsFor(database, { snapshotMode: 'no_data', snapshots });
  const source = await startStreaming(options, new RecordingReceiver(), { clock });
  const data = JSON.stringify({ type: 'blocking', 'data-collections': ['public.a'] });
  source.reader.signal({ id: 's', type: 'execute-snapshot', data });
  await expect.poll(() => clock.sleepers).toBe(1);
  await database.query('INSERT INTO a VALUES (3)');
  await source.receiver.until((events) => events.length === 1);
  clock.step(30_000);
  await expect.poll(() => clock.sleepers).toBe(1);
  expect(source.receiver.events.map(({ op }) => op)).toEqual(['c']);
  // Nothing is written afterwards: the server is asked.
  clock.step(120 * 60_000);
  await source.receiver.until((events) => events.length === 4);
  await source.stop();
  expect(source.receiver.events.map(({ op }) => op)).toEqual(['c', 'r', 'r', 'r']);
  expect(source.notes).toContain('tables are read on when snapshot.window begins');
});

test.each(['incremental', 'blocking'])(
  'a keyless table keeps to snapshot.max.rows.per.second (%s)',
  async (type) => {
    await using database = await freshDatabase();
    await keylessTable(database, 4000);
    const clock = new SteppedClock(150, 900, 'skip');
    const rate = 400;
    const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, fetchSize: 200, rowsPerSecond: rate };
    const options = sourceOptionsFor(database, { snapshotMode: 'no_data', snapshots });
    const source = await startStreaming(options, new RecordingReceiver(), { clock });
    const began = clock.monotonicMs();
    const data = JSON.stringify({ type, 'data-collections': ['public.k'] });
    source.reader.signal({ id: 's', type: 'execute-snapshot', data });
    await database.query(`SELECT pg_logical_emit_message(true, 'go', '')`);
    await source.receiver.until((events) => events.filter((e) => e.op === 'r').length === 4000);
    const seconds = (clock.monotonicMs() - began) / 1000;
    await source.stop();
    const reached = 4000 / seconds / rate;
    // The time that the machine takes itself counts as well.
    expect(reached).toBeGreaterThan(0.5);
    expect(reached).toBeLessThan(1.2);
  },
);

test('a slow whole read is left at once, and made up for at the next start', async () => {
  await using database = await freshDatabase();
  await keylessTable(database, 1000);
  // Hours, at this rate.
  const slow = { ...DEFAULT_SNAPSHOT_OPTIONS, fetchSize: 1, rowsPerSecond: 1 };
  const options = sourceOptionsFor(database, { snapshotMode: 'no_data', snapshots: slow });
  const first = await startStreaming(options);
  const { receiver } = first;
  const data = JSON.stringify({ 'data-collections': ['public.k'] });
  first.reader.signal({ id: 's', type: 'execute-snapshot', data });
  await receiver.until((events) => events.some((event) => event.op === 'r'));
  await first.stop();
  expect(receiver.events.length).toBeLessThan(1000);
  const second = await startStreaming(
    { ...options, snapshots: DEFAULT_SNAPSHOT_OPTIONS },
    receiver,
  );
  await receiver.until((events) => events.filter((event) => event.op === 'r').length >= 1000);
  await database.query('INSERT INTO k VALUES (1001)');
  await receiver.until((events) => events.some((event) => event.after?.['n'] === '1001'));
  await second.stop();
  await expectTables(database, receiver, ['k']);
});
