import type { RecentTransactions, SnapshotVisibility } from './snapshot-visibility.ts';

/** A change of the table, as far as a window has to know it. */
interface TouchedRow {
  readonly transactionId: number;
  /** Null: all rows (TRUNCATE), or one whose key is not known. */
  readonly key: string | null;
  readonly complete: boolean;
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
 * Why: WAL order is not visibility order. DBLog's markers bound the read in the WAL; a transaction
 * before the low marker may still be invisible to the read (it waits for a synchronous standby),
 * and its row would be overwritten by the older one. The snapshot itself says what it saw.
 */
export class SnapshotWindow {
  readonly #mark: number;
  readonly #touched: TouchedRow[] = [];

  constructor(recent: RecentTransactions) {
    this.#mark = recent.count;
  }

  row(transactionId: number, key: string | null, complete: boolean): void {
    this.#touched.push({ transactionId, key, complete });
  }

  truncated(transactionId: number): void {
    this.#touched.push({ transactionId, key: null, complete: true });
    this.#truncates.add(this.#touched.length - 1);
  }

  readonly #truncates = new Set<number>();

  /** False: something that the stream brought before the window is not in the chunk. */
  covers(recent: RecentTransactions, visibility: SnapshotVisibility): boolean {
    return recent.allSeen(visibility, this.#mark);
  }

  judge(visibility: SnapshotVisibility): WindowVerdict {
    const newer = new Set<string>();
    const incomplete = new Set<string>();
    let emptied = false;
    let unclear = false;
    this.#touched.forEach(({ transactionId, key, complete }, i) => {
      if (visibility.sees(transactionId)) return;
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
