import { expect, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { shopDatabase, shopPipeline } from '../support/shop-pipeline.ts';

/** Tables of several chunks, wide enough that the log takes them in several appends. */
async function fill(source: TestDatabase): Promise<void> {
  await source.query(
    `CREATE TABLE big (id int PRIMARY KEY, v text);
     INSERT INTO big SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 40000) n;
     ANALYZE big`,
  );
}

async function expectEqual(source: TestDatabase, target: TestDatabase): Promise<void> {
  const digest = `SELECT
    (SELECT md5(string_agg(b::text, ',' ORDER BY id)) FROM big b) AS big,
    (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t) AS t`;
  expect(await target.query(digest)).toEqual(await source.query(digest));
}

test('killed in the middle, the same command completes it, and a second call says so', async () => {
  await using source = await shopDatabase();
  await fill(source);
  await using target = await freshDatabase();
  await using pipeline = await shopPipeline(source, target);
  const { file } = pipeline;
  // In the middle of reading, and in the middle of applying.
  for (const faultPoint of ['snapshot.rows-appended:3', 'sink.applied:2']) {
    await using killed = Daemon.start({ file, port: 0, command: 'bootstrap', faultPoint });
    expect((await killed.ended).signal, `it said\n${killed.output}`).toBe('SIGKILL');
    expect(killed.output).not.toContain('Bootstrap done');
    await source.query(
      `DELETE FROM big WHERE id % 5 = 0; UPDATE big SET v = 'new' WHERE id % 7 = 0;
       INSERT INTO t SELECT max(id) + 1, 'later' FROM t`,
    );
  }
  const done = await runProgram(['bootstrap', file]);
  expect(done, `it said\n${done.stderr}`).toMatchObject({ code: 0 });
  // A committed row is there when the command has ended, not soon afterwards.
  await expectEqual(source, target);

  const again = await runProgram(['bootstrap', file]);
  expect(again, `it said\n${again.stderr}`).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('The snapshot was done before; the sinks have caught up.');
  expect(again.stdout).toContain(`Next: tidemark run ${file}`);
  await expectEqual(source, target);
  const slots = `SELECT slot_name, active FROM pg_replication_slots
    WHERE database = current_database()`;
  expect(await source.query(slots)).toEqual([{ slot_name: `slot_${source.name}`, active: false }]);
});

test('a source that never streams ends it, also when all was read before', async () => {
  await using source = await shopDatabase();
  await fill(source);
  await using target = await freshDatabase();
  await using pipeline = await shopPipeline(source, target, {
    source: { 'snapshot.mode': 'initial_only' },
  });
  for (const said of ['Bootstrap done', 'The snapshot was done before']) {
    const done = await runProgram(['bootstrap', pipeline.file]);
    expect(done, `it said\n${done.stderr}`).toMatchObject({ code: 0 });
    expect(done.stdout).toContain(said);
    await expectEqual(source, target);
  }
});

test('--follow goes on with the stream, and SIGTERM ends it in order', async () => {
  await using source = await shopDatabase();
  await using target = await freshDatabase();
  await using pipeline = await shopPipeline(source, target);
  const { file } = pipeline;
  await using daemon = Daemon.start({ file, port: 0, command: 'bootstrap', args: ['--follow'] });
  await vi.waitFor(() => expect(daemon.output).toContain('Following the stream; Ctrl-C stops.'), {
    timeout: 60_000,
  });
  expect(daemon.output).toContain('Bootstrap done: 2 rows are in the log and in every sink.');
  await source.query(`INSERT INTO t VALUES (3, 'c'); DELETE FROM t WHERE id = 1`);
  await target.until('SELECT array_agg(id ORDER BY id) = ARRAY[2, 3] FROM t');
  expect(await daemon.stop(), `it said\n${daemon.output}`).toBe(0);
  expect(daemon.output).not.toContain('Stopped before the end');
  const free = `SELECT count(*) = 1 AS free FROM pg_replication_slots
    WHERE database = current_database() AND NOT active`;
  expect(await source.query(free)).toEqual([{ free: true }]);
});

test('a signal in the middle ends it in order; the same command goes on', async () => {
  await using source = await shopDatabase();
  await fill(source);
  await using target = await freshDatabase();
  await using pipeline = await shopPipeline(source, target);
  const stop = new AbortController();
  const running = runProgram(['bootstrap', pipeline.file], {}, stop.signal);
  await source.until(`SELECT count(*) > 0 FROM pg_replication_slots
    WHERE database = current_database() AND confirmed_flush_lsn IS NOT NULL`);
  stop.abort();
  const stopped = await running;
  expect(stopped.code).toBe(0);
  const done = await runProgram(['bootstrap', pipeline.file]);
  expect(done, `it said\n${done.stderr}`).toMatchObject({ code: 0 });
  await expectEqual(source, target);
});
