import type { DailyHours } from '../../config/daily-hours.ts';

/** An entry of snapshot.select.statement.overrides. */
export interface SelectOverride {
  /** `schema.table`, as it stands in the catalog. */
  readonly table: string;
  /** A whole SELECT. */
  readonly statement: string;
}

/** How tables are read, at first and again. */
export interface SnapshotOptions {
  /** About how many rows of a first snapshot a crash may cost for each connection. */
  readonly chunkRows: number;
  /** snapshot.fetch.size: rows between two looks for room; 0: as many as a buffer has. */
  readonly fetchSize: number;
  /** incremental.snapshot.chunk.size: rows of a window. */
  readonly chunkSize: number;
  /** read.only: nothing is written to the source, not even marks. */
  readonly readOnly: boolean;
  /** signal.data.collection as `schema.table`; null: there is none. */
  readonly signalTable: string | null;
  /** The signal table is not among the captured ones: its rows become no records. */
  readonly signalTableSilent: boolean;
  readonly signalChannels: readonly string[];
  /** incremental.snapshot.watermarking.strategy: how windows are marked in the signal table. */
  readonly watermarking: 'insert_insert' | 'insert_delete' | 'none';
  /** ddl.rewrites: what follows DDL that changes stored rows without events. */
  readonly ddlRewrites: 'snapshot' | 'trust_widening' | 'warn';
  /** Tables that the first snapshot reads; empty: all captured ones. */
  readonly includeTables: readonly RegExp[];
  readonly orderByRowCount: 'disabled' | 'ascending' | 'descending';
  /** Tables that a SELECT stands in for; not in incremental snapshots. */
  readonly overrides: readonly SelectOverride[];
  /** snapshot.wal.budget: WAL that a first snapshot may hold back; 0: as much as it takes. */
  readonly walBudget: number;
  /** snapshot.max.rows.per.second; 0: as many as come. */
  readonly rowsPerSecond: number;
  /** Hours of the day for reading beside the stream; null: all. */
  readonly window: { readonly hours: readonly DailyHours[]; readonly timeZone: string } | null;
  /** snapshot.delay.ms and streaming.delay.ms: before a snapshot, and after it. */
  readonly delayMs: number;
  readonly streamingDelayMs: number;
}

/** What holds when no property says otherwise. */
export const DEFAULT_SNAPSHOT_OPTIONS: SnapshotOptions = {
  chunkRows: 8192,
  fetchSize: 10_240,
  chunkSize: 1024,
  readOnly: false,
  signalTable: null,
  signalTableSilent: false,
  signalChannels: ['source'],
  watermarking: 'none',
  ddlRewrites: 'snapshot',
  includeTables: [],
  orderByRowCount: 'disabled',
  overrides: [],
  walBudget: 0,
  rowsPerSecond: 0,
  window: null,
  delayMs: 0,
  streamingDelayMs: 0,
};
