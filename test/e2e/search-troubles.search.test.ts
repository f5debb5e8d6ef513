import { expect, inject, test, vi } from 'vitest';
import { CHANGING_ROWS, changeRows } from '../support/changing-rows.ts';
import { Daemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import type { FamilyDatabase, FamilyPipeline } from '../support/family-pipeline.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { freshDatabase } from '../support/postgres.ts';
import { FRONT_TROUBLES, searchFront } from '../support/search-front.ts';
import type { SearchSeries } from '../support/search-packages.ts';
import { askSearch, startSearch, type SearchServer } from '../support/search-server.ts';
import { scanIndex } from '../support/search-sink.ts';

/*
 * A search server of the test's own, in every kind of trouble (PITFALLS S6, S7, S9, S10, S33). What
 * is proven is always the same: in the end the index has what SELECT shows, by a scan that is not
 * the program's.
 */

const { series } = inject('search');
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261123);
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 20 : 1));
/** Between transactions: the server is to keep up, with all that happens to it. */
const PAUSE_MS = 100;
/** Those of a daemon that is killed there; search-index has more of them. */
const POINTS = ['sink.applied', ...(ALL ? (['sink.polled', 'sink.committed'] as const) : [])];

vi.setConfig({ testTimeout: 240_000 + KILLS * 40_000 });

interface Troubled extends AsyncDisposable {
  readonly server: SearchServer;
  readonly source: FamilyDatabase;
  readonly pipeline: FamilyPipeline;
}

