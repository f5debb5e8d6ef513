import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Stall } from '../../src/runtime/watch-view.ts';
import { sourceProperties } from '../support/binlog-ledger.ts';
import { eventually } from '../support/eventually.ts';
import { freshMysqlDatabase, type MysqlDatabase } from '../support/mysql-database.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { watchedPipeline } from '../support/watched-pipeline.ts';

const { signal } = new AbortController();

/** It reads, and more comes than it can. */
const isBehind = ({ title }: Stall): boolean => title === 'the source reads, and falls behind';

async function shop(): Promise<MysqlDatabase> {
  const database = await freshMysqlDatabase();
  await database.query('CREATE TABLE t (id int PRIMARY KEY, v text)');
  await database.query('INSERT INTO t VALUES (1, NULL)');
  return database;
}

function sinkTo(database: MysqlDatabase): Readonly<Record<string, unknown>> {
  const { flavor, host, port, name, user, password } = database;
  return {
    name: 'dwh',
    'connector.class': 'jdbc',
    'connection.url': `jdbc:${flavor}://${host}:${port}/${name}`,
    'connection.user': user,
    'connection.password': password,
    'table.name.format': '${source.table}',
    'errors.retry.delay.initial.ms': 50,
    'errors.retry.delay.max.ms': 200,
  };
}

test('each cause of a stream that stands still is named, and no other', async () => {
  await using database = await shop();
  await using warehouse = await freshMysqlDatabase();
  await using proxy = await startProxy(database);
  const source = { ...sourceProperties(database), 'database.port': proxy.port };
  const { named, well, streaming, pipeline } = await watchedPipeline(source, [sinkTo(warehouse)]);
  await streaming();
  const { watch } = pipeline.status();
  expect(watch?.retention?.isLost).not.toBe(true);

  const open = await database.connect();
  await open.query('BEGIN');
  await open.query(`INSERT INTO t VALUES (3, 'open')`);
  const id = open.threadId;
  const long = await named('long_transaction');
  expect(long.title).toContain(`thread ${id} (`);
  expect(long.cure).toContain(`KILL ${id};`);
  await open.query('COMMIT');
  await well();

  proxy.freeze();
  await database.query(`INSERT INTO t VALUES (4, 'lost')`);
  const dead = await named('dead_socket');
  expect(dead.evidence.join()).toMatch(/thread \d+ is .*answers another connection/);
  proxy.cutAll();
  await expect.poll(() => pipeline.status().source.measures.creates, { timeout: 45_000 }).toBe(2);
  await well();

  const other = await warehouse.connect();
  await other.query('LOCK TABLES t WRITE');
  await database.query(`INSERT INTO t VALUES (5, 'waits')`);
  // At first it may be told that it falls behind: a put just ended.
  await eventually(async () => {
    expect((await named('slow_target', 'dwh')).title).toMatch(/applies nothing, and \d+ record/);
  });
  await other.query('UNLOCK TABLES');
  await well();

  await proxy[Symbol.asyncDispose]();
  expect((await named('source_down')).severity).toBe('critical');
});

test('a snapshot that waits behind DDL names the transaction that holds all up', async () => {
  await using database = await shop();
  const other = await database.connect();
  await other.query('BEGIN');
  await other.query(`INSERT INTO t VALUES (2, 'open')`);
  const waiting = await database.connect();
  const ddl = waiting.query('ALTER TABLE t ADD COLUMN w int');
  await database.until(
    `SELECT count(*) > 0 FROM information_schema.processlist
      WHERE id = ? AND state LIKE 'Waiting for table metadata lock'`,
    [waiting.threadId],
  );
  const source = { ...sourceProperties(database), 'snapshot.locking.mode': 'none' };
  const { named, streaming } = await watchedPipeline(source);
  const lock = await named('lock_wait');
  expect(lock.title).toContain(`thread ${other.threadId} (`);
  expect(lock.cure).toContain(`KILL ${other.threadId};`);
  expect(lock.evidence.join()).toMatch(/ours that waits: /);
  await other.query('COMMIT');
  await ddl;
  await streaming();
});

/* How far it was behind used to be known within one file of the binlog alone. */
test('a stream to which more comes than gets through, over several files', async () => {
  await using database = await shop();
  await using proxy = await startProxy(database);
  const source = { ...sourceProperties(database), 'database.port': proxy.port };
  const { named, well, streaming, pipeline } = await watchedPipeline(source);
  await streaming();
  proxy.bytesPerSecond = 100_000;
  let behind: Stall | undefined;
  let id = 1000;
  // Ten times what gets through, until that is told.
  for (; behind === undefined; id += 100) {
    const rows = Array.from({ length: 100 }, (_, n) => `(${id + n}, REPEAT('x', 500))`);
    await database.query(`INSERT INTO t VALUES ${rows.join()}`);
    if (id === 1200) await database.query('FLUSH BINARY LOGS');
    await systemClock.sleep(50, signal);
    behind = pipeline.status().watch?.stalls.find(isBehind);
  }
  const places = /read up to (\S+):\d+, the server is at (\S+):\d+, \d+ bytes on$/;
  const [, from, to] = places.exec(behind.evidence.join()) ?? [];
  expect([from, to]).toEqual([
    expect.stringContaining('.'),
    expect.not.stringMatching(String(from)),
  ]);
  proxy.bytesPerSecond = null;
  await expect.poll(() => pipeline.status().source.measures.creates).toBe(id - 1000);
  await well();

  // Each takes longer than what counts as standing still; it used to be told as a dead connection.
  proxy.bytesPerSecond = 500_000;
  await database.query(`ALTER TABLE t MODIFY v LONGTEXT`);
  await database.query(`INSERT INTO t VALUES (-1, REPEAT('x', 900000)), (-2, REPEAT('y', 900000))`);
  const slowly = /^what the server sends comes in slowly$/;
  await expect.poll(async () => (await named('slow_source')).title).toMatch(slowly);
  proxy.bytesPerSecond = null;
  await well();
});

test('a snapshot that does not move, and nobody is in its way', async () => {
  await using database = await shop();
  const overrides = 'snapshot.select.statement.overrides';
  const { named, streaming } = await watchedPipeline({
    ...sourceProperties(database),
    [overrides]: `${database.name}.t`,
    [`${overrides}.${database.name}.t`]: `SELECT * FROM ${database.name}.t WHERE SLEEP(2) = 0`,
  });
  expect((await named('unknown')).title).toMatch(
    / does not move, and nothing is found in its way$/,
  );
  await streaming();
});
