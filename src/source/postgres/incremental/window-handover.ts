import type { Clock } from '../../../foundation/clock.ts';
import type { ChangeReceiver, PostgresRowChange } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { RowImage } from '../../../model/row-image.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { readCopyRow } from '../snapshot/copy-text.ts';
import type { ReplicationPosition } from '../stream/replication-position.ts';
import { goneKeys } from '../../incremental/repaired-rows.ts';
import { keyImage, rowKey } from '../../incremental/row-key.ts';
import { rowKeyColumns } from './row-key-columns.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import type { WindowChunk } from './window-chunk.ts';
import type { ReadWindow } from './window-reader.ts';

/** How the rows of a table are read and told apart. */
export interface TableReading {
  readonly captured: CapturedTable;
  /** The shape that the rows are handed over with. */
  readonly schema: TableSchema;
  readonly keyColumns: readonly string[];
  /** Where they stand in a COPY row. */
  readonly keyIndexes: readonly number[];
  /** Columns that the chunks follow each other by. */
  readonly order: readonly string[];
  readonly orderIndexes: readonly number[];
}

/** Null: its rows cannot be told apart, it is read whole. */
export function tableReading(
  task: TableTask,
  captured: CapturedTable,
  schema: TableSchema,
): TableReading | null {
  const keyColumns = rowKeyColumns(captured.info);
  const indexOf = (name: string): number =>
    captured.tupleColumns.findIndex((column) => column.name === name);
  if (keyColumns === null) return null;
  if (!keyColumns.every((name) => schema.columns.some((column) => column.name === name))) {
    return null;
  }
  const order = task.surrogate === null ? keyColumns : [task.surrogate, ...keyColumns];
  return {
    captured,
    schema,
    keyColumns,
    keyIndexes: keyColumns.map(indexOf),
    order,
    orderIndexes: order.map(indexOf),
  };
}

/** A window between its opening and its end. */
export interface OpenWindow {
  readonly task: TableTask;
  readonly reading: TableReading;
  readonly chunk: WindowChunk;
  readonly window: SnapshotWindow<number>;
  /** How many transactions had come when it was opened: the read has to have seen them. */
  readonly mark: number;
  /** Null while the rows are read. */
  read: ReadWindow | null;
  readonly done: PromiseWithResolvers<void>;
}

/** What a closed window leaves to remember. */
export interface HandedRows {
  readonly handed: number;
  /** Order columns of the chunk's last row; null without rows. */
  readonly lastKey: readonly string[] | null;
  /** Keys to be read again. */
  readonly incomplete: readonly string[];
  /** Keys that were told as deleted. */
  readonly gone: readonly string[];
}

/**
 * Hands over the rows of a chunk that the stream has not brought in a newer version. Synchronous:
 * rows and state enter one append. Null: nothing can be told of them, they are read again.
 */
export function handOver(
  open: OpenWindow,
  task: TableTask,
  to: {
    readonly receiver: ChangeReceiver;
    readonly position: ReplicationPosition;
    readonly clock: Clock;
  },
  at: Lsn,
): HandedRows | null {
  const { reading, read } = open;
  if (read === null) return null;
  const verdict = open.window.judge(read.visibility);
  if (verdict.unclear) return null;
  const { rows } = read;
  const image = new RowImage();
  const change = rowChange(task, reading.schema, image, to, at);
  const columns = reading.captured.tupleColumns.length;
  const found = new Set<string>();
  let handed = 0;
  let lastKey: readonly string[] | null = null;
  for (let i = 0; i < rows.count; i++) {
    readCopyRow(rows.bytes, rows.start(i), rows.end(i), image, columns);
    if (i === rows.count - 1) lastKey = reading.orderIndexes.map((n) => image.text(n) ?? '');
    if (verdict.emptied) continue;
    if (verdict.newer.size > 0 || task.repair !== undefined) {
      const key = rowKey(image, null, reading.keyIndexes);
      if (key !== null && verdict.newer.has(key)) continue;
      if (key !== null) found.add(key);
    }
    to.receiver.row(change);
    change.ordinal++;
    handed++;
  }
  const asked = open.chunk.kind === 'reread' ? open.chunk.keys : [];
  const gone = goneKeys(task, asked, found, verdict);
  for (const key of gone) {
    change.before = keyImage(key, reading.keyIndexes, columns);
    to.receiver.row({ ...change, op: 'd', beforeIsKeyOnly: true, after: null });
  }
  return { handed: handed + gone.length, lastKey, incomplete: [...verdict.incomplete], gone };
}

function rowChange(
  task: TableTask,
  table: TableSchema,
  after: RowImage,
  { position, clock }: { readonly position: ReplicationPosition; readonly clock: Clock },
  at: Lsn,
): PostgresRowChange {
  // Not newer than any change that follows: the commit before them.
  const lsn = position.previousCommitLsn ?? at;
  return {
    op: 'r',
    table,
    before: null,
    beforeIsKeyOnly: false,
    after,
    family: 'postgres',
    lsn,
    commitLsn: position.endLsn,
    previousCommitLsn: position.previousCommitLsn,
    ordinal: 0,
    transactionId: null,
    sourceMicros: clock.nowMicros(),
    snapshot: task.purpose === 'initial' ? 'true' : 'incremental',
  };
}
