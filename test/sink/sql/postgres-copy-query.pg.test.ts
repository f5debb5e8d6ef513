import { expect, test, vi } from 'vitest';
import type { CopiedStatement } from '../../../dialects/dialect.ts';
import { stagingTable } from '../../../dialects/postgres/postgres-staging.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { openPostgresSession } from '../../../src/sink/sql/postgres-session.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { never, put, sinkOptions, startSink } from '../../support/sink-harness.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

/** Copies into a table `t (n int, s text)` of the schema public. */
function statement(table = 't'): CopiedStatement {
  const insert = (rows: string): string =>
    `INSERT INTO public.${table} SELECT u.c0, u.c1 FROM ${rows}`;
  const { table: name, create, copy } = stagingTable(['int', 'text'], insert(''));
  return {
    table: name,
    create,
    copy,
    apply: insert(`${name} AS u`),
    line: (cells) => `${cells.join('\t')}\n`,
  };
}

function lines(from: number, to: number, text = 'x'): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\t${text}\n`);
}

async function load(session: TargetSession, rows: Iterable<string>, table = 't'): Promise<number> {
  const loading = session.load?.(statement(table), rows) ?? null;
  if (loading === null) throw new Error('the session does not load');
  return loading;
}

test('rows of any number go into the table, as many as are told; none stays behind', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (n int, s text)');
  const session = await openPostgresSession(sinkOptions(database), never);
  for (const [from, to] of [
    [1, 3],
    [4, 100_000],
  ] as const) {
    await session.begin();
    expect(await load(session, lines(from, to, 'é'.repeat(40)))).toBe(to - from + 1);
    await session.commit();
  }
  const { rows } = await session.query(
    `SELECT count(*)::int AS n, count(DISTINCT n)::int AS d, min(length(s)) AS l FROM public.t`,
  );
  expect(rows).toEqual([{ n: 100_000, d: 100_000, l: 40 }]);
  const left = await session.query(`SELECT count(*)::int AS n FROM ${statement().table}`);
  expect(left.rows).toEqual([{ n: 0 }]);
  await session.close();
});

test('once a transaction: its table may still hold the rows from before', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (n int, s text); CREATE TABLE u (n int, s text)');
  const session = await openPostgresSession(sinkOptions(database), never);
  await session.begin();
  await load(session, lines(1, 2));
  expect(session.load?.(statement(), lines(3, 4))).toBeNull();
  await load(session, lines(1, 2), 'u');
  await session.commit();
  await session.begin();
  await load(session, lines(5, 5));
  await session.commit();
  expect(await database.query('SELECT n FROM t ORDER BY n')).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 5 },
  ]);
  await session.close();
});

test.each([
  ['a text that is no number', 'x\ty\n'],
  ['a column too few', '7\n'],
])('%s: all that follows is passed over, and the session goes on', async (_, bad) => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (n int, s text)');
  const session = await openPostgresSession(sinkOptions(database), never);
  const rows = [...lines(1, 10), bad, ...lines(12, 20_000)];
  await session.begin();
  await expect(load(session, rows)).rejects.toMatchObject({ code: 'SINK_RECORD' });
  await session.rollback();
  expect(session.broken).toBe(false);
  await session.begin();
  expect(await load(session, lines(1, 3))).toBe(3);
  await session.commit();
  expect(await database.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 3 }]);
  await session.close();
});

test('the statement is refused where its table is gone', async () => {
  await using database = await freshDatabase();
  const session = await openPostgresSession(sinkOptions(database), never);
  await session.begin();
  await expect(load(session, lines(1, 3))).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
  await session.rollback();
  expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await session.close();
});

test('a session that is killed while it loads is broken, and nothing was written', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE t (n int, s text)');
  const session = await openPostgresSession(sinkOptions(database), never);
  await session.begin();
  // Until the lock is free the statement waits behind its rows.
  const other = await database.connect();
  await other.query('BEGIN; LOCK TABLE t IN EXCLUSIVE MODE');
  const failed = load(session, lines(1, 5_000)).catch((error: unknown) => error);
  await database.until(
    `SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  );
  expect(await failed).toMatchObject({ code: 'SINK_SERVER' });
  expect(session.broken).toBe(true);
  await session.close();
});

