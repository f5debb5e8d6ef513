import type { Lsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { sameShape } from '../stream/relation-cache.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import type { IncrementalParts } from './incremental-parts.ts';
import { reachable, READ_UNTIL } from './window-reader.ts';

const ASK_INTERVAL_MS = 20;
/** How long one waits for a server that has nothing to send. */
const NUDGE_AFTER_MS = 60;
const NUDGE = "SELECT pg_catalog.pg_logical_emit_message(true, 'tidemark', '')";

/** Where the WAL ended when the tables had been described so. */
interface DescribedAt {
  readonly described: object;
  readonly until: Lsn;
  readonly inRecovery: boolean;
}

type Parts = Pick<IncrementalParts, 'ask' | 'clock' | 'options' | 'relations'>;

async function endOfWal(
  wire: PostgresWire,
  signal: AbortSignal,
): Promise<Omit<DescribedAt, 'described'>> {
  const answers = await wire.query(`${READ_UNTIL}, pg_catalog.pg_is_in_recovery()`, signal);
  const [until, inRecovery] = answers.at(-1)?.rows[0] ?? [];
  return { until: reachable(until ?? ''), inRecovery: inRecovery === 't' };
}

/** Waits until the stream has come to a place; a quiet server is made to tell that it has. */
export class StreamPassing {
  readonly #parts: Parts;
  readonly #wire: (signal: AbortSignal) => Promise<PostgresWire>;
  #at: Lsn | null = null;
  #end: DescribedAt | null = null;
  #awaited: { readonly until: Lsn; readonly passed: () => void } | null = null;

  constructor(parts: Parts, wire: (signal: AbortSignal) => Promise<PostgresWire>) {
    this.#parts = parts;
    this.#wire = wire;
  }

  /** The stream stands between two transactions. */
  boundary(at: Lsn): void {
    this.#at = at;
    if (this.#awaited !== null && at >= this.#awaited.until) this.#awaited.passed();
  }

  /**
   * The stream has passed all rows of shapes before this one; false: it brought another one, that
   * may be newer. Invariant: no shape is told in front of rows that were written before it. What
   * breaks otherwise: a policy of changes stops the table before its place. `described`: what the
   * shape was read with.
   */
  async hasCome(
    { info, schema }: CapturedTable,
    described: object,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { relations } = this.#parts;
    const known = relations.known(info.oid);
    if (known !== undefined && sameShape(known, schema)) return true;
    if (this.#end?.described !== described) {
      this.#end = { described, ...(await endOfWal(await this.#wire(signal), signal)) };
    }
    await this.#passed(this.#end, signal);
    const now = relations.known(info.oid);
    if (signal.aborted) return false;
    return now === known || now === undefined || sameShape(now, schema);
  }

  async #passed({ until, inRecovery }: DescribedAt, signal: AbortSignal): Promise<void> {
    if (this.#at !== null && this.#at >= until) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    const passed = (): void => {
      isOver = true;
      resolve();
    };
    this.#awaited = { until, passed };
    try {
      await this.asking({ done: promise, isOver: () => isOver, inRecovery }, signal);
    } finally {
      this.#awaited = null;
    }
  }

  /** Keeps asking the server for its position until what waits for that is over. */
  async asking(
    waiting: { readonly done: Promise<void>; isOver(): boolean; readonly inRecovery: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, options } = this.#parts;
    const sinceMs = clock.monotonicMs();
    let nudged = false;
    while (!signal.aborted && !waiting.isOver()) {
      this.#parts.ask();
      const over = new AbortController();
      const timer = clock.sleep(ASK_INTERVAL_MS, AbortSignal.any([over.signal, signal]));
      await Promise.race([waiting.done, timer]);
      over.abort();
      if (nudged || waiting.isOver() || clock.monotonicMs() - sinceMs <= NUDGE_AFTER_MS) continue;
      nudged = true;
      // What was not flushed is not sent; a commit flushes it.
      if (!options.snapshots.readOnly && !waiting.inRecovery) {
        await (await this.#wire(signal)).query(NUDGE, signal);
      }
    }
  }
}
