import type { Clock } from '../../../foundation/clock.ts';
import type { SnapshotTasks } from '../../incremental/snapshot-tasks.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { Querier } from '../wire/catalog-session.ts';

const LOOK_MS = 200;
/**
 * A snapshot's xmax is behind the last transaction that ended, not behind the last that began: one
 * of our own is. A standby can make none.
 */
const NEXT = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text
  ELSE (pg_catalog.pg_current_xact_id()::text::int8 + 1)::text END`;
const OLDEST = 'SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text';

const WAITING =
  'snapshots wait for the end of transactions that are open since before a table was added to ' +
  'the publication: it may lack their changes';

interface OlderTransactionsParts {
  readonly clock: Clock;
  note(text: string): void;
}

/**
 * Invariant: no snapshot of any kind is read while a transaction is open that may have changed a
 * table before the publication sent it. The stream will not have those changes, and a read that
 * came before their commit would not have them either (P72).
 *
 * The bound stands in the snapshots' state: a restart waits as well.
 */
export class OlderTransactions {
  readonly #tasks: SnapshotTasks<CapturedTable>;
  readonly #parts: OlderTransactionsParts;
  #haveEnded = false;
  #isTold = false;

  constructor(tasks: SnapshotTasks<CapturedTable>, parts: OlderTransactionsParts) {
    this.#tasks = tasks;
    this.#parts = parts;
  }

  /** True as well until it was looked for the first time: a table may have been added. */
  get mayBeOpen(): boolean {
    return !this.#haveEnded;
  }

  /** From now on the publication sends tables that it did not send: what is open now must end. */
  async mustEnd(querier: Querier): Promise<void> {
    this.#haveEnded = false;
    this.#tasks.setNotBefore(await nextTransaction(querier));
  }

  /**
   * Looks once, and sleeps if one is open still. True: they have ended. Connects only where there
   * is something to look for.
   */
  async haveEnded(connect: () => Promise<Querier>, signal: AbortSignal): Promise<boolean> {
    const { notBefore } = this.#tasks.state;
    if (notBefore !== null && (await oldestTransaction(await connect())) < notBefore) {
      if (!this.#isTold) this.#parts.note(WAITING);
      this.#isTold = true;
      await this.#parts.clock.sleep(LOOK_MS, signal);
      return false;
    }
    this.#tasks.setNotBefore(null);
    this.#isTold = false;
    this.#haveEnded = true;
    return true;
  }
}

/** Behind every transaction that has changed something until now. */
export function nextTransaction(querier: Querier): Promise<number> {
  return number(querier, NEXT);
}

/** All transactions before it have ended, and whoever reads from now on sees what they did. */
export function oldestTransaction(querier: Querier): Promise<number> {
  return number(querier, OLDEST);
}

async function number(querier: Querier, sql: string): Promise<number> {
  return Number((await querier.query(sql))[0]?.rows[0]?.[0]);
}