const STAGING = `SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE 'tidemark_rows_%'`;

test('a put of many rows is copied; a small one is not worth it', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  const topic = shop();
  await put(sink, changesOf(topic, 20));
  expect(await database.query(STAGING)).toEqual([{ n: 0 }]);
  await put(sink, changesOf(topic, 500));
  expect(await database.query(STAGING)).toEqual([{ n: 1 }]);
  expect(await database.query('SELECT count(*)::int AS n FROM shop')).toEqual([{ n: 500 }]);
});

test('tables of the session are few, however many the sink writes to', async () => {
  await using database = await freshDatabase();
  await using sink = await startSink(database);
  for (let i = 0; i < 20; i++) await put(sink, changesOf(shop(`shop_${i}`), 200));
  const [{ n } = { n: 0 }] = await database.query<{ n: number }>(STAGING);
  expect(n).toBeGreaterThan(0);
  expect(n).toBeLessThanOrEqual(16);
  expect(await database.query('SELECT count(*)::int AS n FROM shop_19')).toEqual([{ n: 200 }]);
});

test('its tables are dropped when it is idle, and each hour: they hold up vacuum', async () => {
  await using database = await freshDatabase();
  const made = `SELECT max(oid::bigint)::text AS oid, count(*)::int AS n
    FROM pg_class WHERE relname LIKE 'tidemark_rows_%'`;
  let nowMs = 0;
  const clock = vi.spyOn(systemClock, 'monotonicMs').mockImplementation(() => nowMs);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const pass = (ms: number): void => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };
  try {
    await using sink = await startSink(database);
    const topic = shop();
    await put(sink, changesOf(topic, 200));
    const [first] = await database.query(made);
    await put(sink, changesOf(topic, 200));
    expect(await database.query(made)).toEqual([first]);
    // No minute without a put has passed, but an hour since the first.
    for (let minute = 0; minute < 61; minute++) {
      pass(59_000);
      await put(sink, changesOf(topic, minute === 60 ? 20 : 200));
    }
    pass(59_000);
    await put(sink, changesOf(topic, 200));
    const [later] = await database.query(made);
    expect(later?.['n']).toBe(1);
    expect(Number(later?.['oid'])).toBeGreaterThan(Number(first?.['oid']));
    pass(61_000);
    vi.useRealTimers();
    await database.until(`SELECT n = 0 FROM (${made}) m`);
  } finally {
    clock.mockRestore();
    vi.useRealTimers();
  }
});

test('a role that may not make temporary tables has its rows as parameters', async () => {
  await using database = await freshDatabase();
  const role = `poor_${database.name}`;
  await database.query(`REVOKE TEMPORARY ON DATABASE ${database.name} FROM PUBLIC`);
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'poor'`);
  await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'poor';
  {
    await using sink = await startSink({ url: url.href });
    await put(sink, changesOf(shop(), 500));
    expect(await database.query(STAGING)).toEqual([{ n: 0 }]);
    expect(await database.query('SELECT count(*)::int AS n FROM shop')).toEqual([{ n: 500 }]);
  }
  await database.query(`DROP OWNED BY ${role}`);
  await database.query(`DROP ROLE ${role}`);
});

function shop(table = 'shop'): SinkTopic {
  const columns = [
    column('id', 'integer', { type: 'int32', optional: false }),
    column('t', 'text', { type: 'string' }),
  ];
  return new SinkTopic({ columns, key: ['id'], table });
}

/** Rows that may be there; new ones go another way (added-rows.pg.test.ts). */
function changesOf(topic: SinkTopic, count: number): SinkRecord[] {
  return Array.from({ length: count }, (_, i) => topic.update({ id: i, t: `text ${i}` }));
}
