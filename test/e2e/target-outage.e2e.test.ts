import { expect, test, vi } from 'vitest';
import { CHANGING_ROWS, changeRows } from '../support/changing-rows.ts';
import { Daemon } from '../support/daemon.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';

const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const SERVERS = ALL ? (['11.4', '9.7'] as const) : (['11.4'] as const);
const OUTAGES = ALL ? 10 : 2;
const ROWS = 'SELECT id, n, word FROM loaded ORDER BY id';

test.for(SERVERS)('a target (%s) killed under load has each change once', async (series) => {
  await using server = await startServer(series);
  await using source = await postgresFamily(await freshDatabase());
  await using target = await mysqlFamily(server);
  await source.run(CHANGING_ROWS);
  await using pipeline = await familyPipeline(source, [target]);
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  const load = changeRows(source);
  for (let outage = 0; outage < OUTAGES; outage++) {
    const { applied = 0 } = (await daemon.status())?.sinks[0] ?? {};
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) > applied + 500);
    await server.kill();
    await daemon.until(({ sinks }) => sinks[0]?.connected === false);
    await server.start();
    await daemon.until(({ sinks }) => sinks[0]?.connected === true);
  }
  await load.stop();
  const wanted = await source.rows(ROWS);
  expect(wanted.length).toBeGreaterThan(500);
  await using again = await mysqlFamily(server);
  const read = `SELECT id, n, word FROM ${target.name}.loaded ORDER BY id`;
  await vi.waitFor(async () => expect(await again.rows(read)).toEqual(wanted), {
    timeout: 60_000,
    interval: 100,
  });
  expect((await daemon.status())?.sinks[0]?.parked).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});
