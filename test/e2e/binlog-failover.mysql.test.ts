import { expect, test } from 'vitest';
import {
  binlogPipeline,
  ledgerClient,
  seedBinlogLedger,
  untilReceived,
} from '../support/binlog-ledger.ts';
import { Daemon } from '../support/daemon.ts';
import { LedgerLoad } from '../support/ledger-load.ts';
import { LEDGER_TOPICS, readLedgerLog, readStoredRecords } from '../support/ledger-log.ts';
import { expectWholeHistory } from '../support/ledger-pipeline.ts';
import { connectTo, sharedMysql } from '../support/mysql-database.ts';
import { expectRisingPositions } from '../support/position-oracle.ts';
import { replicaOf, stopReplica } from '../support/mysql-replica.ts';
import { startServer } from '../support/mysql-server.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);
const BULK = 100_000;
const BULK_RECORD = /^account c 1\d{6}@1$/;
const { series } = sharedMysql();

/** One transaction of one statement: its events hold as many rows as the server likes. */
function bulkInsert(from: number): string {
  const rows = Array.from({ length: BULK }, (_, i) => `(${from + i}, 1, 1.50, 'bulk', NULL)`);
  return `INSERT INTO account VALUES ${rows.join()}`;
}

test(
  'the source dies within a transaction: its replica goes on with the next row (PITFALLS B20)',
  { timeout: 240_000 },
  async () => {
    await using source = await startServer(series);
    // Its events have other sizes: what was done of a transaction is not told by their number.
    await using replica = await replicaOf(source, { 'binlog-row-event-max-size': 1024 });
    await using pipeline = await binlogPipeline(source, { sink: false });
    const { source: database } = pipeline;
    const both = {
      'database.hostname': `${source.host},${replica.host}`,
      'database.port': `${source.port},${replica.port}`,
    };
    await pipeline.configure(both);
    await seedBinlogLedger(database, 100);
    const load = await LedgerLoad.resume(await pipeline.connect('source'), SEED);
    for (let i = 0; i < 100; i++) await load.transaction();
    {
      await using daemon = Daemon.start(pipeline);
      await daemon.until((status) => status.source.phase === 'streaming');
      for (let i = 0; i < 100; i++) await load.transaction();
      await daemon.until((status) => status.source.events > 200);
      expect(await daemon.stop()).toBe(0);
    }
    await database.query(bulkInsert(1_000_000));
    {
      await using daemon = Daemon.start({ ...pipeline, faultPoint: 'source.appended:2' });
      expect((await daemon.ended).signal, `the daemon said: ${daemon.output}`).toBe('SIGKILL');
    }
    const half = (await bulkRecords(pipeline.storePath)).length;
    expect(half, 'the kill was inside the transaction').toBeGreaterThan(0);
    expect(half).toBeLessThan(BULK);
    for (let i = 0; i < 50; i++) await load.transaction();
    const counted = `SELECT count(*) AS n FROM ${database.name}.movement`;
    const written = await source.query(counted);
    await expect.poll(() => replica.query(counted)).toEqual(written);
    await source.kill();
    await stopReplica(replica);
    const there = ledgerClient(await connectTo(replica, database.name));
    const next = await LedgerLoad.resume(there, SEED);
    await using daemon = Daemon.start(pipeline);
    await daemon.until((status) => status.source.phase === 'streaming');
    expect(daemon.output).toMatch(new RegExp(`streaming from .* of 127.0.0.1:${replica.port}`));
    for (let i = 0; i < 50; i++) await next.transaction();
    await untilReceived(replica, daemon);
    expect(await daemon.stop()).toBe(0);

    const isLedger = (record: string): boolean => !BULK_RECORD.test(record);
    await expectWholeHistory({ ...pipeline, connect: () => Promise.resolve(there) }, isLedger);
    const bulk = await bulkRecords(pipeline.storePath);
    const ids = Array.from({ length: BULK }, (_, i) => `account c ${1_000_000 + i}@1`);
    expect(bulk.length).toBe(BULK);
    expect(bulk.join()).toBe(ids.join());
    // The rest of that transaction stands above its beginning, although its file is an earlier one.
    const records = await readStoredRecords(pipeline.storePath, LEDGER_TOPICS);
    expect(expectRisingPositions(records)).toEqual([1, 2]);
  },
);

async function bulkRecords(storePath: string): Promise<readonly string[]> {
  const records = await readLedgerLog(storePath);
  return records.filter((record) => BULK_RECORD.test(record));
}
