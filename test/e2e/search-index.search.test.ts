import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { pipelineFolder, sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { scanIndex } from '../support/search-sink.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 4 : 2));

/** A shop whose indices are named after its database, so that each test has its own. */
async function searchPipeline(
  database: TestDatabase,
  sink: Readonly<Record<string, unknown>> = {},
): Promise<{ file: string; port: number } & AsyncDisposable> {
  const port = await freeLoopbackPort();
  const pipeline = await pipelineFolder({
    name: 'shop',
    source: sourceSection(database, {
      'topic.prefix': database.name,
      'errors.retry.delay.initial.ms': 100,
    }),
    sinks: [
      {
        name: 'find',
        'connector.class': search.series.split('-')[0],
        'connection.url': search.url,
        'errors.retry.delay.initial.ms': 100,
        ...sink,
      },
    ],
    http: { listen: `127.0.0.1:${port}` },
  });
  return { ...pipeline, port, [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose]() };
}

function indexOf(database: TestDatabase, table: string): string {
  return `${database.name}.public.${table}`;
}

/** A row as text that a failure can show: without what is null, long texts by their length. */
function shown(row: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(row).filter(([, value]) => value !== null);
  const short = values.map(([name, value]) => {
    const isLong = typeof value === 'string' && value.length > 100;
    return [name, isLong ? createHash('md5').update(value).digest('hex') : value] as const;
  });
  return JSON.stringify(short.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Rows of a table and documents of its index, as the servers themselves tell them. */
async function expectEqual(database: TestDatabase, table: string): Promise<void> {
  const rows = await database.query(`SELECT to_jsonb(t) AS row FROM ${table} t`);
  const expected = rows.map(({ row }) => shown(row as never)).toSorted();
  await eventually(async () => {
    const found = Object.values(await scanIndex(search, indexOf(database, table)));
    expect(found.map(shown).toSorted()).toEqual(expected);
  });
}

test('rows become documents: deletes, key changes, DDL, a poison document', async () => {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE narrow (id int PRIMARY KEY, n bigint);
     CREATE TABLE items (id int PRIMARY KEY, name text, story text);
     INSERT INTO items SELECT i, 'item ' || i, repeat(md5(i::text), 300)
       FROM generate_series(1, 200) i;`,
  );
  await using pipeline = await searchPipeline(database, { 'errors.tolerance': 'all' });
  const planned = await runProgram(['plan', pipeline.file]);
  expect(planned.stdout).toContain(`PUT ${indexOf(database, 'items')} {"settings"`);
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source }) => source.phase === 'streaming');
  await expectEqual(database, 'items');

  await database.query(
    `UPDATE items SET name = name || '!' WHERE id <= 50;
     DELETE FROM items WHERE id BETWEEN 40 AND 60;
     UPDATE items SET id = id + 1000 WHERE id BETWEEN 100 AND 110;
     ALTER TABLE items ADD COLUMN price numeric(10, 2);`,
  );
  await database.query(`UPDATE items SET name = 'new', price = NULL WHERE id = 1`);
  await expectEqual(database, 'items');
  const index = indexOf(database, 'items');
  const { body } = await askSearch(search, 'GET', `/${index}/_mapping`);
  expect(JSON.stringify(body)).toContain('"price"');
  const found = await askSearch(search, 'POST', `/${index}/_search`, {
    query: { match_phrase: { name: 'item 7' } },
  });
  expect(JSON.stringify(found.body)).toContain('"_id":"7"');

  // Somebody's own index takes less than the column has.
  await askSearch(search, 'PUT', `/${indexOf(database, 'narrow')}`, {
    mappings: { properties: { id: { type: 'long' }, n: { type: 'integer' } } },
  });
  await database.query(`INSERT INTO narrow VALUES (1, 1), (2, 3000000000), (3, 3)`);
  await eventually(async () => {
    const ids = Object.keys(await scanIndex(search, indexOf(database, 'narrow')));
    expect(ids).toEqual(['1', '3']);
  });
  await database.query('TRUNCATE items');
  await expectEqual(database, 'items');
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
  const listed = await runProgram(['dlq', 'list', pipeline.file]);
  expect(listed.stdout).toMatch(/narrow.* 1 .*SINK_RECORD .*parsing_exception/);
});

test(`killed ${KILLS} times under load (seed ${SEED}): index = table`, async () => {
  const database = await freshDatabase();
  await database.query(
    `CREATE TABLE t (id int PRIMARY KEY, v int, note text);
     INSERT INTO t SELECT i, 0, repeat(md5(i::text), 200) FROM generate_series(1, 300) i;`,
  );
  await using pipeline = await searchPipeline(database);
  const random = randomFrom(SEED);
  const change = async (): Promise<void> => {
    const id = 1 + Math.floor(random() * 300);
    const choice = random();
    if (choice < 0.6) await database.query(`UPDATE t SET v = v + 1 WHERE id = ${id}`);
    else if (choice < 0.75) await database.query(`DELETE FROM t WHERE id = ${id}`);
    else if (choice < 0.9) {
      await database.query(
        `INSERT INTO t VALUES (${id}, 1, repeat('n', 3000)) ON CONFLICT (id) DO NOTHING`,
      );
    } else {
      await database.query(
        `UPDATE t SET id = ${id} WHERE id = ${1 + Math.floor(random() * 300)}
           AND NOT EXISTS (SELECT FROM t WHERE id = ${id})`,
      );
    }
  };
  const points = ['sink.polled:2', 'sink.applied:2', 'sink.applied:4', 'sink.committed:1'];
  for (const faultPoint of points.slice(0, KILLS)) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint });
    const load = { over: false };
    void daemon.ended.then(() => (load.over = true));
    while (!load.over) await change();
    expect((await daemon.ended).signal, `it said:\n${daemon.output}`).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  for (let i = 0; i < 200; i++) await change();
  await daemon.until(({ source }) => source.phase === 'streaming');
  await expectEqual(database, 't');
  const status = await daemon.status();
  expect(status?.sinks).toMatchObject([{ name: 'find', parked: [], connected: true }]);
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});
