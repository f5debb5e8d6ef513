import { parseLsn } from '../../../model/lsn.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import { OWN_MESSAGE_PREFIX } from '../pgoutput/pgoutput-parameters.ts';
import type { Querier } from '../wire/catalog-session.ts';

/** How often the source is touched, and with what. */
export interface HeartbeatOptions {
  /** 0: only the WAL end is asked for. */
  readonly heartbeatIntervalMs: number;
  readonly heartbeatActionQuery: string | undefined;
  /** Between questions for the end of the server's WAL. */
  readonly walEndIntervalMs: number;
}

/** What the loop tells, and asks for. */
export interface HeartbeatEvents {
  readonly clock: Clock;
  walEnd(lsn: Lsn): void;
  note(text: string): void;
  /** What else is looked at each time, on the same connection. */
  look?(querier: Querier): Promise<void>;
}

/** Nothing can be written on a standby, and another position is to be asked for (P109). */
const DEFAULT_ACTION = `SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_logical_emit_message(false, '${OWN_MESSAGE_PREFIX}', '') END`;

const WAL_END_QUERY = `SELECT CASE WHEN pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END`;

/**
 * Writes a little WAL from time to time, so that the slot of a quiet database moves on (P51), and
 * asks how far the server is: the stream itself tells only what it has read already. Runs until the
 * signal aborts and never rejects: a heartbeat that fails is noted and tried again.
 */
export async function beatUntilAborted(
  querier: Querier,
  options: HeartbeatOptions,
  events: HeartbeatEvents,
  signal: AbortSignal,
): Promise<void> {
  const { heartbeatIntervalMs, heartbeatActionQuery, walEndIntervalMs } = options;
  const { clock } = events;
  const intervals = [walEndIntervalMs, heartbeatIntervalMs].filter((interval) => interval > 0);
  const stepMs = Math.max(10, Math.min(...intervals));
  let nextBeatMs = clock.monotonicMs();
  let failing = false;
  while (!signal.aborted) {
    try {
      if (heartbeatIntervalMs > 0 && clock.monotonicMs() >= nextBeatMs) {
        nextBeatMs = clock.monotonicMs() + heartbeatIntervalMs;
        await querier.query(heartbeatActionQuery ?? DEFAULT_ACTION);
      }
      const end = (await querier.query(WAL_END_QUERY))[0]?.rows[0]?.[0];
      if (typeof end === 'string') events.walEnd(parseLsn(end));
      await events.look?.(querier);
      failing = false;
    } catch (thrown) {
      // Once per outage: the log is no place for a line per second.
      if (!failing && !signal.aborted) {
        events.note(`heartbeat failed: ${toTidemarkError(thrown).message}`);
      }
      failing = true;
    }
    await clock.sleep(stepMs, signal);
  }
}
