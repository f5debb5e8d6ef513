import type { ChangeOrigin, RowChange, TruncateChange } from '../../model/change-event.ts';
import type { RowImage } from '../../model/row-image.ts';
import type { SourceSignal } from '../../model/source-signal.ts';
import type { TableSchema } from '../../model/table-schema.ts';
import type { KeyEncoding } from './row-key.ts';
import { isComplete, rowKey } from './row-key.ts';
import type { TableTask } from './snapshot-state.ts';
import { mustFinish } from './snapshot-state.ts';
import type { ReadVisibility, SnapshotWindow } from './snapshot-window.ts';

/** What the snapshots know of a table while its changes go by. */
export interface WatchedTable<T> {
  /** What the row's transaction is called where it is asked whether a read saw it. */
  transactionOf(origin: ChangeOrigin): T;
  /** Hands a delete over in place of a change of the key that is held back. */
  deleted(change: RowChange, before: RowImage): void;
  /** How the keys of its rows are written. */
  readonly encoding: KeyEncoding;
  /** The task of this table, as it is now. */
  task(): TableTask | undefined;
  /** Columns that tell its rows apart; null: it has none. */
  readonly keyColumns: readonly string[] | null;
  /** The window that is open for this table. */
  window(): SnapshotWindow<T> | null;
  /** What a whole read saw: changes of these transactions are in it. */
  seen(): ReadVisibility<T> | null;
  /** The row's newer version came without all values: it is to be read. */
  reread(key: string): void;
}

/**
 * The changes of a table under snapshot, before they are handed over. Two kinds are held back:
 * changes that a whole read of a keyless table has seen already (ruling 1), and of rows that a
 * target may lack the changes that came without all values; those rows are read again (ruling 2).
 */
export class TableWatch<T> {
  readonly #table: WatchedTable<T>;
  readonly #indexes = new Map<TableSchema, readonly number[] | null>();

  constructor(table: WatchedTable<T>) {
    this.#table = table;
  }

  /** False: it is not to be handed over. */
  row(change: RowChange): boolean {
    const { keyColumns, encoding } = this.#table;
    const transaction = this.#table.transactionOf(change);
    if (this.#table.seen()?.sees(transaction) === true) return false;
    const task = this.#table.task();
    if (task === undefined) return true;
    // Read whole, after a truncate event: whatever comes before that is in it.
    if (task.method === 'whole') return !mustFinish(task);
    const indexes = keyColumns === null ? null : this.#keyIndexes(change.table, keyColumns);
    const { before, after } = change;
    const oldKey =
      before === null || indexes === null ? null : rowKey(before, null, indexes, encoding);
    const newKey =
      after === null || indexes === null ? null : rowKey(after, before, indexes, encoding);
    const complete = after === null || isComplete(after);
    this.#record(transaction, { oldKey, newKey, complete, deletes: after === null });
    if (complete || task.purpose !== 'initial' || newKey === null) return true;
    this.#table.reread(newKey);
    if (oldKey !== null && oldKey !== newKey && before !== null) {
      this.#table.deleted(change, before);
    }
    return false;
  }

  truncate(change: TruncateChange): boolean {
    const transaction = this.#table.transactionOf(change);
    if (this.#table.seen()?.sees(transaction) === true) return false;
    this.#table.window()?.truncated(transaction);
    return true;
  }

  #record(
    transaction: T,
    row: { oldKey: string | null; newKey: string | null; complete: boolean; deletes: boolean },
  ): void {
    const window = this.#table.window();
    if (window === null) return;
    const { oldKey, newKey, complete, deletes } = row;
    if (!deletes) window.row(transaction, newKey, complete);
    if (deletes || (oldKey !== null && oldKey !== newKey)) window.row(transaction, oldKey, true);
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
export class SignalWatch {
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
