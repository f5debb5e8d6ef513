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

/** Before a put, between it and the group's offset, and behind both. */
const POINTS = ['sink.applied', 'sink.polled', 'sink.committed'] as const;

/** Kills come while the sink applies, so that the log is read again in other batches. */
async function expectEveryCheckpoint(
  source: FamilyDatabase,
  target: FamilyDatabase,
): Promise<void> {
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
  for (const point of POINTS) {
    for (let i = 0; i < STEPS / 4; i++) await play.step();
    await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
    const { signal } = await daemon.ended;
    expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
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
  await using source = await postgresFamily(await freshDatabase());
  await using target = await postgresFamily(await freshDatabase());
  await expectEveryCheckpoint(source, target);
});

test(`the history of a binlog rebuilds every checkpoint, over kills (seed ${SEED})`, async () => {
  await using server = await startServer('9.7');
  await using source = await mysqlFamily(server);
  await using target = await postgresFamily(await freshDatabase());
  await expectEveryCheckpoint(source, target);
});

test(`and so it does in MariaDB, over kills (seed ${SEED})`, async () => {
  await using server = await startServer('11.4');
  await using source = await mysqlFamily(server);
  await using target = await mysqlFamily(server);
  await expectEveryCheckpoint(source, target);
});
