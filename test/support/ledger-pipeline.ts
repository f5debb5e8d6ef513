import { expect, vi } from 'vitest';

import type { Daemon } from './daemon.ts';
import { daemonPipeline, type DaemonPipeline } from './daemon-pipeline.ts';
import { expectedRecords, LEDGER_SCHEMA, type LedgerRecord } from './ledger-load.ts';
import { readLedgerLog } from './ledger-log.ts';

/** A pipeline over the ledger's tables, empty. The server gives up silent clients soon. */
export async function ledgerPipeline(
  options: { readonly sourcePort?: number } = {},
): Promise<DaemonPipeline> {
  const serverSettings = { wal_sender_timeout: '5s' };
  return daemonPipeline({ schema: LEDGER_SCHEMA, serverSettings, ...options });
}

const DIGEST = (table: string): string =>
  `SELECT count(*)::int AS rows,
     md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) AS digest
   FROM (SELECT * FROM ${table}) t`;

/** Waits until the target holds exactly what the source holds, as the database compares them. */
export async function untilEqual(
  pipeline: DaemonPipeline,
  daemon: Daemon,
  timeoutMs = 60_000,
): Promise<void> {
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  await vi.waitFor(
    async () => {
      for (const table of ['account', 'movement']) {
        const [wanted, got] = await Promise.all([
          source.query(DIGEST(table)),
          warehouse.query(DIGEST(table)),
        ]);
        expect(got.rows[0], `${table}\n${daemon.output}`).toEqual(wanted.rows[0]);
      }
    },
    { timeout: timeoutMs, interval: 100 },
  );
}

/**
 * The log's latest generation holds every snapshot row once and, behind them, exactly the records
 * that the committed operations must have left, in their order across both topics.
 */
export async function expectWholeHistory(pipeline: DaemonPipeline): Promise<void> {
  const source = await pipeline.connect('source');
  const log = await readLedgerLog(pipeline.storePath);
  const snapshot = log.filter((record) => record.split(' ')[1] === 'r');
  const streamed = log.filter((record) => record.split(' ')[1] !== 'r');
  const snapshotOps = snapshot
    .filter((record) => record.startsWith('movement'))
    .map((record) => Number(record.split(' ')[2]));
  expect(new Set(snapshotOps).size).toBe(snapshotOps.length);
  expect(Math.max(...snapshotOps), 'a consistent snapshot has no gap').toBe(snapshotOps.length);
  const expected = await expectedRecords(source, snapshotOps.length + 1);
  firstDifference(streamed, expected);
}

/** Compares without printing thousands of lines. */
function firstDifference(got: readonly LedgerRecord[], wanted: readonly LedgerRecord[]): void {
  const length = Math.max(got.length, wanted.length);
  for (let i = 0; i < length; i++) {
    if (got[i] === wanted[i]) continue;
    const around = (list: readonly string[]): string =>
      list.slice(Math.max(0, i - 3), i + 4).join(' | ');
    expect.fail(
      `record ${i} of ${got.length}, wanted ${wanted.length}\n` +
        `  log: ${around(got)}\n  db:  ${around(wanted)}`,
    );
  }
}
