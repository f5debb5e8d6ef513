import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { checkPostgresSource } from '../../../../src/source/postgres/capture/postgres-preflight.ts';
import type { SnapshotOptions } from '../../../../src/source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import type { RecordedEvent } from '../../../support/recording-receiver.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { rejection, startSnapshot } from '../../../support/snapshot-run.ts';

function optionsFor(
  database: TestDatabase,
  overrides: Readonly<Record<string, string>>,
  more: Parameters<typeof sourceOptionsFor>[1] = {},
  snapshots: Partial<SnapshotOptions> = {},
): ReturnType<typeof sourceOptionsFor> {
  const list = Object.entries(overrides).map(([table, statement]) => ({ table, statement }));
  return sourceOptionsFor(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, overrides: list, ...snapshots },
    ...more,
  });
}

const rowsOf = (events: readonly RecordedEvent[], table: string): unknown[] =>
  events.filter((e) => e.op === 'r' && e.table === table).map((e) => e.after);

const idsOf = (events: readonly RecordedEvent[], table: string): number[] =>
  events
    .filter((e) => e.op === 'r' && e.table === table)
    .map((e) => Number(e.after?.['id']))
    .toSorted((a, b) => a - b);

test('columns in any order, each in the type of its column; comments, partitions', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, amount numeric(8,2), v varchar(3), secret text);
    INSERT INTO a SELECT g, g, 'v' || g, 's' FROM generate_series(1, 5) g;
    CREATE TABLE p (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
    INSERT INTO p SELECT g, g FROM generate_series(5, 14) g;
    CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1), (2);`);
  const run = startSnapshot(
    optionsFor(
      database,
      {
        'public.a': `SELECT 'long ' || v AS v, amount / 3 AS amount, 'x' AS more, id
          FROM public.a WHERE id > 3 -- the newest`,
        'public.p': 'SELECT p.* FROM p JOIN b ON true WHERE b.id = 1 AND at > 8 AND at < 12;',
      },
      {
        publishViaPartitionRoot: true,
        columnExclude: [/^public\.a\.secret$/],
        snapshotMaxThreads: 3,
      },
    ),
  );
  await run.result;
  const { events } = run.receiver;
  expect(rowsOf(events, 'a')).toEqual([
    { id: '4', amount: '1.33', v: 'long v4' },
    { id: '5', amount: '1.67', v: 'long v5' },
  ]);
  expect(idsOf(events, 'p')).toEqual([9, 10, 11]);
  expect(idsOf(events, 'b')).toEqual([1, 2]);
  expect(events.at(-1)?.snapshot).toBe('last');
});

describe('what does not fit is refused before anything is made', () => {
  test.each([
    ['a missing column', 'SELECT id FROM a', 'gives no column v; it gives: id'],
    ['a column twice', 'SELECT a.*, b.id FROM a JOIN b USING (id)', 'is ambiguous'],
    ['no such table', 'SELECT * FROM nowhere', 'relation "nowhere" does not exist'],
    ['another type', `SELECT ARRAY[id] AS id, v FROM a`, 'cannot cast'],
    ['no SELECT', 'DELETE FROM a RETURNING *', 'syntax error'],
  ])('%s', async (_, statement, message) => {
    await using database = await freshDatabase();
    await database.query(`
      CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY);
      INSERT INTO a VALUES (1, 'v');`);
    const options = optionsFor(database, { 'public.a': statement, 'public.zz': 'SELECT 1' });
    const report = await checkPostgresSource(options, {
      clock: systemClock,
      signal: new AbortController().signal,
    });
    expect(report.problems.map(({ code }) => code)).toEqual(['PG_SELECT_OVERRIDE']);
    expect(report.problems[0]?.message).toContain(message);
    expect(report.warnings.map((w) => w.message).join()).toContain('names public.zz, which is not');
    const failed = await rejection(startSnapshot(options).result);
    expect([failed.code, failed.message.includes(message)]).toEqual(['PG_SELECT_OVERRIDE', true]);
    expect(
      await database.query('SELECT slot_name FROM pg_replication_slots WHERE database = $1', [
        database.name,
      ]),
    ).toEqual([]);
    expect(await database.query('SELECT id FROM a')).toEqual([{ id: 1 }]);
  });

  test('a name in another spelling would let all rows through', async () => {
    await using database = await freshDatabase();
    await database.query('CREATE TABLE "Orders" (id int PRIMARY KEY)');
    const options = optionsFor(database, { 'public.orders': 'SELECT 1 AS id' });
    const failed = await rejection(startSnapshot(options).result);
    expect(failed.message).toContain('the table is public.Orders');
  });
});

test('a table of the SELECT is emptied before it is locked: all begins anew (P67)', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2);
    CREATE SCHEMA other; CREATE TABLE other.allowed (id int); INSERT INTO other.allowed VALUES (1);
    CREATE VIEW other.seen AS SELECT id FROM other.allowed;`);
  const receiver = new RecordingReceiver();
  const original = receiver.snapshotStarted.bind(receiver);
  let attempts = 0;
  receiver.snapshotStarted = async (tables, offset) => {
    if (attempts++ === 0) {
      await database.query('TRUNCATE other.allowed; INSERT INTO other.allowed VALUES (2)');
    }
    await original(tables, offset);
  };
  const run = startSnapshot(
    optionsFor(
      database,
      { 'public.a': 'SELECT * FROM a WHERE id IN (SELECT id FROM other.seen)' },
      { tableInclude: [/^public\..*$/], publicationAutocreateMode: 'filtered' },
    ),
    { receiver },
  );
  await run.result;
  expect(attempts).toBe(2);
  expect(idsOf(receiver.events, 'a')).toEqual([2]);
});

