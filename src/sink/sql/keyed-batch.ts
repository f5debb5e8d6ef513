import type { Cell, Cells, RowPlan } from './row-plan.ts';
import { ABSENT, keyText } from './row-plan.ts';
import type { ColumnSet, TableModel } from './table-model.ts';

/** What is left of all changes of one key. */
export interface KeyedRow {
  /** With the key's cells. */
  readonly cells: Cells;
  /** Columns with a value; null: the row is deleted. */
  readonly columns: ColumnSet | null;
  readonly keyColumns: ColumnSet;
  /** Some values are absent: only an existing row can be completed. */
  readonly partial: boolean;
  /** The row was deleted earlier in the batch: there is nothing to complete it from. */
  readonly afterDelete: boolean;
  /** The first change of its key in the batch says that the row came to be. */
  readonly isNew: boolean;
  /** It is only marked as deleted; where the target does not have it, there is nothing to mark. */
  readonly isMark: boolean;
}

/**
 * Changes of a keyed table, reduced so that each key is written once (PITFALLS S2, S3, S5): the
 * last write wins, a delete ends it, a write after a delete is the full row, and absent values are
 * taken from earlier in the batch where they are known. A change of the key is a delete of one key
 * and a write of another, and needs no care here. Truncation forgets everything before it.
 */
export class KeyedBatch {
  readonly #model: TableModel;
  readonly #rows = new Map<string, KeyedRow>();
  #truncated = false;
  #keySchema: RowPlan['keySchema'] | undefined;

  constructor(model: TableModel) {
    this.#model = model;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  get rows(): Iterable<KeyedRow> {
    return this.#rows.values();
  }

  /**
   * Keys are compared by their texts: one that was read by another schema may have another text
   * (1.10, and 1.1000 behind an ALTER of the source), and is a matter of the next batch.
   */
  takes({ keySchema }: RowPlan): boolean {
    return this.#keySchema === undefined || this.#keySchema === keySchema;
  }

  truncate(): void {
    this.#rows.clear();
    this.#truncated = true;
  }

  delete(plan: RowPlan, cells: Cells): void {
    this.#keySchema = plan.keySchema;
    const text = keyText(plan.keyColumns, cells);
    this.#replace(text, {
      cells,
      columns: null,
      keyColumns: plan.keyColumns,
      partial: false,
      afterDelete: true,
      isNew: false,
      isMark: false,
    });
  }

  /** `delete.mode: soft`: the row stays, with the cells that say so. */
  mark(plan: RowPlan, cells: Cells): void {
    const text = keyText(plan.keyColumns, cells);
    const earlier = this.#rows.get(text);
    if (earlier !== undefined) {
      this.#replace(text, this.#merge(earlier, cells));
      return;
    }
    const { keyColumns } = plan;
    const columns = this.#known(cells);
    const state = { partial: false, afterDelete: false, isNew: false, isMark: true };
    this.#replace(text, { cells, columns, keyColumns, ...state });
  }

  /** `isNew`: the source says that the row was not there before. */
  write(plan: RowPlan, cells: Cells, isNew = false): void {
    this.#keySchema = plan.keySchema;
    const text = keyText(plan.keyColumns, cells);
    const { keyColumns } = plan;
    const earlier = this.#rows.get(text);
    const partial = cells.includes(ABSENT);
    if (earlier !== undefined && earlier.columns !== null) {
      const sameColumns = !partial && earlier.columns === plan.columns;
      const row = sameColumns ? { ...earlier, cells } : this.#merge(earlier, cells);
      this.#replace(text, { ...row, isMark: false });
      return;
    }
    const columns = partial ? this.#known(cells) : plan.columns;
    const afterDelete = earlier !== undefined;
    const state = { partial, afterDelete, isNew: isNew && !afterDelete, isMark: false };
    const row = { cells, columns, keyColumns, ...state };
    if (afterDelete) this.#replace(text, row);
    else this.#rows.set(text, row);
  }

  /** The later change moves to the end: rows keep the order of their last change. */
  #replace(text: string, row: KeyedRow): void {
    this.#rows.delete(text);
    this.#rows.set(text, row);
  }

  #merge(earlier: KeyedRow, cells: Cells): KeyedRow {
    const merged: Cell[] = cells.map((cell, i) => {
      if (cell === undefined) return earlier.cells[i];
      if (cell !== ABSENT) return cell;
      // A column that the earlier change did not have is as unknown as before.
      const known = earlier.cells[i];
      return known === undefined ? ABSENT : known;
    });
    const partial = merged.includes(ABSENT);
    return { ...earlier, cells: merged, columns: this.#known(merged), partial };
  }

  #known(cells: Cells): ColumnSet {
    const numbers: number[] = [];
    cells.forEach((cell, i) => {
      if (cell !== undefined && cell !== ABSENT) numbers.push(i);
    });
    return this.#model.columnSet(numbers);
  }
}
