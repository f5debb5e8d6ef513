import type { SourceNotification } from '../../src/model/source-notification.ts';
import type { CapturedTable } from '../../src/source/postgres/capture/captured-tables.ts';
import { newTask, NO_SNAPSHOTS } from '../../src/source/incremental/snapshot-state.ts';
import type { TableTask } from '../../src/source/incremental/snapshot-state.ts';
import { SnapshotTasks } from '../../src/source/incremental/snapshot-tasks.ts';
import { SnapshotVisibility } from '../../src/source/postgres/incremental/snapshot-visibility.ts';
import { SnapshotWindow } from '../../src/source/incremental/snapshot-window.ts';
import type { WindowChunk } from '../../src/source/postgres/incremental/window-chunk.ts';
import type {
  OpenWindow,
  TableReading,
} from '../../src/source/postgres/incremental/window-handover.ts';
import { POSTGRES_SIGNALS } from '../../src/source/postgres/incremental/postgres-signals.ts';
import { lsn } from '../../src/model/lsn.ts';

/** A table `public.t (id, v)` of one file of 10 pages with oid 7. */
export const READING: TableReading = {
  captured: {
    info: {
      oid: 7,
      schema: 'public',
      name: 't',
      kind: 'table',
      columns: [{ number: 1, name: 'id', notNull: true }],
      uniqueIndexes: [{ columns: [1], primary: true, immediate: true }],
      estimatedRows: 1000,
      pages: 10,
    },
    schema: {
      id: { catalog: 'd', schema: 'public', table: 't' },
      columns: [{ tupleIndex: 0 }, { tupleIndex: 1 }],
    },
    tupleColumns: [
      { name: 'id', typeText: 'integer' },
      { name: 'v', typeText: 'text' },
    ],
    storage: [{ oid: 7, schema: 'public', name: 't' }],
    columnList: null,
    rowFilter: null,
  } as unknown as CapturedTable,
  schema: {
    id: { catalog: 'd', schema: 'public', table: 't' },
    columns: [{ name: 'id' }, { name: 'v' }],
  } as unknown as TableReading['schema'],
  keyColumns: ['id'],
  keyIndexes: [0],
  order: ['id'],
  orderIndexes: [0],
};

/** Its task, and a list that holds nothing else. */
export function taskList(
  more: Partial<TableTask>,
  notify: (notification: SourceNotification) => void = () => undefined,
): { tasks: SnapshotTasks<CapturedTable>; task: TableTask } {
  const base = { schema: 'public', table: 't', snapshotId: 'x' };
  const task = newTask({ ...base, purpose: 'incremental', method: 'keys' }, more);
  const tasks = new SnapshotTasks(
    { ...NO_SNAPSHOTS, tasks: [task] },
    {
      changed: () => undefined,
      tablesChanged: () => undefined,
      notify,
      note: () => undefined,
      warn: () => undefined,
      offsetText: () => '',
    },
    POSTGRES_SIGNALS,
  );
  return { tasks, task };
}

/** A window whose read saw everything before transaction 100. */
export function openWindow(
  task: TableTask,
  chunk: WindowChunk,
  rows: readonly string[],
  cut = false,
): OpenWindow {
  const lines = rows.map((row) => Buffer.from(`${row}\n`));
  const ends = lines.map((_, i) => Buffer.concat(lines.slice(0, i + 1)).length);
  return {
    task,
    reading: READING,
    chunk,
    window: new SnapshotWindow(),
    mark: 0,
    read: {
      visibility: new SnapshotVisibility('100:100:', false),
      snapshot: '100:100:',
      inRecovery: false,
      until: lsn(0n),
      rows: {
        bytes: Buffer.concat(lines),
        count: lines.length,
        start: (i) => (i === 0 ? 0 : (ends[i - 1] ?? 0)),
        end: (i) => ends[i] ?? 0,
        cut,
      },
      fingerprints: new Map([[7, '500 2200 d t 1 id']]),
    },
    done: Promise.withResolvers(),
  };
}
