import { expect, test } from 'vitest';
import { PASSED_FAULT_POINTS } from '../support/passed-fault-points.ts';
import type { BinlogPipeline } from '../support/binlog-ledger.ts';
import { binlogPipeline, seedBinlogLedger, untilReceived } from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { LedgerLoad, randomFrom } from '../support/ledger-load.ts';
import { expectWholeHistory, untilEqual } from '../support/ledger-pipeline.ts';
import { sharedMysql } from '../support/mysql-database.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const ALL = process.env['TIDEMARK_TEST_ALL'] === '1';
const KILLS = Number(process.env['TIDEMARK_TEST_KILLS'] ?? (ALL ? 30 : 2));
/** The sinks' own are the same for all families of sources: they are killed there by PostgreSQL. */
const POINTS = PASSED_FAULT_POINTS.filter((point) => !point.startsWith('sink.') || ALL);
/** A dozen starts of a program, on a machine that others use too. */
const TIMEOUT_MS = 240_000 + KILLS * 15_000;

test(
  'killed at every fault point under load, nothing is lost or repeated (PITFALLS B35)',
  { timeout: TIMEOUT_MS },
  async () => {
    await using pipeline = await binlogPipeline(sharedMysql());
    await seedBinlogLedger(pipeline.source, 12_000);
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    load.start();
    for (const point of POINTS) {
      if (point.startsWith('sink.') && !pipeline.hasSink) continue;
      await using daemon = Daemon.start({ ...pipeline, faultPoint: point });
      const { signal } = await daemon.ended;
      expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
    }
    await expectAllOfIt(pipeline, load);
  },
);

test(
  `killed at ${KILLS} random instants (seed ${SEED}), in snapshot and in stream`,
  { timeout: TIMEOUT_MS },
  async () => {
    await using pipeline = await binlogPipeline(sharedMysql());
    const random = randomFrom(SEED);
    await seedBinlogLedger(pipeline.source, ALL ? 60_000 : 30_000);
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    load.start({ large: 3_000 });
    const phases = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      await using daemon = Daemon.start(pipeline);
      const early = kill < KILLS / 3;
      const wanted = early ? 'snapshot' : 'streaming';
      const { source } = await daemon.until(
        (status) => status.source.phase === wanted || status.source.phase === 'streaming',
      );
      phases.add(source.phase);
      const untilMs = Date.now() + Math.floor(random() * (early ? 150 : 700));
      await daemon.until(() => Date.now() >= untilMs);
      daemon.kill('SIGKILL');
    }
    expect(phases).toEqual(new Set(['snapshot', 'streaming']));
    await expectAllOfIt(pipeline, load);
  },
);

/** The load ends while a last daemon reads; then the log is the ledger, and the copy the source. */
async function expectAllOfIt(pipeline: BinlogPipeline, load: LedgerLoad): Promise<void> {
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source }) => source.phase === 'streaming' && source.events > 100);
  await load.stop();
  if (pipeline.hasSink) await untilEqual(pipeline, daemon);
  await untilReceived(pipeline.source, daemon);
  expect(await daemon.stop()).toBe(0);
  await expectWholeHistory(pipeline);
}
