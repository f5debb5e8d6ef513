import type pg from 'pg';
import { expect, test, vi } from 'vitest';

import { PASSED_FAULT_POINTS } from '../support/passed-fault-points.ts';
import { Daemon } from '../support/daemon.ts';
import { LedgerLoad, randomFrom, seedLedger } from '../support/ledger-load.ts';
import { snapshotIsComplete } from '../support/ledger-log.ts';
import { expectWholeHistory, ledgerPipeline, untilEqual } from '../support/ledger-pipeline.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261121);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 30 : 3));

test('killed at every fault point under load, nothing is lost, repeated or reordered', async () => {
  await using pipeline = await ledgerPipeline();
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 20_000);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  for (const point of PASSED_FAULT_POINTS) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
    const { signal } = await daemon.ended;
    expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
  }
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming' && status.source.events > 100);
  await load.stop();
  await untilEqual(pipeline, daemon);
  expect(await daemon.stop()).toBe(0);
  await expectWholeHistory(pipeline);
});

test(`killed at ${KILLS} random instants (seed ${SEED}), in snapshot and in stream`, async () => {
  await using pipeline = await ledgerPipeline();
  const random = randomFrom(SEED);
  const writer = await pipeline.connect('source');
  const rows = ALL ? 200_000 : 60_000;
  await seedLedger(writer, rows);
  const load = await LedgerLoad.resume(writer, SEED);
  load.start();
  let killedInSnapshot = 0;
  let killedInStream = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = Daemon.start(pipeline);
    // A third of them as early as the snapshot; the others let it come to the stream first.
    const isEarly = kill < KILLS / 3;
    const wanted = isEarly ? 'snapshot' : 'streaming';
    const status = await daemon.until(
      ({ source }) => source.phase === wanted || source.phase === 'streaming',
    );
    const untilMs = Date.now() + Math.floor(random() * (isEarly ? 150 : 700));
    await daemon.until(() => Date.now() >= untilMs);
    daemon.kill('SIGKILL');
    if (status.source.phase === 'snapshot') killedInSnapshot++;
    else killedInStream++;
  }
  expect(killedInSnapshot).toBeGreaterThan(0);
  expect(killedInStream).toBeGreaterThan(0);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  await load.stop();
  await untilEqual(pipeline, daemon);
  expect(await daemon.stop()).toBe(0);
  await expectWholeHistory(pipeline);
});

test.each([
  ['the rest is read beside the stream, which has the deletes', false],
  ['without its slot the snapshot starts over, and the target is emptied first', true],
])('rows deleted after a cut leave no ghosts (ruling 3): %s', async (_what, loseSlot) => {
  await using pipeline = await ledgerPipeline();
  const client = await pipeline.connect('source');
  await seedLedger(client, 300_000);
  const warehouse = await pipeline.connect('warehouse');
  // Batches before the first rows tell generations and positions: how many, depends on when the
  // sink polls. Most of the snapshot is still to come when the target has rows.
  for (let batches = 2; !(await hasAccounts(warehouse)); batches++) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: `sink.applied:${batches}` });
    if ((await daemon.ended).signal !== 'SIGKILL') expect.fail(daemon.output);
  }
  expect(await snapshotIsComplete(pipeline.storePath)).toBe(false);
  if (loseSlot) await dropSlot(client, 'tidemark_copy');
  await client.query('DELETE FROM account WHERE id % 3 = 0');
  await using daemon = Daemon.start(pipeline);
  await untilEqual(pipeline, daemon);
  expect(await daemon.stop()).toBe(0);
});

async function hasAccounts(warehouse: pg.Client): Promise<boolean> {
  const made = await warehouse.query(`SELECT FROM pg_tables WHERE tablename = 'account'`);
  if (made.rowCount === 0) return false;
  const found = await warehouse.query('SELECT FROM account LIMIT 1');
  return found.rowCount === 1;
}

/** A walsender lets go of its slot only a moment after its client left. */
async function dropSlot(client: pg.Client, name: string): Promise<void> {
  await vi.waitFor(async () => client.query('SELECT pg_drop_replication_slot($1)', [name]), {
    timeout: 45_000,
    interval: 50,
  });
}

test('PostgreSQL restarts, fast and immediate, under load', async () => {
  await using pipeline = await ledgerPipeline();
  const writer = await pipeline.connect('source');
  await seedLedger(writer, 1_000);
  await using daemon = Daemon.start(pipeline);
  await daemon.until((status) => status.source.phase === 'streaming');
  for (const mode of ['fast', 'immediate'] as const) {
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    for (let i = 0; i < 50; i++) await load.transaction();
    await pipeline.server.stop(mode);
    await pipeline.server.start();
  }
  await untilEqual(pipeline, daemon);
  expect(await daemon.stop()).toBe(0);
  await expectWholeHistory(pipeline);
});
