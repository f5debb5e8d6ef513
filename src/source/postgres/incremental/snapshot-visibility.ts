import { TidemarkError } from '../../../foundation/errors.ts';

const XID_RANGE = 2 ** 32;
/** Transactions remembered: far more than can be committed in the WAL and not yet visible. */
const RECENT = 8192;

/** What a snapshot's visibility is made of: its text, and whether this is a standby. */
export const SNAPSHOT =
  'SELECT pg_catalog.pg_current_snapshot()::text, pg_catalog.pg_is_in_recovery()';

/**
 * Which transactions a snapshot sees, from the text of `pg_current_snapshot()`. The stream names
 * transactions by 32 bits, a snapshot by 64: the nearest to the snapshot is meant.
 */
export class SnapshotVisibility {
  readonly xmin: number;
  readonly #xmax: number;
  readonly #running: ReadonlySet<number>;
  /** A standby does not list what runs: between xmin and xmax nothing is known. */
  readonly #listed: boolean;

  constructor(text: string, inRecovery: boolean) {
    const match = /^(\d+):(\d+):([\d,]*)$/.exec(text);
    if (match === null) throw new TidemarkError('DECODE', `pg_current_snapshot() is ${text}`);
    const [, xmin = '', xmax = '', running = ''] = match;
    this.xmin = Number(xmin);
    this.#xmax = Number(xmax);
    this.#running = new Set(running === '' ? [] : running.split(',').map(Number));
    this.#listed = !inRecovery;
  }

  /** False also where it cannot be known: the stream's version of a row is never a wrong choice. */
  sees(transactionId: number): boolean {
    const xid = this.#nearest(transactionId);
    if (xid < this.xmin) return true;
    return this.#listed && xid < this.#xmax && !this.#running.has(xid);
  }

  #nearest(transactionId: number): number {
    const candidate = this.#xmax - (this.#xmax % XID_RANGE) + transactionId;
    if (candidate - this.#xmax > XID_RANGE / 2) return candidate - XID_RANGE;
    if (this.#xmax - candidate > XID_RANGE / 2) return candidate + XID_RANGE;
    return candidate;
  }
}

/**
 * The last transactions that the stream brought. A transaction can be in the stream before any
 * snapshot sees it: it is in the WAL, and its backend still waits for a synchronous standby.
 */
export class RecentTransactions {
  readonly #ids = new Uint32Array(RECENT);
  #count = 0;

  /** How many there have been: a mark to ask by. */
  get count(): number {
    return this.#count;
  }

  add(transactionId: number): void {
    this.#ids[this.#count % RECENT] = transactionId;
    this.#count++;
  }

  /** Every transaction that came before the mark is seen by the snapshot. */
  allSeen(visibility: SnapshotVisibility, mark: number): boolean {
    for (let i = Math.max(0, this.#count - RECENT); i < mark; i++) {
      if (!visibility.sees(this.#ids[i % RECENT] as number)) return false;
    }
    return true;
  }
}
