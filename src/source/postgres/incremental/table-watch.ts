import type { ChangeReceiver, RowChange, TruncateChange } from '../../../model/change-event.ts';
import type { RowImage } from '../../../model/row-image.ts';
import type { SourceSignal } from '../../../model/source-signal.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { RelationWatch } from '../stream/relation-cache.ts';
import { isComplete, rowKey } from './row-key.ts';
import type { TableTask } from './snapshot-state.ts';
import { mustFinish } from './snapshot-state.ts';
import type { SnapshotVisibility } from './snapshot-visibility.ts';
import type { SnapshotWindow } from './snapshot-window.ts';

/** What the snapshots know of a table while its changes go by. */
export interface WatchedTable {
  readonly receiver: ChangeReceiver;
  /** The task of this table, as it is now. */
  task(): TableTask | undefined;
  /** Columns that tell its rows apart; null: it has none. */
  readonly keyColumns: readonly string[] | null;
  /** The window that is open for this table. */
  window(): SnapshotWindow | null;
  /** What a whole read saw: changes of these transactions are in it. */
  seen(): SnapshotVisibility | null;
  /** The row's newer version came without all values: it is to be read. */
  reread(key: string): void;
}

/**
 * The changes of a table under snapshot, before they are handed over. Two kinds are held back:
 * changes that a whole read of a keyless table has seen already (ruling 1), and of rows that a
 * target may lack the changes that came without all values; those rows are read again (ruling 2).
 */
export class TableWatch implements RelationWatch {
  readonly #table: WatchedTable;
  readonly #indexes = new Map<TableSchema, readonly number[] | null>();

  constructor(table: WatchedTable) {
    this.#table = table;
  }

  row(change: RowChange): boolean {
    const { keyColumns } = this.#table;
    const transactionId = change.transactionId ?? 0;
    if (this.#table.seen()?.sees(transactionId) === true) return false;
    const task = this.#table.task();
    if (task === undefined) return true;
    // Read whole, after a truncate event: whatever comes before that is in it.
    if (task.method === 'whole') return !mustFinish(task);
    const indexes = keyColumns === null ? null : this.#keyIndexes(change.table, keyColumns);
    const { before, after } = change;
    const oldKey = before === null || indexes === null ? null : rowKey(before, null, indexes);
    const newKey = after === null || indexes === null ? null : rowKey(after, before, indexes);
    const complete = after === null || isComplete(after);
    this.#record(transactionId, { oldKey, newKey, complete, deletes: after === null });
    if (complete || task.purpose !== 'initial' || newKey === null) return true;
    this.#table.reread(newKey);
    if (oldKey !== null && oldKey !== newKey && before !== null) this.#deleted(change, before);
    return false;
  }

  truncate(change: TruncateChange): boolean {
    const transactionId = change.transactionId ?? 0;
    if (this.#table.seen()?.sees(transactionId) === true) return false;
    this.#table.window()?.truncated(transactionId);
    return true;
  }

  #record(
    transactionId: number,
    row: { oldKey: string | null; newKey: string | null; complete: boolean; deletes: boolean },
  ): void {
    const window = this.#table.window();
    if (window === null) return;
    const { oldKey, newKey, complete, deletes } = row;
    if (!deletes) window.row(transactionId, newKey, complete);
    if (deletes || (oldKey !== null && oldKey !== newKey)) window.row(transactionId, oldKey, true);
  }

  #deleted(change: RowChange, before: RowImage): void {
    this.#table.receiver.row({ ...change, op: 'd', before, after: null });
  }

  #keyIndexes(table: TableSchema, names: readonly string[]): readonly number[] | null {
    let indexes = this.#indexes.get(table);
    if (indexes === undefined) {
      const found = names.map((name) => table.columns.find((c) => c.name === name)?.tupleIndex);
      indexes = found.includes(undefined) ? null : (found as number[]);
      this.#indexes.set(table, indexes);
    }
    return indexes;
  }
}

/** Reads the signals out of the inserts into the signal table. */
export class SignalWatch implements RelationWatch {
  readonly #apply: (signal: SourceSignal) => void;
  readonly #silent: boolean;

  /** `silent`: the table is read for its signals only, its rows become no records. */
  constructor(apply: (signal: SourceSignal) => void, silent: boolean) {
    this.#apply = apply;
    this.#silent = silent;
  }

  row(change: RowChange): boolean {
    if (change.op === 'c' && change.after !== null) {
      const image = change.after;
      // By place, as Debezium reads it: id, type, data.
      const [id, type, data] = change.table.columns.map(
        (column) => image.text(column.tupleIndex) ?? null,
      );
      this.#apply({ id: id ?? '', type: type ?? '', data: data ?? null });
    }
    return !this.#silent;
  }

  truncate(): boolean {
    return !this.#silent;
  }
}
