import { BoundedCache } from '../foundation/bounded-cache.ts';
import type { SourceTransaction } from './transaction-queue.ts';

/** Transactions that are remembered one by one. */
const KEPT = 10_000;
/** Of them the ones that are remembered over a restart. */
const STORED = 500;

/** A transaction's id, and what tells it from another one that gets the same id later. */
export type AppliedTransaction = readonly [
  id: string,
  position: string | null,
  endId: string | null,
];

/** What the target has, as it is stored. */
export interface AppliedState {
  /** The last ones, the oldest first. */
  readonly recent: readonly AppliedTransaction[];
  /** All from the first position to the second are applied; null: no such range is known. */
  readonly range: AppliedRange | null;
}

type AppliedRange = readonly [from: string, to: string];

interface Remembered {
  readonly applied: AppliedTransaction;
  /** As it was then. */
  range: AppliedRange | null;
}

/**
 * Transactions that the target has. A source that delivers at least once writes some again after a
 * failure; applied again one after the other they would show readers states that never were.
 *
 * Transactions come in the order of their positions, so of those that have one (our sources') a
 * range says how far the target is, however long ago one was applied. Others (Debezium's records
 * have no epoch, so a server that was set back has places again) are known one by one.
 */
export class AppliedTransactions {
  readonly #applied = new BoundedCache<string, AppliedTransaction>(KEPT);
  readonly #loose = new BoundedCache<string, true>(KEPT);
  readonly #stored: number;
  #recent: Remembered[] = [];
  #range: AppliedRange | null = null;
  /** As it was before the first of `#recent`. */
  #rangeBefore: AppliedRange | null = null;
  #count = 0;

  constructor({ recent, range }: AppliedState = { recent: [], range: null }, stored = STORED) {
    this.#stored = stored;
    this.#range = range;
    this.#rangeBefore = range;
    for (const one of recent) this.#remember(one);
  }

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** What is known of the first `count`. */
  upTo(count: number): AppliedState {
    const end = Math.max(0, this.#recent.length - (this.#count - count));
    const recent = this.#recent.slice(Math.max(0, end - this.#stored), end);
    const last = this.#recent[end - 1];
    const range = last === undefined ? this.#rangeBefore : last.range;
    return { recent: recent.map(({ applied }) => applied), range };
  }

  add(transaction: SourceTransaction): void {
    if (transaction.fate === 'repeat') return;
    const { id, position, endId } = transaction;
    if (transaction.fate === 'loose') {
      this.#loose.set(id, true);
      // Of one that has nothing here nothing more comes.
      if (position !== null || !transaction.isEnded || transaction.expected.size > 0) {
        this.gap(position);
      }
      return;
    }
    if (position !== null) this.#extend(position);
    this.#remember([id, position, endId]);
  }

  /**
   * Records of a transaction are applied as they come, and more of it may come: no range reaches
   * over it, or what follows after a restart would be taken for a repeat.
   */
  gap(position: string | null): void {
    const to = this.#range?.[1] ?? '';
    const end = position === null || position < to ? to : position;
    // Without a position it stands before whatever comes next; `~` is behind this one.
    this.#range = position === null ? null : [`${end}~`, end];
    const last = this.#recent.at(-1);
    if (last === undefined) this.#rangeBefore = this.#range;
    else last.range = this.#range;
  }

  #extend(position: string): void {
    const [from, to] = this.#range ?? [position, position];
    this.#range = [from, position > to ? position : to];
  }

  #remember(applied: AppliedTransaction): void {
    this.#applied.set(applied[0], applied);
    this.#recent.push({ applied, range: this.#range });
    this.#count++;
    if (this.#recent.length > 2 * KEPT) this.#recent = this.#recent.slice(-KEPT);
  }

  /** Its records were applied as they came, so what is left of it is, too. */
  isLoose(id: string): boolean {
    return this.#loose.get(id) === true;
  }

  /**
   * An id alone may come again: numbers of transactions after a recovery to an earlier time, places
   * in a binlog after it was reset.
   */
  has({ id, position, endId }: SourceTransaction): boolean {
    const [, before = null, beforeEnd = null] = this.#applied.get(id) ?? [];
    if (position !== null) {
      const [from, to] = this.#range ?? ['~', ''];
      if (position >= from && position <= to) return true;
      if (before !== null) return position === before;
    }
    return endId !== null && endId === beforeEnd;
  }

  /** The log begins anew. */
  clear(): void {
    this.#recent = [];
    this.#range = null;
    this.#rangeBefore = null;
  }
}
