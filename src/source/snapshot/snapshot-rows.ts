import type {
  ChangeReceiver,
  RowChange,
  SnapshotMarker,
  SnapshotProgress,
} from '../../model/change-event.ts';
import { RowImage } from '../../model/row-image.ts';
import type { TableSchema } from '../../model/table-schema.ts';

/** What differs between the families: how a row comes, and where its origin stands. */
export interface RowSource {
  /** What every row of the snapshot says of its place; its images and table are set here. */
  readonly change: RowChange;
  /** Reads the row that lies at `bytes[start, end)` into the image. */
  readonly readRow: (
    bytes: Buffer,
    start: number,
    end: number,
    image: RowImage,
    columns: number,
  ) => void;
  /** The time that rows are told to be of when they are read now. */
  readonly nowMicros: () => bigint;
}

/** No table, and never seen: set before the first use. */
export const NO_TABLE: TableSchema = {
  id: { catalog: '', schema: '', table: '' },
  version: 0,
  columns: [],
  keyColumns: [],
  replicaIdentity: 'nothing',
};

/** What the rows of one table need. */
export interface SnapshotTable {
  readonly schema: TableSchema;
  /** Columns of a row as it is sent. */
  readonly tupleColumns: number;
  readonly chunks: number;
  readonly rowsEstimated: number;
}

interface TableState extends SnapshotTable {
  chunksLeft: number;
  /** Rows seen in any chunk: the table has a row that is held back until it is finished. */
  begun: boolean;
  handedOver: number;
  bytesDone: number;
  /** Last row of a finished chunk while others are still read, and whom to tell of its end. */
  held: { readonly row: Buffer; readonly handedOver: () => void } | null;
}

/**
 * Hands the rows of concurrently read chunks to the receiver, marked as Debezium marks them: the
 * first and the last of the snapshot and of each table. Which row is last is known only afterwards,
 * so of each chunk and of each table one row is always held back.
 */
export class SnapshotRows {
  readonly #tables: readonly TableState[];
  readonly #receiver: ChangeReceiver;
  readonly #source: RowSource;
  readonly #image = new RowImage();
  readonly #change: RowChange;
  /** A finished table whose last row may turn out to be the last of all. */
  #finished: TableState | null = null;
  #unfinishedBegun = 0;
  #first = true;

