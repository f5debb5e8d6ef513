import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteSession, threadError } from '../../../src/sink/sql/sqlite-session.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';
import { counters } from '../../support/sink-counters.ts';
import { never, put } from '../../support/sink-harness.ts';
import { sqliteSinkTarget, startTargetSink } from '../../support/sink-target.ts';

test('one session has the file at a time: the other waits, then sees it', async () => {
  await using target = await sqliteSinkTarget();
  const [one, two] = [await target.open(), await target.open()];
  await one.query('CREATE TABLE t (a)');
  await one.begin();
  await one.query('INSERT INTO t VALUES (1)');
  const order: string[] = [];
  const waiting = two.begin().then(() => order.push('two has begun'));
  // Who reads never waits.
  expect(await target.query('SELECT * FROM t')).toEqual([]);
  expect(order).toEqual([]);
  order.push('one commits');
  await one.commit();
  await waiting;
  expect(order).toEqual(['one commits', 'two has begun']);
  expect((await two.query('SELECT a FROM t')).rows).toEqual([{ a: 1 }]);
  await two.rollback();
  await Promise.all([one.close(), two.close()]);
});

test('a lock that does not go is told after lock.timeout, and the session lives on', async () => {
  await using target = await sqliteSinkTarget();
  const holder = await target.open();
  const session = await openSqliteSession(target.options({ lockTimeoutMs: 50 }), never);
  await holder.begin();
  await expect(session.begin()).rejects.toMatchObject({ code: 'SINK_SERVER' });
  expect(session.broken).toBe(false);
  await holder.close();
  await session.begin();
  await session.rollback();
  await session.close();
});

test('a session that is cut fails what is under way, and its transaction is gone', async () => {
  await using target = await sqliteSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (a)');
  await session.begin();
  const insert = {
    text: 'INSERT INTO t VALUES (?)',
    values: Array(200_000).fill('1'),
    times: 200_000,
  };
  const running = session.query(insert);
  session.destroy();
  await expect(running).rejects.toMatchObject({ code: 'SINK_CONNECT' });
  await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'SINK_CONNECT' });
  // Until it is closed, the thread may still have the file, and a COMMIT be under way.
  await session.close();
  using database = new DatabaseSync(target.file, { timeout: 0 });
  database.exec('BEGIN IMMEDIATE');
  expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
});

test('a transaction that SQLite ended is not gone on with', async () => {
  await using target = await sqliteSinkTarget();
  const session = await target.open();
  await session.query('CREATE TABLE t (a)');
  await session.query(
    "CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
  );
  await session.begin();
  const insert = session.query('INSERT INTO t VALUES (1)');
  await expect(insert).rejects.toMatchObject({ code: 'SINK_RECORD' });
  expect(session.broken).toBe(true);
  await session.close();
});

/** Lets a put that is on its way come to the lock that it has to wait for. */
async function letOthersRun(session: TargetSession): Promise<void> {
  for (let i = 0; i < 50; i++) await session.query('SELECT 1');
}

test('whether a COMMIT that failed has happened only the file knows', async () => {
  await using target = await sqliteSinkTarget();
  const session = await target.open();
  await expect(session.commit()).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
  expect(session.broken).toBe(true);
  await session.close();
});

test('an abort ends opening, and a put that waits; then the sink goes on', async () => {
  await using target = await sqliteSinkTarget();
  const aborted = AbortSignal.abort(new Error('the daemon stops'));
  await expect(target.openSession(aborted)).rejects.toThrow('the daemon stops');
  await using sink = await startTargetSink(target);
  const topic = counters();
  await put(sink, [topic.insert({ id: 1, n: 1 })]);
  const holder = await target.open();
  await holder.begin();
  const stopping = new AbortController();
  const records = [topic.insert({ id: 2, n: 2 })];
  const position = { topic: topic.topic, partition: 0, generation: 1, offset: 2 };
  const running = sink.put(records, [position], stopping.signal);
  await letOthersRun(holder);
  stopping.abort(new Error('the daemon stops'));
  await expect(running).rejects.toThrow('the daemon stops');
  expect(sink.status().connected).toBe(false);
  await holder.close();
  await sink.put(records, [position], never);
  await sink.put(records, [position], never);
  expect(await target.query('SELECT id FROM counters')).toEqual([{ id: 1 }, { id: 2 }]);
});

/** As if the answer to a COMMIT had been lost: only the file knows where we are. */
test('after a cut the file says where the sink is, not its memory', async () => {
  await using target = await sqliteSinkTarget();
  await using sink = await startTargetSink(target);
  const topic = counters();
  const records = [1, 2].map((id) => topic.insert({ id, n: id }));
  await put(sink, records.slice(0, 1));
  const holder = await target.open();
  await holder.begin();
  await holder.query('UPDATE tidemark_offsets SET next_offset = 2');
  const cut = new AbortController();
  const running = sink.put(records, [], cut.signal);
  await letOthersRun(holder);
  cut.abort(new Error('cut'));
  await expect(running).rejects.toThrow('cut');
  await holder.commit();
  await holder.close();
  await put(sink, records);
  expect(await target.query('SELECT id FROM counters')).toEqual([{ id: 1 }]);
});

test('a folder that is missing is named, with the statement that makes it', async () => {
  await using target = await sqliteSinkTarget();
  const folder = path.join(path.dirname(target.file), 'not', 'there');
  const options = target.options({ connectionUrl: `sqlite:${folder}/a.db` });
  await expect(openSqliteSession(options, never)).rejects.toMatchObject({
    code: 'SINK_CONNECT',
    message: `the folder ${folder} does not exist`,
    cure: expect.stringContaining(`mkdir -p ${folder}`) as string,
  });
});

test('a file that is no database stops the sink', async () => {
  const options = (await sqliteSinkTarget()).options({
    connectionUrl: `sqlite:${import.meta.filename}`,
  });
  await expect(openSqliteSession(options, never)).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
});

test('a Node without SQLite is told from a thread that failed', () => {
  const missing = Object.assign(new Error('No such built-in module: node:sqlite'), {
    code: 'ERR_UNKNOWN_BUILTIN_MODULE',
  });
  expect(threadError(missing)).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(threadError(new Error('out of memory'))).toMatchObject({
    code: 'SINK_CONNECT',
    message: expect.stringContaining('out of memory') as string,
  });
});
