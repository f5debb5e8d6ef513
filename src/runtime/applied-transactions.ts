import { BoundedCache } from '../foundation/bounded-cache.ts';
import type { SourceTransaction } from './transaction-queue.ts';

/** Transactions that are remembered. */
const KEPT = 10_000;
/** Of them the ones that are remembered over a restart. */
const STORED = 500;

/** A transaction's id, and what tells it from another one that gets the same id later. */
export type AppliedTransaction = readonly [
  id: string,
  position: string | null,
  endId: string | null,
];

/**
 * Transactions that the target has. A source that delivers at least once writes some again after a
 * failure; applied again one after the other they would show readers states that never were.
 */
export class AppliedTransactions {
  readonly #applied = new BoundedCache<string, AppliedTransaction>(KEPT);
  readonly #loose = new BoundedCache<string, true>(KEPT);
  #recent: AppliedTransaction[] = [];
  #count = 0;

  constructor(recent: readonly AppliedTransaction[] = []) {
    for (const one of recent) this.#remember(one);
  }

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** The last ones of the first `count`, the oldest first. */
  upTo(count: number): readonly AppliedTransaction[] {
    const end = this.#recent.length - (this.#count - count);
    return this.#recent.slice(Math.max(0, end - STORED), Math.max(0, end));
  }

  add(transaction: SourceTransaction): void {
    if (transaction.fate === 'repeat') return;
    if (transaction.fate === 'loose') {
      this.#loose.set(transaction.id, true);
      return;
    }
    const { id, position, endId } = transaction;
    this.#remember([id, position, endId]);
  }

  #remember(applied: AppliedTransaction): void {
    this.#applied.set(applied[0], applied);
    this.#recent.push(applied);
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
    if (position !== null && before !== null) return position === before;
    return endId !== null && endId === beforeEnd && !id.startsWith('file=');
  }

  /** The log begins anew. */
  clear(): void {
    this.#recent = [];
  }
}
