import type { Cells, RowPlan } from './row-plan.ts';
import { keyText } from './row-plan.ts';
import type { ColumnSet } from './table-model.ts';

/** The newest change of a key in a batch. */
export interface GuardedRow {
  readonly position: string;
  readonly cells: Cells;
  /** Null: the row is deleted. */
  readonly columns: ColumnSet | null;
  readonly keyColumns: ColumnSet;
}

/**
 * Changes of a guarded table, of which the one with the highest position wins, in whatever order
 * they come. Each is the whole row or a delete, so nothing of an older one is needed.
 */
export class GuardedBatch {
  readonly #rows = new Map<string, GuardedRow>();
  #truncatedAt = '';

  /** The position of the last truncate; empty: there is none. */
  get truncatedAt(): string {
    return this.#truncatedAt;
  }

  /** What is left behind a position, by key. */
  *rowsBehind(position: string): Generator<readonly [key: string, row: GuardedRow]> {
    for (const entry of this.#rows) {
      if (entry[1].position > position) yield entry;
    }
  }

  truncate(position: string): void {
    if (position > this.#truncatedAt) this.#truncatedAt = position;
  }

  write(plan: RowPlan, cells: Cells, position: string): void {
    this.#add(plan, { position, cells, columns: plan.columns, keyColumns: plan.keyColumns });
  }

  delete(plan: RowPlan, cells: Cells, position: string): void {
    this.#add(plan, { position, cells, columns: null, keyColumns: plan.keyColumns });
  }

  #add(plan: RowPlan, row: GuardedRow): void {
    const key = keyText(plan.keyColumns, row.cells);
    const known = this.#rows.get(key);
    if (known === undefined || known.position <= row.position) this.#rows.set(key, row);
  }
}
