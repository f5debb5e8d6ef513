import type { Cells } from './row-plan.ts';
import type { ColumnSet } from './table-model.ts';

/**
 * Changes of a table without key: a multiset of rows. A removed row cancels an equal one that was
 * added before in the batch; the others are removed from the target, one row each (ruling 14). The
 * order does not matter beyond that: adding and removing equal rows commute. Equal are rows whose
 * own columns are: what is told beside them of the change that they come from says nothing of that.
 */
export class KeylessBatch {
  readonly columns: ColumnSet;
  readonly ownColumns: ColumnSet;
  readonly #added = new Map<string, Cells[]>();
  readonly #removed = new Map<string, Cells[]>();
  #truncated = false;

  constructor(columns: ColumnSet, ownColumns: ColumnSet) {
    this.columns = columns;
    this.ownColumns = ownColumns;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  truncate(): void {
    this.#added.clear();
    this.#removed.clear();
    this.#truncated = true;
  }

  add(cells: Cells): void {
    keep(this.#added, this.#text(cells), cells);
  }

  remove(cells: Cells): void {
    const text = this.#text(cells);
    const pending = this.#added.get(text);
    if (pending === undefined) keep(this.#removed, text, cells);
    else if (pending.length === 1) this.#added.delete(text);
    else pending.pop();
  }

  added(): readonly Cells[] {
    return [...this.#added.values()].flat();
  }

  removed(): readonly Cells[] {
    return [...this.#removed.values()].flat();
  }

  #text(cells: Cells): string {
    const own = this.columns === this.ownColumns;
    return JSON.stringify(own ? cells : this.ownColumns.map((column) => cells[column]));
  }
}

function keep(rows: Map<string, Cells[]>, text: string, cells: Cells): void {
  const equal = rows.get(text);
  if (equal === undefined) rows.set(text, [cells]);
  else equal.push(cells);
}
