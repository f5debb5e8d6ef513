/** How tables are read, at first and again. */
export interface SnapshotOptions {
  /** About how many rows of a first snapshot a crash may cost for each connection. */
  readonly chunkRows: number;
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
  /** Tables that the first snapshot reads; empty: all captured ones. */
  readonly includeTables: readonly RegExp[];
  readonly orderByRowCount: 'disabled' | 'ascending' | 'descending';
}

/** What holds when no property says otherwise. */
export const DEFAULT_SNAPSHOT_OPTIONS: SnapshotOptions = {
  chunkRows: 8192,
  chunkSize: 1024,
  readOnly: false,
  signalTable: null,
  signalTableSilent: false,
  signalChannels: ['source'],
  watermarking: 'none',
  includeTables: [],
  orderByRowCount: 'disabled',
};
