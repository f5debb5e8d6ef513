import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { compareFiles } from '../../src/source/mysql/stream/binlog-position.ts';
import {
  binlogPipeline,
  ledgerClient,
  seedBinlogLedger,
  untilReceived,
} from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { LedgerLoad } from '../support/ledger-load.ts';
import { expectWholeHistory } from '../support/ledger-pipeline.ts';
import { connectTo, sharedMysql } from '../support/mysql-database.ts';
import {
  receivedBy,
  replicaOf,
  startApplying,
  stopApplying,
  stopReplica,
} from '../support/mysql-replica.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const TRANSACTIONS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 300 : 50;
const { series } = sharedMysql();

test(
  'the source dies under load: the daemon goes on at its replica by itself (PITFALLS B20, B21)',
  { timeout: 240_000 },
  async () => {
    await using source = await startServer(series);
    await using replica = await replicaOf(source);
    await using pipeline = await binlogPipeline(source, { sink: false });
    const { name } = pipeline.source;
    await pipeline.configure({
      'database.hostname': `${source.host},${replica.host}`,
      'database.port': `${source.port},${replica.port}`,
    });
    await seedBinlogLedger(pipeline.source, 100);
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    await expect
      .poll(() => replica.query(`SELECT 1 FROM ${name}.movement LIMIT 1`))
      .toHaveLength(1);
    // What it has received it does not apply yet: as a replica that lags.
    await stopApplying(replica);
    load.start();
    await expect.poll(() => load.transactions, { timeout: 60_000 }).toBeGreaterThan(TRANSACTIONS);
    await pausedWhereBothHaveAll(source, replica, daemon);
    await source.kill();
    await load.stop().catch(() => undefined);
    // It is asked for what it has only received.
    await expect.poll(() => daemon.output).toMatch(/has not applied .* yet/);
    await startApplying(replica);
    const streams = new RegExp(`streaming from .* of 127.0.0.1:${replica.port}`);
    await expect.poll(() => daemon.output).toMatch(streams);
    await stopReplica(replica);
    const there = ledgerClient(await connectTo(replica, name));
    const next = await LedgerLoad.resume(there, SEED);
    for (let i = 0; i < 50; i++) await next.transaction();
    await untilReceived(replica, daemon);
    await daemon.until(({ healthy }) => healthy);
    expect(await daemon.stop()).toBe(0);
    await expectWholeHistory({ ...pipeline, connect: () => Promise.resolve(there) });
  },
);

/**
 * Stops the source under its load. What only the daemon had could be lost with it: then no server
 * of the set could go on, and it would be refused.
 */
async function pausedWhereBothHaveAll(
  source: MysqlServer,
  replica: MysqlServer,
  daemon: Daemon,
): Promise<void> {
  for (;;) {
    await source.pause();
    if (await haveBothAll(replica, daemon)) return;
    source.resume();
    await sleep(50);
  }
}

/** Both are idle, the daemon between two transactions, and the replica is no less far. */
async function haveBothAll(replica: MysqlServer, daemon: Daemon): Promise<boolean> {
  for (let before = ''; ; await sleep(200)) {
    const there = await receivedBy(replica);
    const status = await daemon.status();
    const { receivedLsn, confirmedLsn } = status?.source ?? {};
    const now = JSON.stringify([there, receivedLsn, confirmedLsn]);
    const isIdle = now === before;
    before = now;
    if (!isIdle || receivedLsn === undefined || receivedLsn === null) continue;
    const [, file = '', pos = 0] = /^(.*):(\d+)$/.exec(receivedLsn) ?? [];
    const isBehind = compareFiles(there.file, there.pos, file, Number(pos)) < 0;
    return !isBehind && confirmedLsn === receivedLsn;
  }
}
