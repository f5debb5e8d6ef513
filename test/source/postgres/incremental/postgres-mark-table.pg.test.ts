import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { SnapshotOptions } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import type { RunningSource } from '../../../support/postgres-source.ts';
import { sourceOptionsFor, startStreaming } from '../../../support/postgres-source.ts';

const SCHEMA = `
  CREATE TABLE signal (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));
  CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 9);
  CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2);
  CREATE TABLE empty (id int PRIMARY KEY);`;

function start(
  database: TestDatabase,
  snapshots: Partial<SnapshotOptions>,
): Promise<RunningSource> {
  const options = { ...DEFAULT_SNAPSHOT_OPTIONS, signalTable: 'public.signal', chunkSize: 3 };
  return startStreaming(
    sourceOptionsFor(database, {
      snapshotMode: 'no_data',
      snapshots: { ...options, ...snapshots },
    }),
  );
}

/** Sends the signal, and waits until all tables are read and a change behind that has come. */
async function snapshot(database: TestDatabase, source: RunningSource): Promise<void> {
  await database.query(`INSERT INTO signal VALUES ('s1', 'execute-snapshot',
    '{"data-collections": ["public.a", "public.b", "public.empty"]}')`);
  await source.receiver.until(
    (events) => events.filter((e) => e.op === 'r' && e.table === 'b').length === 2,
  );
}

const types = (source: RunningSource): unknown[] =>
  source.receiver.events
    .filter((e) => e.table === 'signal')
    .map((e) => [e.op, e.after?.['type'] ?? null]);

test('each window has two marks, and there is one pair more, as in the original', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  const source = await start(database, { watermarking: 'insert_insert' });
  await snapshot(database, source);
  const pairs = 5;
  await source.receiver.until(() => types(source).length === 1 + 2 * pairs);
  await source.stop();
  expect(types(source)).toEqual([
    ['c', 'execute-snapshot'],
    ...Array.from({ length: pairs }, () => [
      ['c', 'snapshot-window-open'],
      ['c', 'snapshot-window-close'],
    ]).flat(),
  ]);
  const rows = source.receiver.events.filter((e) => e.table === 'signal').map((e) => e.after);
  const [, open, close] = rows;
  expect(open?.['id']).toMatch(/^[0-9a-f-]{36}-open$/);
  expect(close?.['id']).toBe(open?.['id']?.replace('-open', '-close'));
  const time = String.raw`"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"`;
  expect(open?.['data']).toMatch(new RegExp(`^{"openWindowTimestamp": ${time}}$`));
  const both = `^{"openWindowTimestamp": ${time}, "closeWindowTimestamp": ${time}}$`;
  expect(close?.['data']).toMatch(new RegExp(both));
});

test('insert_delete leaves no mark behind', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  const source = await start(database, { watermarking: 'insert_delete' });
  await snapshot(database, source);
  await source.receiver.until(() => types(source).length === 11);
  await source.stop();
  expect(types(source).slice(1, 3)).toEqual([
    ['c', 'snapshot-window-open'],
    ['d', null],
  ]);
  expect(await database.query('SELECT id FROM signal')).toEqual([{ id: 's1' }]);
});

test.each([
  { watermarking: 'insert_insert', readOnly: true } as const,
  { watermarking: 'none' } as const,
])('nothing is written with %o', async (snapshots) => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  const source = await start(database, snapshots);
  await snapshot(database, source);
  await source.stop();
  expect(await database.query('SELECT id FROM signal')).toEqual([{ id: 's1' }]);
});

test('a mark that cannot be written is told with its cure, and the rows come', async () => {
  await using database = await freshDatabase();
  await database.query(`${SCHEMA}
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.type LIKE 'snapshot-window%' THEN RAISE insufficient_privilege; END IF;
    RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON signal FOR EACH ROW EXECUTE FUNCTION refuse();`);
  const source = await start(database, { watermarking: 'insert_insert' });
  await snapshot(database, source);
  await source.stop();
  expect(source.receiver.events.filter((e) => e.op === 'r')).toHaveLength(11);
  const told = source.notes.filter((note) => note.startsWith('PG_SIGNAL_TABLE'));
  expect(told[0]).toMatch(/may not INSERT in public.signal.*GRANT INSERT ON "public"\."signal" TO/);
});

test('a signal table that is there for its signals only is never read', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  const source = await start(database, {
    watermarking: 'insert_insert',
    signalTableSilent: true,
  });
  for (const type of ['incremental', 'blocking']) {
    await database.query('INSERT INTO signal VALUES ($1, $2, $3)', [
      type,
      'execute-snapshot',
      JSON.stringify({ 'data-collections': ['public..*'], type }),
    ]);
    await source.receiver.until(
      (events) => events.filter((e) => e.table === 'b').length === (type === 'blocking' ? 4 : 2),
    );
  }
  await source.stop();
  expect(types(source)).toEqual([]);
  expect((await database.query('SELECT id FROM signal')).length).toBeGreaterThan(2);
});

test('a signal table that was dropped meanwhile stops no snapshot', async () => {
  await using database = await freshDatabase();
  await database.query(SCHEMA);
  const source = await start(database, { watermarking: 'insert_insert' });
  await database.query('DROP TABLE signal');
  source.reader.signal({
    id: 's',
    type: 'execute-snapshot',
    data: '{"data-collections": ["public.a"]}',
  });
  await source.receiver.until((events) => events.filter((e) => e.op === 'r').length === 9);
  await source.stop();
  expect(source.notes.join('\n')).toMatch(/PG_SIGNAL_TABLE: no mark could be written.*42P01/);
});
