import type { SnapshotProgress } from '../../model/change-event.ts';
import type { SourceNotification } from '../../model/source-notification.ts';
import { tableName } from '../../model/table-schema.ts';

/**
 * What a first snapshot tells while its tables are read side by side: Debezium's notifications of
 * `Initial Snapshot`, from the progress that it makes. A table is told to be read when its last row
 * has been handed over.
 */
export class InitialNotices {
  readonly #notify: (notification: SourceNotification) => void;
  readonly #begun = new Set<string>();
  readonly #read = new Set<string>();
  #started = false;

  constructor(notify: (notification: SourceNotification) => void) {
    this.#notify = notify;
  }

  /** Rows follow. */
  started(): void {
    this.#started = true;
    this.#begun.clear();
    this.#read.clear();
    this.#tell('STARTED', {});
  }

  progressed(progress: readonly SnapshotProgress[]): void {
    const names = progress.map(({ table }) => tableName(table)).join(',');
    for (const { table, rowsDone, completed } of progress) {
      const name = tableName(table);
      if (rowsDone > 0 || completed) this.tableBegun(name, names);
      if (completed && !this.#read.has(name)) {
        this.#read.add(name);
        this.#tell('TABLE_SCAN_COMPLETED', {
          data_collections: names,
          scanned_collection: name,
          total_rows_scanned: String(rowsDone),
          status: 'SUCCEEDED',
        });
      }
    }
  }

  tableBegun(name: string, names: string): void {
    if (this.#begun.has(name)) return;
    this.#begun.add(name);
    this.#tell('IN_PROGRESS', { data_collections: names, current_collection_in_progress: name });
  }

  /** Without rows to be read there was no snapshot. */
  completed(): void {
    this.#tell(this.#started ? 'COMPLETED' : 'SKIPPED', {});
  }

  aborted(): void {
    this.#tell('ABORTED', {});
  }

  #tell(type: SourceNotification['type'], data: SourceNotification['data']): void {
    this.#notify({ aggregate: 'Initial Snapshot', type, data });
  }
}