  constructor(tables: readonly SnapshotTable[], receiver: ChangeReceiver, source: RowSource) {
    this.#tables = tables.map((table) => ({
      ...table,
      chunksLeft: table.chunks,
      begun: false,
      handedOver: 0,
      bytesDone: 0,
      held: null,
    }));
    this.#receiver = receiver;
    this.#source = source;
    this.#change = source.change;
    this.#change.after = this.#image;
  }

  /**
   * One chunk of the table with this index is about to be read. `handedOver` is called when its
   * last row has gone out, which may be long after it was read.
   */
  openChunk(table: number, handedOver: () => void = () => undefined): ChunkRows {
    return new ChunkRows(this, table, handedOver);
  }

  /** The table with this index turns out to have one chunk more. */
  moreChunks(index: number): void {
    (this.#tables[index] as TableState).chunksLeft++;
  }

  /** Rows that arrive from now on are read now. */
  tick(): void {
    this.#change.sourceMicros = this.#source.nowMicros();
  }

  /** Rows of the table with this index that the receiver has. */
  handedOver(index: number): number {
    return this.#tables[index]?.handedOver ?? 0;
  }

  progress(): SnapshotProgress[] {
    return this.#tables.map((table) => ({
      table: table.schema.id,
      rowsDone: table.handedOver + (table.held === null ? 0 : 1),
      rowsEstimated: table.rowsEstimated,
      bytesDone: table.bytesDone,
      completed: table.chunksLeft === 0 && table.held === null,
    }));
  }

  /** A row of the table has arrived: what a finished table held back is not the last of all. */
  arrived(index: number, bytes: number): void {
    const table = this.#tables[index] as TableState;
    table.bytesDone += bytes;
    if (table.begun) return;
    table.begun = true;
    this.#unfinishedBegun++;
    this.#releaseFinished('last_in_data_collection');
  }

  /** A row after which another of the same table is known to come. */
  handOver(index: number, bytes: Buffer, start: number, end: number): void {
    const table = this.#tables[index] as TableState;
    this.#emit(table, bytes, start, end, 'true');
  }

  /** The chunk is read; `last` is a copy of its last row, if it had any. */
  closeChunk(index: number, last: Buffer | null, handedOver: () => void): void {
    const table = this.#tables[index] as TableState;
    if (last === null) {
      handedOver();
    } else {
      this.#releaseHeld(table, 'true');
      table.held = { row: last, handedOver };
    }
    table.chunksLeft--;
    if (table.chunksLeft > 0 || table.held === null) return;
    this.#unfinishedBegun--;
    this.#finished = table;
    if (this.#unfinishedBegun > 0) this.#releaseFinished('last_in_data_collection');
  }

  /** All chunks are read: the last row of all goes out. */
  finish(): void {
    this.#releaseFinished('last');
  }

  /** What is left is read later, by somebody else: all rows held back go out. */
  letGo(): void {
    this.#finished = null;
    for (const table of this.#tables) {
      this.#releaseHeld(table, table.chunksLeft === 0 ? 'last_in_data_collection' : 'true');
    }
  }

  #releaseFinished(marker: SnapshotMarker): void {
    const table = this.#finished;
    if (table === null || table.held === null) return;
    this.#finished = null;
    this.#releaseHeld(table, marker);
  }

  #releaseHeld(table: TableState, marker: SnapshotMarker): void {
    const { held } = table;
    if (held === null) return;
    table.held = null;
    this.#emit(table, held.row, 0, held.row.length, marker);
    held.handedOver();
  }

  #emit(
    table: TableState,
    bytes: Buffer,
    start: number,
    end: number,
    marker: SnapshotMarker,
  ): void {
    this.#source.readRow(bytes, start, end, this.#image, table.tupleColumns);
    const change = this.#change;
    change.table = table.schema;
    change.snapshot = this.#markerOf(table, marker);
    this.#first = false;
    table.handedOver++;
    this.#receiver.row(change);
    change.ordinal++;
  }

  /** Of several that would fit Debezium takes: last, first, last of table, first of table. */
  #markerOf(table: TableState, marker: SnapshotMarker): SnapshotMarker {
    if (marker === 'last') return 'last';
    if (this.#first) return 'first';
    if (marker === 'true' && table.handedOver === 0) return 'first_in_data_collection';
    return marker;
  }
}

/** The rows of one chunk, as one connection reads them. */
export class ChunkRows {
  readonly #rows: SnapshotRows;
  readonly #table: number;
  readonly #handedOver: () => void;
  /** The row held back: in the receive buffer until `chunkRead`, then in our own. */
  #bytes: Buffer | null = null;
  #start = 0;
  #end = 0;
  #own: Buffer = Buffer.alloc(0);

  constructor(rows: SnapshotRows, table: number, handedOver: () => void) {
    this.#rows = rows;
    this.#table = table;
    this.#handedOver = handedOver;
  }

  /** One row; its bytes must stay as they are until the next `inputRead`. */
  row(bytes: Buffer, start: number, end: number): void {
    this.#rows.arrived(this.#table, end - start);
    if (this.#bytes !== null) {
      this.#rows.handOver(this.#table, this.#bytes, this.#start, this.#end);
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The receive buffer will be written to again: the held row moves out of it. */
  inputRead(): void {
    const held = this.#bytes;
    if (held === null || held === this.#own) return;
    const length = this.#end - this.#start;
    if (this.#own.length < length) this.#own = Buffer.allocUnsafe(Math.max(256, length));
    held.copy(this.#own, 0, this.#start, this.#end);
    this.#bytes = this.#own;
    this.#start = 0;
    this.#end = length;
  }

  /** The server has sent everything. */
  close(): void {
    const held = this.#bytes;
    const last = held === null ? null : Buffer.from(held.subarray(this.#start, this.#end));
    this.#bytes = null;
    this.#rows.closeChunk(this.#table, last, this.#handedOver);
  }
}
