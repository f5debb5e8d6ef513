import type {
  BinlogRowChange,
  BinlogTruncateChange,
  ChangeOrigin,
  ChangeReceiver,
  RowOperation,
} from '../../../model/change-event.ts';
import { must } from '../../../foundation/assert.ts';
import type { SourceSignal } from '../../../model/source-signal.ts';
import type { TableId, TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { SeenTable, TableTask } from '../../incremental/snapshot-state.ts';
import { isTaskOf } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import { SignalWatch, TableWatch } from '../../incremental/table-watch.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import type { ChangeWatch } from '../stream/stream-watches.ts';
import type { GroupPlace } from './group-visibility.ts';
import { GroupVisibility } from './group-visibility.ts';
import type { KnownTable } from './table-reading.ts';
import { tableReading } from './table-reading.ts';

/** What decides which tables are watched. */
export interface TableWatchesParts {
  readonly options: SnapshotOptions;
  /** Operations that nobody wants: nor do windows, for they would wait for versions in vain. */
  readonly skippedOperations: ReadonlySet<RowOperation | 't'>;
  readonly receiver: ChangeReceiver;
  readonly tasks: SnapshotTasks<KnownTable>;
  /** As the stream knows it now. */
  known(id: TableId): KnownTable | undefined;
  /** The window that is open for the table. */
  window(id: TableId): SnapshotWindow<GroupPlace> | null;
  signal(signal: SourceSignal): void;
}

/** The changes of the tables under snapshot, and of no others; and the signals. */
export class TableWatches {
  readonly #parts: TableWatchesParts;
  readonly #watches = new Map<TableSchema, ChangeWatch | null>();
  readonly #byTable = new Map<string, TableWatch<GroupPlace>>();
  #seenState: readonly SeenTable[] = [];
  #seen: ReadonlyMap<string, GroupVisibility> = new Map();
  /** The group that rows are of now. */
  #group: GroupPlace | null = null;
  #groupName: string | null = null;
  #isOutcome = false;

  constructor(parts: TableWatchesParts) {
    this.#parts = parts;
    this.renew();
  }

  of(table: TableSchema): ChangeWatch | null {
    let watch = this.#watches.get(table);
    if (watch === undefined) {
      watch = this.#make(table.id);
      this.#watches.set(table, watch);
    }
    return watch;
  }

  /** The tasks, what was seen, or the definitions of tables are others than before. */
  renew(): void {
    const { seen } = this.#parts.tasks.state;
    this.#watches.clear();
    this.#byTable.clear();
    if (seen === this.#seenState) return;
    this.#seenState = seen;
    this.#seen = new Map(
      seen.map(({ schema, table, snapshot }) => [
        `${schema}.${table}`,
        GroupVisibility.parse(snapshot),
      ]),
    );
  }

  /** The rows that follow were prepared before. */
  outcome(): void {
    this.#group = null;
    this.#isOutcome = true;
  }

  #make(id: TableId): ChangeWatch | null {
    const name = tableName(id);
    const { options, tasks } = this.#parts;
    if (options.signalTable === name && options.signalChannels.includes('source')) {
      return new SignalWatch((signal) => this.#parts.signal(signal), options.signalTableSilent);
    }
    if (tasks.of(id) === undefined && !this.#seen.has(name)) return null;
    let watch = this.#byTable.get(name);
    if (watch === undefined) {
      watch = this.#tableWatch(id, name);
      this.#byTable.set(name, watch);
    }
    return this.#withoutSkipped(watch);
  }

  #withoutSkipped(watch: TableWatch<GroupPlace>): ChangeWatch {
    const { skippedOperations: skipped } = this.#parts;
    if (skipped.size === 0) return watch;
    return {
      row: (change: BinlogRowChange) => skipped.has(change.op) || watch.row(change),
      truncate: (change: BinlogTruncateChange) => watch.truncate(change),
    };
  }

  #tableWatch(id: TableId, name: string): TableWatch<GroupPlace> {
    const { tasks, receiver } = this.#parts;
    return new TableWatch<GroupPlace>({
      transactionOf: (origin) => this.#groupOf(origin),
      deleted: (change, before) => receiver.row({ ...change, op: 'd', before, after: null }),
      encoding: 'latin1',
      keyColumns: this.#keyColumns(id, tasks.of(id)),
      task: () => tasks.of(id),
      window: () => this.#parts.window(id),
      seen: () => this.#seen.get(name) ?? null,
      reread: (key) => {
        const task = must(tasks.of(id), 'a row of no task is to be read again');
        if (!task.reread.includes(key)) tasks.update(task, { reread: [...task.reread, key] });
      },
    });
  }

  #keyColumns(id: TableId, task: TableTask | undefined): readonly string[] | null {
    const known = this.#parts.known(id);
    if (known === undefined || task === undefined || !isTaskOf(task, id)) return null;
    const reading = tableReading({ ...task, surrogate: null }, known);
    return reading?.key.map(({ name }) => name) ?? null;
  }

  /** One object for all rows of a group. */
  #groupOf(origin: ChangeOrigin): GroupPlace {
    const found = this.#group;
    if (found !== null && origin.family === 'binlog' && origin.transactionId === this.#groupName) {
      return found;
    }
    if (origin.family !== 'binlog') throw new TypeError('a change of another family');
    const { gtid, file, pos, transactionId } = origin;
    const group = { gtid, file, pos, isOutcome: this.#isOutcome };
    this.#groupName = transactionId;
    this.#isOutcome = false;
    return (this.#group = group);
  }
}
