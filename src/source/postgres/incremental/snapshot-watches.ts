import { must } from '../../../foundation/assert.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { SourceSignal } from '../../../model/source-signal.ts';
import type { TableId } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { RelationCache, RelationWatch } from '../stream/relation-cache.ts';
import { rowKeyColumns } from './row-key-columns.ts';
import type { SnapshotOptions } from '../../snapshot/snapshot-options.ts';
import type { SeenTable } from '../../incremental/snapshot-state.ts';
import { isTaskOf } from '../../incremental/snapshot-state.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import { SnapshotVisibility } from './snapshot-visibility.ts';
import type { SnapshotWindow } from '../../incremental/snapshot-window.ts';
import { SignalWatch, TableWatch } from '../../incremental/table-watch.ts';

/** What decides which tables are watched. */
export interface WatchesParts {
  readonly options: SnapshotOptions;
  readonly receiver: ChangeReceiver;
  readonly relations: RelationCache;
  readonly tasks: SnapshotTasks<CapturedTable>;
  captured(): readonly CapturedTable[];
  /** The window that is open for the table. */
  window(id: TableId): SnapshotWindow<number> | null;
  signal(signal: SourceSignal): void;
}

/** Keeps the relation cache told of the tables under snapshot, and of no others. */
export class SnapshotWatches {
  readonly #parts: WatchesParts;
  readonly #watches = new Map<string, RelationWatch>();
  #seenState: readonly SeenTable[] = [];
  #seen: ReadonlyMap<string, SnapshotVisibility> = new Map();

  constructor(parts: WatchesParts) {
    this.#parts = parts;
    this.renew();
  }

  /** The tasks, what was seen, or the captured tables are others than before. */
  renew(): void {
    const { tasks, relations } = this.#parts;
    if (tasks.state.seen !== this.#seenState) {
      this.#seenState = tasks.state.seen;
      this.#seen = new Map(
        this.#seenState.map((seen) => [
          `${seen.schema}.${seen.table}`,
          new SnapshotVisibility(seen.snapshot, seen.inRecovery),
        ]),
      );
    }
    relations.watch((table) => this.#watchOf(table.id));
  }

  #watchOf(id: TableId): RelationWatch | null {
    const name = tableName(id);
    const { options, tasks } = this.#parts;
    const isSignal = options.signalTable === name && options.signalChannels.includes('source');
    if (!isSignal && tasks.of(id) === undefined && !this.#seen.has(name)) {
      this.#watches.delete(name);
      return null;
    }
    let watch = this.#watches.get(name);
    if (watch === undefined) {
      watch = isSignal ? this.#signalWatch() : this.#tableWatch(id, name);
      this.#watches.set(name, watch);
    }
    return watch;
  }

  #signalWatch(): RelationWatch {
    const silent = this.#parts.options.signalTableSilent;
    return new SignalWatch((signal) => this.#parts.signal(signal), silent);
  }

  #tableWatch(id: TableId, name: string): RelationWatch {
    const { tasks, receiver } = this.#parts;
    const captured = this.#parts.captured().find(({ schema }) => isTaskOf(id, schema.id));
    return new TableWatch<number>({
      transactionOf: (origin) => (origin.family === 'postgres' ? (origin.transactionId ?? 0) : 0),
      deleted: (change, before) => receiver.row({ ...change, op: 'd', before, after: null }),
      encoding: 'utf8',
      keyColumns: captured === undefined ? null : rowKeyColumns(captured.info),
      task: () => tasks.of(id),
      window: () => this.#parts.window(id),
      seen: () => this.#seen.get(name) ?? null,
      reread: (key) => {
        const task = must(tasks.of(id), 'a row of no task is to be read again');
        if (!task.reread.includes(key)) tasks.update(task, { reread: [...task.reread, key] });
      },
    });
  }
}
