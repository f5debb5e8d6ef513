import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import { followsStream } from './snapshot-offset.ts';
import { SnapshotHours } from '../../snapshot/snapshot-hours.ts';

const LOOK_MS = 500;
const MEGABYTE = 1024 * 1024;

/** What decides whether a first snapshot is let go. */
export interface ReleaseParts {
  readonly options: PostgresSourceOptions;
  readonly clock: Clock;
  /** Outside of the snapshot; nothing else runs on it meanwhile. */
  readonly control: Querier;
  readonly signal: AbortSignal;
  onNote(note: string): void;
}

/**
 * Says when the exported snapshot is to be let go although tables are not read yet: it holds WAL
 * (ruling 15) and dead rows back for as long as it lives. The rest is read beside the stream then,
 * as after a crash. Invariant: without a stream to follow it is never let go.
 */
export class SnapshotRelease {
  readonly #parts: ReleaseParts;
  readonly #hours: SnapshotHours | null;
  readonly #released = new AbortController();

  constructor(parts: ReleaseParts) {
    this.#parts = parts;
    const { window } = parts.options.snapshots;
    this.#hours =
      window === null ? null : new SnapshotHours(window.hours, window.timeZone, parts.clock);
  }

  /** Aborts when it is time. */
  get signal(): AbortSignal {
    return this.#released.signal;
  }

  /** Looks again and again until the signal aborts or it is time. */
  async watch(until: AbortSignal): Promise<void> {
    const { options, clock } = this.#parts;
    if (!this.#mayRelease(options)) return;
    while (!until.aborted && !this.signal.aborted) {
      await clock.sleep(LOOK_MS, until);
      if (!until.aborted) await this.look();
    }
  }

  /** A query that is under way is not cut short: others need the connection after us. */
  async look(): Promise<void> {
    const { options, signal } = this.#parts;
    if (!this.#mayRelease(options)) return;
    const reason = await this.#reason(options.snapshots.walBudget, signal);
    if (reason === null) return;
    this.#parts.onNote(`${reason}: the rest of the tables is read beside the stream`);
    this.#released.abort();
  }

  #mayRelease({ snapshotMode, snapshots }: PostgresSourceOptions): boolean {
    return followsStream(snapshotMode) && (snapshots.walBudget > 0 || this.#hours !== null);
  }

  async #reason(walBudget: number, signal: AbortSignal): Promise<string | null> {
    if (this.#hours?.isOpen === false) return 'outside of snapshot.window';
    if (walBudget === 0) return null;
    const sql = heldWalQuery(this.#parts.options.slotName);
    const [row] = await catalogRows(this.#parts.control, sql, signal);
    const held = Number(row?.['held'] ?? 0);
    if (held <= walBudget) return null;
    const megabytes = (held / MEGABYTE).toFixed(1);
    return `the slot holds ${megabytes} MB of WAL, more than snapshot.wal.budget`;
  }
}

function heldWalQuery(slotName: string): string {
  return `SELECT pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()
    THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END,
  restart_lsn)::int8 AS held
FROM pg_catalog.pg_replication_slots WHERE slot_name = ${quoteLiteral(slotName)}`;
}
