import type { Clock } from '../../../foundation/clock.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';

/** How often the source is touched, and with what. */
export interface LogEndOptions {
  /** 0: only the end is asked for. */
  readonly heartbeatIntervalMs: number;
  readonly heartbeatActionQuery: string | undefined;
  readonly endIntervalMs: number;
}

/** What the loop tells. */
export interface LogEndEvents {
  readonly clock: Clock;
  end(at: { readonly file: string; readonly pos: number }): void;
  note(text: string): void;
}

/**
 * Asks how far the server's binlog is, and runs the statement of a heartbeat. Until the signal
 * aborts; it never rejects: what fails is noted and tried again.
 */
export async function watchLogEnd(
  querier: MysqlQuerier,
  facts: MysqlServerFacts,
  options: LogEndOptions,
  events: LogEndEvents,
  signal: AbortSignal,
): Promise<void> {
  const { heartbeatIntervalMs, heartbeatActionQuery, endIntervalMs } = options;
  const { clock } = events;
  const beats = heartbeatIntervalMs > 0 && heartbeatActionQuery !== undefined;
  const stepMs = Math.max(10, beats ? Math.min(heartbeatIntervalMs, endIntervalMs) : endIntervalMs);
  let nextBeatMs = clock.monotonicMs();
  let failing = false;
  while (!signal.aborted) {
    try {
      if (beats && clock.monotonicMs() >= nextBeatMs) {
        nextBeatMs = clock.monotonicMs() + heartbeatIntervalMs;
        await querier.query(heartbeatActionQuery, signal);
      }
      const status = await readBinlogStatus(querier, facts, signal);
      if (status !== null) events.end({ file: status.file, pos: status.position });
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
