import { describe, expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { SnapshotOptions } from '../../../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from '../../../support/postgres.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../../support/postgres-source.ts';
import type { RecordedEvent } from '../../../support/recording-receiver.ts';

function optionsFor(
  database: TestDatabase,
  snapshots: Partial<SnapshotOptions> = {},
): ReturnType<typeof sourceOptionsFor> {
  return sourceOptionsFor(database, {
    snapshotMode: 'no_data',
    snapshots: {
      ...DEFAULT_SNAPSHOT_OPTIONS,
      signalTable: 'public.signal',
      chunkSize: 3,
      ...snapshots,
    },
  });
}

const SIGNAL_TABLE = `CREATE TABLE signal (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL,
  data varchar(2048));`;

let count = 0;
async function signal(database: TestDatabase, type: string, data: object = {}): Promise<void> {
  await database.query('INSERT INTO signal VALUES ($1, $2, $3)', [
    `s${++count}`,
    type,
    JSON.stringify(data),
  ]);
}

const execute = (database: TestDatabase, collections: string[], more: object = {}): Promise<void> =>
  signal(database, 'execute-snapshot', { 'data-collections': collections, ...more });

const readsOf = (events: readonly RecordedEvent[], table: string): (string | null | undefined)[] =>
  events.filter((e) => e.op === 'r' && e.table === table).map((e) => e.after?.['id']);

describe('by the signal table', () => {
  test('rows come in key order, chunk by chunk, marked incremental', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE a (id int PRIMARY KEY, v text);
      INSERT INTO a SELECT g, 'v' || g FROM generate_series(10, 1, -1) g;
      CREATE TABLE b (x int, y text, v int, PRIMARY KEY (x, y));
      INSERT INTO b SELECT g / 3, 'k' || g, g FROM generate_series(1, 7) g;
      CREATE TABLE empty (id int PRIMARY KEY);`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.a', 'public.b', 'public.empty']);
    await source.receiver.until(
      (events) => readsOf(events, 'a').length === 10 && readsOf(events, 'b').length === 7,
    );
    await source.receiver.until(
      () => source.receiver.stored?.offset['tidemark.snapshots'] === undefined,
    );
    await source.stop();
    const { events } = source.receiver;
    expect(readsOf(events, 'a')).toEqual(Array.from({ length: 10 }, (_, i) => String(i + 1)));
    expect(events.filter((e) => e.table === 'b').map((e) => e.after?.['v'])).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
    expect(new Set(events.filter((e) => e.op === 'r').map((e) => e.snapshot))).toEqual(
      new Set(['incremental']),
    );
    expect(events.filter((e) => e.table === 'signal')).toHaveLength(1);
  });

  test('additional conditions and a surrogate key', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE a (id text PRIMARY KEY, n int NOT NULL, v text);
      INSERT INTO a SELECT md5(g::text), g, 'v' FROM generate_series(1, 9) g;`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.a'], {
      'surrogate-key': 'n',
      'additional-conditions': [{ 'data-collection': 'public.a', filter: 'n % 2 = 1' }],
    });
    await source.receiver.until((events) => readsOf(events, 'a').length === 5);
    await source.stop();
    const reads = source.receiver.events.filter((e) => e.op === 'r');
    expect(reads.map((e) => e.after?.['n'])).toEqual(['1', '3', '5', '7', '9']);
  });

  test('a surrogate key that may be NULL, or is none, ends the snapshot and says so', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1, NULL), (2, 5);
      CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1);`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.a'], { 'surrogate-key': 'n' });
    await execute(database, ['public.a'], { 'surrogate-key': 'nothing' });
    const filter = '1=1) TO STDOUT; DROP TABLE b; --';
    await execute(database, ['public.b'], {
      'additional-conditions': [{ 'data-collection': 'public.b', filter }],
    });
    await execute(database, ['public.b']);
    await source.receiver.until((events) => readsOf(events, 'b').length === 1);
    await source.stop();
    expect(readsOf(source.receiver.events, 'a')).toEqual([]);
    const notes = source.notes.join();
    expect(notes).toContain('the surrogate-key n may be NULL in a');
    expect(notes).toContain('the surrogate-key nothing is no column of a');
    expect(notes).toContain('the condition of public.b closes a bracket');
  });

  test('a table without a key is read whole behind a truncate event (ruling 1)', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE k (id int, v text); ALTER TABLE k REPLICA IDENTITY FULL;
      INSERT INTO k SELECT 1, 'x' FROM generate_series(1, 5);`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.k']);
    await source.receiver.until((events) => readsOf(events, 'k').length === 5);
    await database.query(`INSERT INTO k VALUES (2, 'y')`);
    await source.receiver.until((events) => events.some((e) => e.after?.['id'] === '2'));
    await source.stop();
    expect(source.receiver.events.filter((e) => e.table === 'k').map((e) => e.op)).toEqual([
      't',
      'r',
      'r',
      'r',
      'r',
      'r',
      'c',
    ]);
  });

  test('a blocking snapshot reads with the stream held, with first and last', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE a (id int PRIMARY KEY, v text);
      INSERT INTO a SELECT g, 'v' FROM generate_series(1, 4) g;`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.a'], { type: 'BLOCKING' });
    await source.receiver.until((events) => readsOf(events, 'a').length === 4);
    await database.query(`UPDATE a SET v = 'w' WHERE id = 1`);
    await source.receiver.until((events) => events.some((e) => e.op === 'u'));
    await source.stop();
    expect(source.receiver.events.filter((e) => e.table === 'a').map((e) => e.snapshot)).toEqual([
      'first',
      'true',
      'true',
      'last',
      'false',
    ]);
  });

  test('paused, it waits, over a restart too; stopped, it ends', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE}
      CREATE TABLE a (id int PRIMARY KEY, v text);
      INSERT INTO a SELECT g, 'v' FROM generate_series(1, 3000) g;
      CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1);`);
    const options = optionsFor(database);
    const source = await startStreaming(options);
    await database.query(`
      INSERT INTO signal VALUES
        ('p0', 'execute-snapshot', '{"data-collections": ["public.a", "public.b"]}'),
        ('p1', 'pause-snapshot', '{}')`);
    await source.receiver.until((events) => events.filter((e) => e.table === 'signal').length >= 2);
    await source.stop();
    const paused = readsOf(source.receiver.events, 'a').length;
    expect(paused).toBeLessThan(3000);
    expect(String(source.receiver.stored?.offset['tidemark.snapshots'])).toContain('"paused":true');
    const again = startSource(options, source.receiver);
    await signal(database, 'stop-snapshot', { 'data-collections': ['public.a'] });
    await signal(database, 'resume-snapshot');
    await again.receiver.until((events) => readsOf(events, 'b').length === 1);
    await again.stop();
    expect(readsOf(again.receiver.events, 'a').length).toBe(paused);
  });

  test('what cannot be read is told and given up; the stream goes on', async () => {
    await using database = await freshDatabase();
    await database.query(`${SIGNAL_TABLE} CREATE TABLE a (id int PRIMARY KEY);
      INSERT INTO a VALUES (1);`);
    const source = await startStreaming(optionsFor(database));
    await execute(database, ['public.a', 'public.none'], { 'additional-condition': 'nosuch = 1' });
    await signal(database, 'execute-snapshot', { 'data-collections': 'a' });
    await signal(database, 'log', { message: 'at {}' });
    await database.query('INSERT INTO a VALUES (2)');
    await source.receiver.until((events) => events.some((e) => e.after?.['id'] === '2'));
    await expect.poll(() => source.notes.join('\n')).toContain('is given up');
    expect(source.notes.join('\n')).toContain('names public.none, which is not captured');
    expect(source.notes.join('\n')).toContain('data-collections must be a list');
    expect(source.notes.join('\n')).toMatch(/at \{.*"lsn":\d/);
    await source.stop();
  });
});

