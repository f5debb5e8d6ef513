import { quoteIdentifier } from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { SlotInfo } from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { readSlot, slotInUse, slotProblem } from '../capture/postgres-slot.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import { identifyServer, judgeResume } from './replication-check.ts';
import type { ReplicationOffset } from './replication-offset.ts';

/** What the check of a slot is made with. */
export interface SlotResumeParts {
  readonly options: Pick<
    PostgresSourceOptions,
    | 'slotName'
    | 'slotFailover'
    | 'connection'
    | 'slotMaxRetries'
    | 'slotRetryDelayMs'
    | 'offsetMismatchStrategy'
  >;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
}

/**
 * Where the stream goes on, on this server and as of now; throws when it cannot. The walsender of a
 * process that was killed keeps its slot for a while (P55): waits for it. One that goes on reading
 * leaves the offset behind that was loaded before: once it has gone, PG_SLOT_IN_USE has the caller
 * load it again.
 */
export async function resumeOnSlot(
  wire: PostgresWire,
  stored: ReplicationOffset,
  fingerprint: string,
  { options, clock, note, warn }: SlotResumeParts,
  signal: AbortSignal,
): Promise<ReplicationOffset> {
  const { slotName, connection, slotMaxRetries, slotRetryDelayMs } = options;
  const strategy = options.offsetMismatchStrategy ?? 'trust_offset';
  let inUse: SlotInfo | null = null;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const slot = await readSlot(wire, slotName, signal);
    const unusable = slot === null ? null : slotProblem(slot, connection.database);
    if (slot !== null && unusable?.code === 'PG_SLOT_IN_USE') {
      if (attempt >= slotMaxRetries) throw unusable;
      inUse ??= slot;
      note(`${unusable.message}; waiting ${slotRetryDelayMs} ms`);
      await clock.sleep(slotRetryDelayMs, signal);
      continue;
    }
    if (inUse !== null && slot?.confirmedFlushLsn !== inUse.confirmedFlushLsn) {
      throw slotInUse(inUse);
    }
    const server = await identifyServer(wire, signal);
    const { offset, problem, warning } = judgeResume(stored, server, slot, fingerprint, strategy);
    const obstacle = problem ?? unusable;
    if (obstacle !== null) throw obstacle;
    if (warning !== null) warn(warning);
    if (options.slotFailover && slot?.failover === false) await keepForFailover(wire, slotName);
    return { ...offset, fingerprint, timeline: server.timeline };
  }
}

/** A slot that was made before somebody asked for it would be missing after the failover. */
async function keepForFailover(wire: PostgresWire, slotName: string): Promise<void> {
  const sql = `SELECT current_setting('server_version_num')::int >= 170000
    AND NOT pg_catalog.pg_is_in_recovery()`;
  if ((await wire.query(sql))[0]?.rows[0]?.[0] !== 't') return;
  await wire.query(`ALTER_REPLICATION_SLOT ${quoteIdentifier(slotName)} (FAILOVER true)`);
}
