import type { Clock } from '../../../foundation/clock.ts';
import { must } from '../../../foundation/assert.ts';
import type { BinlogRowChange, ChangeReceiver } from '../../../model/change-event.ts';
import { RowImage } from '../../../model/row-image.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import { goneKeys } from '../../incremental/repaired-rows.ts';
import { keyImage, rowKey } from '../../incremental/row-key.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import type { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import type { LogSpot } from '../stream/stream-watches.ts';
import { readTextRow } from '../wire/text-row.ts';
import type { WindowChunk } from './chunk-query.ts';
import type { ReadChunk } from './chunk-reader.ts';
import type { GroupPlace } from './group-visibility.ts';
import type { TableReading } from './table-reading.ts';

/** A window between its opening and its end. */
export interface OpenWindow {
  readonly task: TableTask;
  readonly reading: TableReading;
  readonly chunk: WindowChunk;
  readonly window: SnapshotWindow<GroupPlace>;
  /** Where the stream stood: what came before has to be in the read. */
  readonly passed: LogSpot;
  /** As GTIDs; null: the stream has none. */
  readonly done: string | null;
  /** Null while the rows are read. */
  read: ReadChunk | null;
  /** The table was changed by a statement: the rows are of no use. */
  disturbed: boolean;
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
  to: { readonly receiver: ChangeReceiver; readonly clock: Clock; readonly at: LogSpot },
): HandedRows | null {
  const { reading, read } = open;
  if (read === null) return null;
  const verdict = open.window.judge(read.visibility);
  if (verdict.unclear || verdict.emptied) return null;
  const { rows } = read;
  const image = new RowImage();
  const change = snapshotChange(reading.schema, to.at, to.clock);
  change.after = image;
  change.snapshot = task.purpose === 'initial' ? 'true' : 'incremental';
  const columns = reading.definition.columns.length;
  const all = columns + reading.order.length;
  const found = new Set<string>();
  let handed = 0;
  let lastKey: readonly string[] | null = null;
  for (let i = 0; i < rows.count; i++) {
    readTextRow(rows.bytes, rows.start(i), rows.end(i), image, all);
    if (i === rows.count - 1) {
      lastKey = reading.order.map((_, n) => must(image.text(columns + n), 'a value of the order'));
    }
    // What the row is ordered by stands behind it.
    image.count = columns;
    if (verdict.newer.size > 0 || task.repair !== undefined) {
      const key = rowKey(image, null, reading.keyIndexes, 'latin1');
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
    change.before = keyImage(key, reading.keyIndexes, columns, 'latin1');
    to.receiver.row({ ...change, op: 'd', after: null });
  }
  return { handed: handed + gone.length, lastKey, incomplete: [...verdict.incomplete], gone };
}

/** A row that a read shows, as if it were of the place where the stream stands. */
export function snapshotChange(
  table: TableSchema,
  { file, pos }: LogSpot,
  clock: Clock,
): { -readonly [K in keyof BinlogRowChange]: BinlogRowChange[K] } {
  return {
    op: 'r',
    table,
    before: null,
    beforeIsKeyOnly: false,
    after: null,
    family: 'binlog',
    serverId: 0,
    gtid: null,
    file,
    pos,
    groupPos: pos,
    row: 0,
    thread: null,
    query: null,
    transactionId: null,
    ordinal: 0,
    sourceMicros: clock.nowMicros(),
    snapshot: 'incremental',
  };
}
