import { expect, inject, test, vi } from 'vitest';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { freshDatabase } from '../support/postgres.ts';
import { askSearch, startSearch, type SearchServer } from '../support/search-server.ts';
import { scanIndex } from '../support/search-sink.ts';
import { verifiedLines } from '../support/verified-shop.ts';

/*
 * Keys that wait in a search index (`errors.park: key`; PITFALLS S9, S11) while the daemon and the
 * server are killed by turns: none is let past what waits before it, no other key waits, and a
 * replay brings all, in order.
 */

const { series } = inject('search');
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
/** The letters' own is passed once for each put with a record that is refused, or waits. */
const POINTS = [
  'sink.letters-sent:2',
  ...(ALL ? ['sink.polled:3', 'sink.letters-sent:1', 'sink.committed:3'] : []),
  'sink.applied:3',
];
const ROWS = 60;
/** More than the field of the index takes. */
const LARGE = 2n ** 40n;

vi.setConfig({ testTimeout: 300_000 });

/** Rows whose number ends in 3 get values that the index refuses; until it is told to stop. */
function changeItems(source: FamilyDatabase, random: () => number) {
  const below = (end: number): number => Math.floor(random() * end);
  const load = { over: false };
  const done = (async () => {
    for (let step = 1; !load.over; step++) {
      const id = below(ROWS);
      const n = id % 10 === 3 && random() < 0.5 ? LARGE : BigInt(step);
      const statements = [
        // The word is large and stays: the source leaves it out.
        `UPDATE items SET n = ${n} WHERE id = ${id}`,
        `UPDATE items SET n = ${n} WHERE id = ${id}`,
        `DELETE FROM items WHERE id = ${id}`,
        `INSERT INTO items VALUES (${id}, ${n}, repeat('w${step}', 900)) ON CONFLICT DO NOTHING`,
      ];
      await source.run(`${statements[below(statements.length)]}; SELECT pg_sleep(0.01)`);
    }
  })();
  // Whoever stops it hears of it.
  done.catch(() => undefined);
  return {
    stop(): Promise<void> {
      load.over = true;
      return done;
    },
  };
}

/** Of the rows that never wait, or of all. */
async function expectIndex(
  server: SearchServer,
  source: FamilyDatabase,
  waits: (id: number) => boolean = () => false,
): Promise<void> {
  const rows = await source.rows('SELECT id, n, word FROM items');
  const expected = rows
    .filter(([id]) => !waits(Number(id)))
    .map((row) => row.map(String).join(' '))
    .toSorted();
  await eventually(async () => {
    const found = Object.values(await scanIndex(server, 'items'))
      .filter(({ id }) => !waits(Number(id)))
      .map(({ id, n, word }) => [id, n, word].map(String).join(' '))
      .toSorted();
    expect(found).toEqual(expected);
  });
}

test(`keys wait while daemon and server are killed by turns (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const server = await startSearch(series);
  const source = await postgresFamily(await freshDatabase());
  await source.run(`CREATE TABLE items (id int PRIMARY KEY, n bigint, word text);
    INSERT INTO items SELECT g, g, repeat(md5(g::text), 100)
      FROM generate_series(0, ${ROWS - 1}) g`);
  const mappings = { properties: { id: { type: 'integer' }, n: { type: 'integer' } } };
  expect((await askSearch(server, 'PUT', '/items', { mappings })).status).toBe(200);
  const sink = {
    'connector.class': series.split('-')[0],
    'connection.url': server.url,
    'index.name.format': '${source.table}',
    'errors.park': 'key',
    'errors.retry.delay.initial.ms': 100,
    'errors.retry.delay.max.ms': 500,
    // Small puts, so that what waits is not one with what it waits for.
    'batch.size': 20,
  };
  // Else each look of verify at a quiet database takes twice ten seconds.
  const often = { 'status.update.interval.ms': 500 };
  await using pipeline = await familyPipeline(source, [{ family: 'search', sink }], often);
  const load = changeItems(source, random);
  for (const faultPoint of POINTS) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint });
    expect((await daemon.ended).signal, `it said:\n${daemon.output}`).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ sinks }) => (sinks[0]?.parkedKeys?.count ?? 0) > 0);
  await server.kill();
  await daemon.until(({ sinks }) => (sinks[0]?.error ?? null) !== null);
  await server.start();
  await daemon.until(({ sinks }) => sinks[0]?.error === null && sinks[0].connected);
  await load.stop();
  // What was parked before may be gone: a snapshot that begins again empties the index, and the
  // load may have ended before it changed much. Now each that may wait waits.
  await source.run(`INSERT INTO items SELECT g, ${LARGE}, 'last' FROM generate_series(3, 53, 10) g
      ON CONFLICT (id) DO UPDATE SET n = ${LARGE}`);
  const ids = new Set([3, 13, 23, 33, 43, 53]);
  const { sinks } = await daemon.until(
    ({ sinks: [sink] }) =>
      sink?.error === null && sink.lagRecords === 0 && sink.parkedKeys?.count === ids.size,
  );
  expect(sinks[0]?.parked).toEqual([]);
  const waiting = (sinks[0]?.parkedKeys?.first ?? []).map(
    ({ key }) => (JSON.parse(key) as { readonly id: number }).id,
  );
  expect(new Set(waiting)).toEqual(ids);
  // What comes now would be taken, and waits behind what is not.
  await source.run('UPDATE items SET n = id + 1000 WHERE id % 10 = 3 AND id > 3');
  // All that does not wait is as in the source, and of what waits nothing came through.
  await expectIndex(server, source, (id) => ids.has(id));
  const found = Object.values(await scanIndex(server, 'items'));
  expect(found.filter(({ n }) => Number(n) >= Number(LARGE))).toEqual([]);
  const before = await verifiedLines(pipeline.file);
  expect(before.code).toBe(1);
  expect(before.lines.filter((told) => !ids.has(Number(told.split(' ')[1])))).toEqual([]);
  const wide = { properties: { n: { type: 'integer', ignore_malformed: true } } };
  expect((await askSearch(server, 'PUT', '/items/_mapping', wide)).status).toBe(200);
  const replayed = await runProgram(['dlq', 'replay', pipeline.file]);
  expect(replayed.stdout).toContain(`${ids.size} of ${ids.size} keys are free`);
  expect(replayed.code).toBe(0);
  await daemon.until((status) => status.sinks[0]?.parkedKeys?.count === 0);
  await expectIndex(server, source);
  expect(await verifiedLines(pipeline.file)).toEqual({ code: 0, lines: [] });
  expect(await daemon.stop(), `it said:\n${daemon.output}`).toBe(0);
});