test('cut short, the SELECT is read by key beside the stream, a keyless one anew', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text, big text);
    ALTER TABLE a ALTER big SET STORAGE EXTERNAL;
    INSERT INTO a SELECT g, 'v', repeat('x', 2500) FROM generate_series(1, 3000) g;
    CREATE TABLE k (id int); ALTER TABLE k REPLICA IDENTITY FULL;
    INSERT INTO k SELECT generate_series(1, 50);`);
  const options = optionsFor(
    database,
    { 'public.a': 'SELECT * FROM a WHERE id % 2 = 0', 'public.k': 'SELECT * FROM k WHERE id > 10' },
    {},
    { chunkRows: 100 },
  );
  const receiver = new RecordingReceiver();
  const first = startSource(options, receiver);
  await receiver.until((events) => events.length > 300);
  receiver.autoFlush = false;
  await first.stop();
  receiver.autoFlush = true;
  // Not of the SELECT, and the stream brings it without all values: read from the table.
  await database.query(`UPDATE a SET v = 'w' WHERE id = 7; UPDATE a SET v = 'w' WHERE id = 8;
    DELETE FROM a WHERE id = 10; DELETE FROM k WHERE id = 20; INSERT INTO k VALUES (60);`);
  const second = startSource(options, receiver);
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
  await second.stop();
  expect(receiver.snapshots).toBe(1);
  const rows = new Map<string, string | null | undefined>();
  for (const { table, op, before, after } of receiver.events) {
    if (table !== 'a') continue;
    if (op === 'd') rows.delete(String(before?.['id']));
    else rows.set(String(after?.['id']), after?.['v']);
  }
  const odd = [...rows.keys()].filter((id) => Number(id) % 2 === 1);
  expect([rows.size, odd, rows.get('7'), rows.get('8')]).toEqual([1500, ['7'], 'w', 'w']);
  const keyless = receiver.events.filter((e) => e.table === 'k');
  const from = keyless.findLastIndex((e) => e.op === 't');
  const ids = keyless.slice(from + 1).map((e) => [e.op, Number(e.after?.['id'])]);
  const wanted = Array.from({ length: 40 }, (_, i) => i + 11).filter((id) => id !== 20);
  expect(ids).toEqual([...wanted, 60].map((id) => ['r', id]));
});

test('blocking snapshots use it, or that of the signal; incremental ones do not', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 6);`);
  const source = await startStreaming(
    optionsFor(
      database,
      { 'public.a': 'SELECT * FROM a WHERE id > 4' },
      { snapshotMode: 'no_data' },
    ),
  );
  const { receiver, reader } = source;
  const read = async (more: object, count: number): Promise<number[]> => {
    const before = receiver.events.length;
    const data = JSON.stringify({ 'data-collections': ['public.a'], ...more });
    reader.signal({ id: 's', type: 'execute-snapshot', data });
    await database.query(`SELECT pg_logical_emit_message(true, 'go', '')`);
    const since = (): readonly RecordedEvent[] => receiver.events.slice(before);
    await receiver.until(() => idsOf(since(), 'a').length >= count);
    await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
    return idsOf(since(), 'a');
  };
  expect(await read({ type: 'blocking' }, 2)).toEqual([5, 6]);
  const own = [{ 'data-collection': 'public.a', filter: 'SELECT * FROM a WHERE id = 1' }];
  expect(await read({ type: 'blocking', 'additional-conditions': own }, 1)).toEqual([1]);
  expect(await read({ type: 'incremental' }, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  await source.stop();
});

test('a table that is added is read by its SELECT', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
    INSERT INTO b SELECT generate_series(1, 6);`);
  let names: readonly string[] | null = null;
  const knownTables = {
    load: () => names,
    store: (list: readonly string[]) => {
      names = list;
      return Promise.resolve();
    },
  };
  const of = (tables: string): ReturnType<typeof optionsFor> =>
    optionsFor(
      database,
      { 'public.b': 'SELECT id FROM b WHERE id > 4' },
      { publicationAutocreateMode: 'filtered', tableInclude: [new RegExp(`^public\\.${tables}$`)] },
    );
  const receiver = new RecordingReceiver();
  const first = startSource(of('a'), receiver, { knownTables });
  await expect.poll(() => names).toEqual(['public.a']);
  await first.stop();
  const second = startSource(of('[ab]'), receiver, { knownTables });
  await expect.poll(() => names).toEqual(['public.a', 'public.b']);
  await second.stop();
  expect(idsOf(receiver.events, 'b')).toEqual([5, 6]);
});
