import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';

/**
 * `source.xmin`: the oldest transaction of which the slot needs the catalog, asked for every
 * xmin.fetch.interval.ms. It tells whether the slot holds VACUUM back (P119).
 */
export class SlotXmin {
  readonly #slot: string;
  readonly #intervalMs: number;
  readonly #clock: Clock;
  #dueMs = Number.NEGATIVE_INFINITY;
  #value: bigint | null = null;

  /** An interval of 0 leaves the value null and asks nothing. */
  constructor(slot: string, intervalMs: number, clock: Clock) {
    this.#slot = slot;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  /** As last seen; null: not asked for, or not known yet. */
  get value(): bigint | null {
    return this.#value;
  }

  async look(querier: Querier): Promise<void> {
    if (this.#intervalMs === 0) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#dueMs) return;
    this.#dueMs = nowMs + this.#intervalMs;
    const sql =
      'SELECT catalog_xmin AS xmin FROM pg_catalog.pg_replication_slots ' +
      `WHERE slot_name = ${quoteLiteral(this.#slot)}`;
    const xmin = (await catalogRows(querier, sql))[0]?.['xmin'] ?? null;
    this.#value = xmin === null ? null : BigInt(xmin);
  }
}
