import type { Cells } from './row-plan.ts';
import type { ColumnSet } from './table-model.ts';

interface Counted {
  readonly cells: Cells;
  count: number;
}

/**
 * Changes of a table without key: a multiset of rows. A removed row cancels an equal one that was
 * added before in the batch; the others are removed from the target, one row each (ruling 14). The
 * order does not matter beyond that: adding and removing equal rows commute.
 */
export class KeylessBatch {
  readonly columns: ColumnSet;
  readonly #added = new Map<string, Counted>();
  readonly #removed = new Map<string, Counted>();
  #truncated = false;

  constructor(columns: ColumnSet) {
    this.columns = columns;
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
    count(this.#added, cells);
  }

  remove(cells: Cells): void {
    const text = rowText(cells);
    const pending = this.#added.get(text);
    if (pending === undefined) count(this.#removed, cells);
    else if (pending.count === 1) this.#added.delete(text);
    else pending.count--;
  }

  added(): readonly Cells[] {
    return expand(this.#added);
  }

  removed(): readonly Cells[] {
    return expand(this.#removed);
  }
}

function rowText(cells: Cells): string {
  return JSON.stringify(cells);
}

function count(rows: Map<string, Counted>, cells: Cells): void {
  const text = rowText(cells);
  const known = rows.get(text);
  if (known === undefined) rows.set(text, { cells, count: 1 });
  else known.count++;
}

function expand(rows: Map<string, Counted>): readonly Cells[] {
  return [...rows.values()].flatMap(({ cells, count: times }) =>
    times === 1 ? [cells] : Array.from({ length: times }, () => cells),
  );
}
