import { expect, vi } from 'vitest';

import type { Daemon } from './daemon.ts';
import {
  daemonPipeline,
  type DaemonPipeline,
  type DaemonPipelineOptions,
} from './daemon-pipeline.ts';
import type { LedgerClient, LedgerRecord } from './ledger-load.ts';
import { expectedRecords, LEDGER_SCHEMA } from './ledger-load.ts';
import { described, LEDGER_TOPICS, readStoredRecords } from './ledger-log.ts';
import { expectRisingPositions } from './position-oracle.ts';

/** What the oracle asks of a pipeline over the ledger's tables, of either family. */
export interface LedgerPipeline {
  readonly storePath: string;
  connect(database: 'source' | 'warehouse'): Promise<LedgerClient>;
  /** A query whose one row says what a table holds; absent: PostgreSQL's. */
  readonly digest?: (table: string) => string;
}

/** A pipeline over the ledger's tables, empty. The server gives up silent clients soon. */
export async function ledgerPipeline(
  options: Omit<DaemonPipelineOptions, 'schema' | 'serverSettings'> = {},
): Promise<DaemonPipeline> {
  const serverSettings = { wal_sender_timeout: '5s' };
  return daemonPipeline({ schema: LEDGER_SCHEMA, serverSettings, ...options });
}

const DIGEST = (table: string): string =>
  `SELECT count(*)::int AS rows,
     md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) AS digest
   FROM (SELECT * FROM ${table}) t`;

/** Cheap: while it differs, nobody needs digests of hundreds of thousands of rows. */
const COUNT = (table: string): string => `SELECT count(*) AS counted FROM ${table}`;

/** Waits until the target holds exactly what the source holds, as the database compares them. */
export async function untilEqual(
  pipeline: LedgerPipeline,
  daemon: Daemon,
  timeoutMs = 120_000,
): Promise<void> {
  const source = await pipeline.connect('source');
  const warehouse = await pipeline.connect('warehouse');
  const digest = pipeline.digest ?? DIGEST;
  await vi.waitFor(
    async () => {
      for (const question of [COUNT, digest]) {
        for (const table of ['account', 'movement']) {
          const [wanted, got] = await Promise.all([
            source.query(question(table)),
            warehouse.query(question(table)),
          ]);
          expect(got.rows[0], `${table}\n${daemon.output}`).toEqual(wanted.rows[0]);
        }
      }
    },
    { timeout: timeoutMs, interval: 100 },
  );
}

/**
 * The log's latest generation holds every snapshot row and, beside them, the records that the
 * committed operations must have left, in their order across both topics. Where a crash cut the
 * snapshot short, rows of the chunks it interrupted come again, also after changes of theirs, and a
 * change without all values may be left out for a read of its row (ruling 2). Positions rise with
 * it all (ruling 4).
 */
export async function expectWholeHistory(
  pipeline: LedgerPipeline,
  isLedger: (record: LedgerRecord) => boolean = () => true,
): Promise<void> {
  const source = await pipeline.connect('source');
  const records = await readStoredRecords(pipeline.storePath, LEDGER_TOPICS);
  expectRisingPositions(records);
  const log = described(records).filter(isLedger);
  const read = log.filter((record) => record.split(' ')[1] === 'r');
  const streamed = log.filter((record) => record.split(' ')[1] !== 'r');
  const numberOf = (record: string): number => Number(record.split(' ')[2]);
  const readOps = read.filter((record) => record.startsWith('movement')).map(numberOf);
  const streamedOps = streamed.filter((record) => record.startsWith('movement')).map(numberOf);
  const first = streamedOps[0] ?? Math.max(...readOps) + 1;
  const before = new Set(readOps.filter((op) => op < first));
  expect(before.size, 'no gap in the snapshot').toBe(first - 1);
  const expected = await expectedRecords(source, first);
  const lastRead = log.findLastIndex((record) => record.split(' ')[1] === 'r');
  const resumedUntil = log.slice(0, lastRead).filter((r) => r.split(' ')[1] !== 'r').length;
  firstDifference(streamed, withoutReread(expected, streamed, resumedUntil));
}

/**
 * Leaves out what was replaced by a read of the row, until the last of the snapshot's rows:
 * updates, and the new key of a move. (A row that was deleted soon after is not there to be read.)
 */
function withoutReread(
  expected: readonly LedgerRecord[],
  streamed: readonly LedgerRecord[],
  resumedUntil: number,
): LedgerRecord[] {
  let at = 0;
  return expected.filter((record) => {
    if (record === streamed[at]) {
      at++;
      return true;
    }
    return at > resumedUntil || !/^account [uc] \d+@/.test(record);
  });
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
