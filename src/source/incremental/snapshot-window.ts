/** A change of the table, as far as a window has to know it. */
interface TouchedRow<T> {
  readonly transaction: T;
  /** Null: all rows (TRUNCATE), or one whose key is not known. */
  readonly key: string | null;
  readonly complete: boolean;
}

/** What a read saw: a family of sources names its transactions in its own way. */
export interface ReadVisibility<T> {
  /** False also where it cannot be known: the stream's version of a row is never a wrong choice. */
  sees(transaction: T): boolean;
}

/** What becomes of the rows of a chunk. */
export interface WindowVerdict {
  /** Keys whose rows the stream has brought in a newer version. */
  readonly newer: ReadonlySet<string>;
  /** Keys whose newer version came without all values: read again (ruling 2). */
  readonly incomplete: ReadonlySet<string>;
  /** The table was emptied after the chunk was read: no row of it may follow. */
  readonly emptied: boolean;
  /** A row whose key is unknown has changed: nothing can be told, the chunk is read again. */
  readonly unclear: boolean;
}

/**
 * One chunk's window: opened before the rows are read, closed when the stream has passed every
 * transaction that the read saw. Invariant: a row of the chunk is handed over only if no change of
 * it that the chunk's snapshot did not see has been handed over before.
 * Why: the order of a log is not that of visibility. DBLog's markers bound the read in the log; a
 * transaction before the low marker may still be invisible to the read (it waits for a synchronous
 * standby), and its row would be overwritten by the older one. What the read saw has to be known
 * exactly, and whoever opens a window sees to it that all that came before is in the read.
 */
export class SnapshotWindow<T> {
  readonly #touched: TouchedRow<T>[] = [];
  readonly #truncates = new Set<number>();

  row(transaction: T, key: string | null, complete: boolean): void {
    this.#touched.push({ transaction, key, complete });
  }

  truncated(transaction: T): void {
    this.#touched.push({ transaction, key: null, complete: true });
    this.#truncates.add(this.#touched.length - 1);
  }

  judge(visibility: ReadVisibility<T>): WindowVerdict {
    const newer = new Set<string>();
    const incomplete = new Set<string>();
    let emptied = false;
    let unclear = false;
    this.#touched.forEach(({ transaction, key, complete }, i) => {
      if (visibility.sees(transaction)) return;
      if (this.#truncates.has(i)) {
        emptied = true;
        incomplete.clear();
      } else if (key === null) {
        unclear = true;
      } else {
        newer.add(key);
        if (complete) incomplete.delete(key);
        else incomplete.add(key);
      }
    });
    return { newer, incomplete, emptied, unclear };
  }
}