/** A source with changing rows, and a pipeline into the server by way of `url`. */
async function troubled(server: SearchServer, url = server.url): Promise<Troubled> {
  const source = await postgresFamily(await freshDatabase());
  await source.run(CHANGING_ROWS);
  const sink = {
    'connector.class': series.split('-')[0],
    'connection.url': url,
    'index.name.format': '${source.table}',
    'errors.retry.delay.initial.ms': 100,
    'errors.retry.delay.max.ms': 500,
    'max.retries': 2,
    'retry.backoff.ms': 20,
    'bulk.size.bytes': 65_536,
  };
  const pipeline = await familyPipeline(source, [{ family: 'search', sink }]);
  return {
    server,
    source,
    pipeline,
    async [Symbol.asyncDispose]() {
      await pipeline[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
    },
  };
}

/** Both tables: rows that change, and rows without key, of which each is one document. */
async function expectEqual({ server, source }: Troubled): Promise<void> {
  const documentsOf = async (index: string, names: readonly string[]): Promise<string[]> =>
    Object.values(await scanIndex(server, index))
      .map((document) => names.map((name) => String(document[name])).join(' '))
      .toSorted();
  const rowsOf = async (sql: string): Promise<string[]> =>
    (await source.rows(sql)).map((row) => row.map(String).join(' ')).toSorted();
  const [loaded, events] = [
    await rowsOf('SELECT id, n, word FROM loaded'),
    await rowsOf('SELECT n FROM events'),
  ];
  expect(loaded.length).toBeGreaterThan(500);
  await vi.waitFor(
    async () => {
      expect((await documentsOf('events', ['n'])).length).toBe(events.length);
      const found = await documentsOf('loaded', ['id', 'n', 'word']);
      expect(found.length).toBe(loaded.length);
      expect(found).toEqual(loaded);
      expect(await documentsOf('events', ['n'])).toEqual(events);
    },
    { timeout: 120_000, interval: 200 },
  );
}

const errorOf = async (daemon: Daemon): Promise<string> =>
  JSON.stringify((await daemon.status())?.sinks[0]?.error);

test(`daemon and server killed by turns, behind a front that refuses (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const server = await startSearch(series);
  const some = (): (typeof FRONT_TROUBLES)[number] | null =>
    random() < 0.6 ? null : (neverDone() ?? FRONT_TROUBLES[Math.floor(random() * 5)] ?? null);
  // None is left to luck: a slow machine has few bulks.
  const neverDone = (): (typeof FRONT_TROUBLES)[number] | undefined =>
    FRONT_TROUBLES.find((trouble) => front.done[trouble] === 0);
  await using front = await searchFront(server.url, some);
  await using all = await troubled(server, front.url);
  const { source, pipeline } = all;
  const load = changeRows(source, PAUSE_MS);
  for (const point of POINTS) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: `${point}:3` });
    expect((await daemon.ended).signal).toBe('SIGKILL');
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    const more = 200 + Math.floor(random() * 2000);
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > more);
    await server.kill();
    // It waits, and says for what.
    await eventually(async () => expect(await errorOf(daemon)).toMatch(/SINK_(CONNECT|SERVER)/));
    await server.start();
    const before = (await daemon.status())?.sinks[0]?.applied ?? 0;
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > before + 200);
    daemon.kill();
    await daemon.ended;
  }
  await load.stop();
  await using daemon = Daemon.start(pipeline);
  await expectEqual(all);
  front.choose = () => null;
  // As the disk monitor does when there is no room, and as somebody does by hand.
  const blocks = { loaded: 'read_only_allow_delete', events: 'write' };
  const block = async (on: true | null): Promise<void> => {
    for (const [index, name] of Object.entries(blocks)) {
      const setting = { [`index.blocks.${name}`]: on };
      const { status } = await askSearch(server, 'PUT', `/${index}/_settings`, setting);
      expect(status).toBe(200);
    }
  };
  await block(true);
  await source.run('UPDATE loaded SET n = -1 WHERE id % 5 = 0; INSERT INTO events VALUES (-1)');
  const told = /cluster_block_exception.*free disk space/s;
  await eventually(async () => expect(await errorOf(daemon)).toMatch(told));
  await block(null);
  await expectEqual(all);
  // The documents are there before the daemon has been told that they are.
  await daemon.until(({ sinks }) => sinks[0]?.error === null && sinks[0].parked.length === 0);
  expect(await daemon.stop()).toBe(0);
  expect(FRONT_TROUBLES.filter((trouble) => front.done[trouble] === 0)).toEqual([]);
});

test.for(ALL ? [series] : [])('%s: a disk without room', async () => {
  const server = await startSearch(series, { settings: { 'cluster.info.update.interval': '10s' } });
  await using all = await troubled(server);
  const { source, pipeline } = all;
  await using daemon = Daemon.start(pipeline);
  const load = changeRows(source, PAUSE_MS);
  await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > 500);
  const watermarks = async (isFull: boolean): Promise<void> => {
    const free = isFull ? '1000tb' : null;
    const disk = 'cluster.routing.allocation.disk';
    const transient = {
      [`${disk}.threshold_enabled`]: isFull ? true : null,
      [`${disk}.watermark.low`]: free,
      [`${disk}.watermark.high`]: free,
      [`${disk}.watermark.flood_stage`]: free,
    };
    const { status, body } = await askSearch(server, 'PUT', '/_cluster/settings', { transient });
    expect({ status, body }).toMatchObject({ status: 200 });
  };
  await watermarks(true);
  const told = /flood-stage watermark.*free disk space/s;
  await vi.waitFor(async () => expect(await errorOf(daemon)).toMatch(told), { timeout: 60_000 });
  await watermarks(false);
  // Without its monitor the server leaves the block to whoever has made room.
  const setting = { 'index.blocks.read_only_allow_delete': null };
  await askSearch(server, 'PUT', '/_all/_settings', setting);
  await load.stop();
  await expectEqual(all);
  expect(await daemon.stop()).toBe(0);
});

const NEXT: Partial<Record<SearchSeries, SearchSeries>> = {
  'elasticsearch-8': 'elasticsearch-9',
  'opensearch-2': 'opensearch-3',
};
const next = NEXT[series];

test.for(next === undefined ? [] : [next])('upgraded to %s under load', async (newer) => {
  const server = await startSearch(series);
  await using all = await troubled(server);
  const { source, pipeline } = all;
  await using daemon = Daemon.start(pipeline);
  const load = changeRows(source, PAUSE_MS);
  await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > 500);
  await server.stop();
  await server.upgrade(newer);
  const before = (await daemon.status())?.sinks[0]?.applied ?? 0;
  await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > before + 500);
  await load.stop();
  await expectEqual(all);
  expect(await daemon.stop()).toBe(0);
});
