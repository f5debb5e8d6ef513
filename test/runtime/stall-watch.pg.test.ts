import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Stall } from '../../src/runtime/watch-view.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { watchedPipeline } from '../support/watched-pipeline.ts';

const { signal } = new AbortController();

/** It reads, and more comes than it can. */
const isBehind = ({ title }: Stall): boolean => title === 'the source reads, and falls behind';

async function shop(): Promise<TestDatabase> {
  const database = await freshDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1)');
  return database;
}

function sinkTo(database: TestDatabase): Readonly<Record<string, unknown>> {
  const { host, port, name, user, password } = database;
  return {
    name: 'dwh',
    'connector.class': 'jdbc',
    'connection.url': `jdbc:postgresql://${host}:${port}/${name}`,
    'connection.user': user,
    'connection.password': password,
    'table.name.format': '${source.table}',
    'errors.retry.delay.initial.ms': 50,
    'errors.retry.delay.max.ms': 200,
  };
}

test('a start that waits names who is in its way', async () => {
  await using database = await shop();
  const open = await database.connect();
  const pid = (await open.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  // Not a lock that the making of a slot would wait for.
  await open.query('BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE');
  const locked = await watchedPipeline(sourceSection(database));
  const lock = await locked.named('lock_wait', null, 'public.t');
  expect(lock.severity).toBe('warning');
  expect(lock.title).toContain(`a lock on public.t that pid ${pid} (`);
  expect(lock.evidence.join()).toMatch(/ours that waits: (CREATE|ALTER) PUBLICATION/);
  await locked.pipeline.stop();
  // A slot is made when all transactions of before have ended (P63).
  await open.query('COMMIT; BEGIN');
  await open.query(`INSERT INTO t VALUES (2, 'x')`);
  const waiting = await watchedPipeline(sourceSection(database));
  const slot = await waiting.named('long_transaction');
  expect(slot.title).toContain(`open transaction of pid ${pid} (`);
  expect(slot.evidence.join()).toMatch(/open for \d+ s,its statement: INSERT INTO t/);
  expect(slot.cure).toContain(`pg_terminate_backend(${pid})`);
  await open.query('COMMIT');
  await waiting.streaming();
});

test('each cause of a stream that stands still is named, and no other', async () => {
  await using database = await shop();
  await using proxy = await startProxy(database);
  const source = sourceSection(database, { 'database.port': proxy.port });
  const { named, well, streaming, pipeline, lines } = await watchedPipeline(source);
  await streaming();
  expect(await named('idle')).toMatchObject({ severity: 'info', table: null });
  expect(pipeline.conditions(Date.now()).filter(({ key }) => key.startsWith('stall'))).toEqual([]);

  const open = await database.connect();
  const pid = (await open.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  await open.query(`BEGIN; INSERT INTO t VALUES (3, 'open')`);
  expect((await named('long_transaction')).title).toContain(`pid ${pid} (`);
  await open.query('COMMIT');
  await well();

  // Half open: the stream's connection passes nothing more, and nobody has told either end.
  proxy.freeze();
  await database.query(`INSERT INTO t VALUES (4, 'lost')`);
  const dead = await named('dead_socket');
  expect(dead.evidence.join()).toMatch(/walsender \d+ is .*answers another connection/);
  expect(pipeline.conditions(Date.now())).toContainEqual(
    expect.objectContaining({ key: 'stall:dead_socket:source', class: 'stall.dead_socket' }),
  );
  await expect.poll(() => lines).toContainEqual(expect.stringMatching(/^40 the connection of the/));
  proxy.cutAll();
  await well();
  await expect.poll(() => lines).toContainEqual(expect.stringMatching(/^30 over: the connection/));
  await expect.poll(() => pipeline.status().source.measures.creates).toBe(2);

  await proxy[Symbol.asyncDispose]();
  // What was open is closed first.
  const down = async () => (await named('source_down')).evidence.join();
  await expect.poll(down).toContain('ECONNREFUSED');
});

test('a publication that is gone', async () => {
  await using database = await shop();
  const { named, streaming } = await watchedPipeline(sourceSection(database));
  await streaming();
  await database.query(`DROP PUBLICATION tidemark_shop`);
  const lost = await named('publication_lost');
  expect(lost.cure).toContain('Put it back as it was');
});

test('a slot that somebody else reads, one that is gone, and what no other try mends', async () => {
  await using database = await shop();
  const first = await watchedPipeline(sourceSection(database));
  await first.streaming();
  // It has no offset for a slot that is there.
  const second = await watchedPipeline(sourceSection(database));
  expect((await second.named('task_failed')).title).toMatch(/not tried again: PG_SLOT_MISMATCH$/);
  const taking = { 'snapshot.mode': 'no_data', 'offset.mismatch.strategy': 'trust_slot' };
  const third = await watchedPipeline(sourceSection(database, taking));
  expect(await third.named('other_reader')).toMatchObject({ severity: 'critical', sink: null });
  await third.pipeline.stop();
  // The stream comes back at once: the slot has to be gone before it does.
  await eventually(() =>
    database.query(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
        WHERE database = current_database() AND active;
      SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE database = current_database()`),
  );
  expect(await first.named('position_lost')).toMatchObject({ severity: 'critical', sink: null });
});

test('a target that does not answer, and one that is held up', async () => {
  await using database = await shop();
  await using warehouse = await freshDatabase();
  await using proxy = await startProxy(warehouse);
  const sink = sinkTo({ ...warehouse, port: proxy.port });
  const { named, well, streaming, pipeline } = await watchedPipeline(sourceSection(database), [
    sink,
  ]);
  await streaming();
  await expect.poll(() => pipeline.status().sinks[0]?.applied).toBe(1);
  const other = await warehouse.connect();
  await other.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
  await database.query(`INSERT INTO t VALUES (2, 'waits')`);
  const slow = await named('slow_target', 'dwh');
  expect(slow.title).toMatch(
    /^sink dwh applies(?: nothing, and|, and falls behind:) \d+ records? waits?$/,
  );
  await other.query('COMMIT');
  await well();
  await proxy[Symbol.asyncDispose]();
  await database.query(`INSERT INTO t VALUES (3, 'waits')`);
  expect(await named('target_down', 'dwh')).toMatchObject({ severity: 'critical' });
});

test('a store that is full is what the source waits for', async () => {
  await using database = await shop();
  const { named, streaming, pipeline } = await watchedPipeline(sourceSection(database), [], {
    'max.bytes': '16mb',
  });
  await streaming();
  // More than the store takes, and little that can be made smaller; in many transactions.
  await database.query(`DO $$ BEGIN FOR part IN 1..40 LOOP
    INSERT INTO t SELECT part * 1000 + n, (SELECT string_agg(md5(n::text || part || i), '')
      FROM generate_series(1, 32) i) FROM generate_series(1, 500) n;
    COMMIT;
  END LOOP; END $$`);
  const full = await named('store_full');
  expect(full).toMatchObject({ sink: null, severity: 'critical' });
  const classes = pipeline.conditions(Date.now()).map((condition) => condition.class);
  expect(classes).toContain('stall.store_full');
  expect(classes).not.toContain('task.retrying');
});

test('a stream to which more comes than gets through, and rows that take their time', async () => {
  await using database = await shop();
  await using proxy = await startProxy(database);
  const source = sourceSection(database, { 'database.port': proxy.port });
  const { named, well, streaming, pipeline } = await watchedPipeline(source);
  await streaming();
  proxy.bytesPerSecond = 100_000;
  let behind: Stall | undefined;
  let id = 1000;
  // Ten times what gets through, until that is told.
  for (; behind === undefined; id += 100) {
    await database.query(
      `INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(${id}, ${id + 99}) n`,
    );
    await systemClock.sleep(50, signal);
    behind = pipeline.status().watch?.stalls.find(isBehind);
  }
  expect(behind.evidence.join()).toMatch(/what waits has only grown,read up to .* bytes on$/);
  proxy.bytesPerSecond = null;
  await expect.poll(() => pipeline.status().source.measures.creates).toBe(id - 1000);
  await well();

  // Each takes longer than what counts as standing still; it used to be told as a dead connection.
  proxy.bytesPerSecond = 500_000;
  await database.query(
    `INSERT INTO t SELECT -n, repeat('x', 2000000) FROM generate_series(1, 2) n`,
  );
  const slowly = /^what the server sends comes in slowly$/;
  await expect.poll(async () => (await named('slow_source')).title).toMatch(slowly);
  proxy.bytesPerSecond = null;
  await well();
});

/*
 * A sender that works answers nobody, which used to be taken for a connection that is dead: in half
 * a minute of decoding a large transaction, alerts said so.
 */
test('a server whose sender waits for a lock, and one that reads and sends nothing', async () => {
  await using database = await shop();
  // Before 15 a publication takes all rows of its tables.
  const rows = database.major < 15 ? '' : 'WHERE (v IS NULL OR md5(repeat(v, 5000000)) = v)';
  await database.query(`CREATE PUBLICATION p FOR TABLE t ${rows} WITH (publish = 'insert')`);
  const { named, well, streaming } = await watchedPipeline(
    sourceSection(database, {
      'publication.name': 'p',
      'publication.autocreate.mode': 'disabled',
      'status.update.interval.ms': 100,
    }),
  );
  await streaming();
  const other = await database.connect();
  await other.query('BEGIN; LOCK TABLE pg_publication_rel IN ACCESS EXCLUSIVE MODE');
  await database.query('INSERT INTO t VALUES (5)');
  // The first row of a table. Who looks at the catalog beside it waits, too.
  const held = /^the stream waits for a lock on pg_catalog.pg_publication_rel that pid/;
  await expect.poll(async () => (await named('lock_wait')).title).toMatch(held);
  await other.query('COMMIT');
  await well();

  if (database.major < 15) return;
  // None of them comes, and to find that out takes the server a tenth of a second each.
  await database.query(`INSERT INTO t SELECT n, 'abc' FROM generate_series(10, 40) n`);
  const busy = await named('server_busy');
  expect(busy).toMatchObject({ severity: 'info', sink: null });
  expect(busy.evidence.join()).toMatch(/walsender \d+ is streaming/);
  await well();
});

test('a snapshot that does not move, and nobody is in its way', async () => {
  await using database = await shop();
  const { named, streaming } = await watchedPipeline(
    sourceSection(database, {
      'snapshot.select.statement.overrides': 'public.t',
      'snapshot.select.statement.overrides.public.t':
        'SELECT * FROM public.t WHERE pg_sleep(2) IS NOT NULL',
    }),
  );
  const unknown = await named('unknown');
  expect(unknown).toMatchObject({
    severity: 'warning',
    title: 'the snapshot does not move, and nothing is found in its way',
  });
  await streaming();
});