test('under load the rows of the stream win, and the outcome is the table', async () => {
  await using database = await freshDatabase();
  await database.query(`${SIGNAL_TABLE}
    CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL, big text);
    ALTER TABLE a ALTER big SET STORAGE EXTERNAL;
    INSERT INTO a SELECT g, 0, repeat('x', 2500) FROM generate_series(1, 400) g;`);
  const options = optionsFor(database, { chunkSize: 20, readOnly: true });
  const source = await startStreaming(options);
  const writing = new AbortController();
  const writer = (async () => {
    for (let i = 1; !writing.signal.aborted; i++) {
      const id = (i * 37) % 400;
      await database.query(`
        UPDATE a SET v = v + 1 WHERE id = ${id + 1} AND id % 3 = 0;
        DELETE FROM a WHERE id = ${((i * 53) % 400) + 1} AND ${i} % 7 = 0 AND id % 3 = 0;
        INSERT INTO a VALUES (${400 + i}, 1, 'new');
        UPDATE a SET id = -id WHERE id = ${400 + i - 3};`);
    }
  })();
  for (let round = 1; round <= 3; round++) {
    await execute(database, ['public.a']);
    await source.receiver.until(
      (events) => events.filter((e) => e.table === 'signal').length === round,
    );
    await source.receiver.until(
      () => source.reader.offset().offset['tidemark.snapshots'] === undefined,
    );
  }
  writing.abort();
  await writer;
  await database.query(`INSERT INTO a VALUES (0, 0, 'end')`);
  await source.receiver.until((events) => events.some((e) => e.after?.['big'] === 'end'));
  await source.stop();
  const state = new Map<string, Record<string, unknown>>();
  for (const event of source.receiver.events) {
    if (event.table !== 'a') continue;
    const old = event.before?.['id'];
    const carried = state.get(String(old ?? event.after?.['id'])) ?? {};
    if (old !== undefined && old !== null) state.delete(old);
    if (event.after === null) continue;
    const kept = Object.fromEntries(
      Object.entries(event.after).map(([name, value]) => [name, value ?? carried[name]]),
    );
    state.set(String(event.after['id']), kept);
  }
  const rows = await database.query('SELECT id::text, v::text, big FROM a');
  const wanted = new Map(rows.map((row) => [String(row['id']), row]));
  expect(state.size).toBe(wanted.size);
  for (const [id, row] of wanted) expect(state.get(id)).toEqual(row);
});
