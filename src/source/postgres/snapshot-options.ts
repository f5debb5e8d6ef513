/** How tables are read, at first and again. */
export interface SnapshotOptions {
  /** About how many rows of a first snapshot a crash may cost for each connection. */
  readonly chunkRows: number;
  /** incremental.snapshot.chunk.size: rows of a window. */
  readonly chunkSize: number;
  /** read.only: nothing is written to the source, not even marks. */
  readonly readOnly: boolean;
  /** incremental.snapshot.watermarking.strategy: what becomes of the marks in the signal table. */
  readonly watermarking: 'insert_insert' | 'insert_delete';
  /** signal.data.collection as `schema.table`; null: there is none. */
  readonly signalTable: string | null;
  /** The signal table is not among the captured ones: its rows become no records. */
  readonly signalTableSilent: boolean;
  readonly signalChannels: readonly string[];
  /** Tables that the first snapshot reads; empty: all captured ones. */
  readonly includeTables: readonly RegExp[];
  /** snapshot.select.statement.overrides: `schema.table` → SELECT. */
  readonly selectOverrides: ReadonlyMap<string, string>;
  readonly orderByRowCount: 'disabled' | 'ascending' | 'descending';
  /** Rows a second at most, over all connections; null: as fast as they come. */
  readonly maxRowsPerSecond: number | null;
  /** Minutes of the day (UTC) between which rows are read; null: always. */
  readonly timeWindow: readonly [fromMinute: number, toMinute: number] | null;
  /** WAL that the slot may hold back before the exported snapshot is let go (ruling 15). */
  readonly walBudgetBytes: number | null;
}

/** What holds when no property says otherwise. */
export const DEFAULT_SNAPSHOT_OPTIONS: SnapshotOptions = {
  chunkRows: 8192,
  chunkSize: 1024,
  readOnly: false,
  watermarking: 'insert_insert',
  signalTable: null,
  signalTableSilent: false,
  signalChannels: ['source'],
  includeTables: [],
  selectOverrides: new Map(),
  orderByRowCount: 'disabled',
  maxRowsPerSecond: null,
  timeWindow: null,
  walBudgetBytes: null,
};
