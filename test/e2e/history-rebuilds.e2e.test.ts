import { expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import { expectRebuilt, HistoryPlay, itemTable } from '../support/history-play.ts';
import { randomFrom } from '../support/ledger-load.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = ALL ? 12 : 2;
const STEPS = ALL ? 200 : 40;

/** Kills come while the sink applies, so that the log is read again in other batches. */
async function expectEveryCheckpoint(source: FamilyDatabase): Promise<void> {
  await using database = await freshDatabase();
  const target = await postgresFamily(database);
  const both = { family: target.family, sink: { ...target.sink, 'write.mode': 'both' } };
  await using pipeline = await familyPipeline(source, [both], { 'table.include.list': '.*item' });
  await source.run(itemTable(source));
  const random = randomFrom(SEED);
  const play = new HistoryPlay(source, SEED);
  for (let i = 0; i < 20; i++) await play.step();
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    // What was before the snapshot is in no history.
    if (kill === 0) play.checkpoints.length = 0;
    for (let i = 0; i < STEPS; i++) await play.step();
    const applied = 10 + Math.floor(random() * 60);
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) >= applied);
    daemon.kill('SIGKILL');
    await daemon.ended;
  }
  await play.checkpoint();
  await using daemon = Daemon.start(pipeline);
  const all = 'SELECT id, a, big FROM item ORDER BY id';
  const wanted = await source.rows(all);
  await vi.waitFor(
    async () => {
      expect(await target.rows(all)).toEqual(wanted);
      await expectRebuilt(play.checkpoints.slice(-1), target);
    },
    { timeout: 60_000, interval: 200 },
  );
  await expectRebuilt(play.checkpoints, target);
  expect(play.checkpoints.length).toBeGreaterThan(STEPS / 2);
  const { sinks } = await daemon.until((status) => status.healthy);
  expect(sinks[0]?.parked).toEqual([]);
  expect(await daemon.stop()).toBe(0);
}

test(`the history of PostgreSQL rebuilds every checkpoint, over kills (seed ${SEED})`, async () => {
  await using database = await freshDatabase();
  await expectEveryCheckpoint(await postgresFamily(database));
});

test(`the history of a binlog rebuilds every checkpoint, over kills (seed ${SEED})`, async () => {
  await using server = await startServer('9.7');
  await using source = await mysqlFamily(server);
  await expectEveryCheckpoint(source);
});
