import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { GtidSourceOptions } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { startProblem } from '../wire/start-check.ts';
import type { BinlogOffset } from './binlog-offset.ts';
import { dumpStart, originOf } from './dump-start.ts';

/** A replica that has not caught up by then never will: what it lacks died with the other one. */
const GRACE_MS = 5 * 60_000;

/** Since when a server has lacked what was captured; it outlives attempts to connect. */
export interface LagMemory {
  sinceMs: number | null;
}

/**
 * Why another server than the one that was streamed from cannot be used yet: it has not applied all
 * that was captured. Replicas lag, and after a failover the next one may still be at it. Null: it
 * can, or it has had its time, and is to be judged by what it has.
 */
export function lagOf(
  found: BinlogOffset | null,
  facts: MysqlServerFacts,
  sources: GtidSourceOptions,
  memory: LagMemory,
  clock: Pick<Clock, 'nowMs'>,
): TidemarkError | null {
  const lacking = found === null ? null : lackOf(found, facts, sources);
  if (lacking === null) {
    memory.sinceMs = null;
    return null;
  }
  memory.sinceMs ??= clock.nowMs();
  if (clock.nowMs() - memory.sinceMs > GRACE_MS) return null;
  return new TidemarkError(
    'MYSQL_REPLICA_BEHIND',
    `server_id ${facts.serverId} has not applied all that was captured from another server yet: ` +
      lacking.message,
  );
}

function lackOf(
  found: BinlogOffset,
  facts: MysqlServerFacts,
  sources: GtidSourceOptions,
): TidemarkError | null {
  const origin = originOf(found);
  const start = dumpStart(found, { sources, facts });
  if (start.kind === 'file' || origin === null) return null;
  const { serverUuid, serverId } = facts;
  const isKnown = origin.serverUuid !== null && serverUuid !== null;
  if (isKnown ? origin.serverUuid === serverUuid : origin.serverId === serverId) return null;
  const problem = startProblem(start, null, facts, []);
  return problem?.code === 'MYSQL_GTID_DIVERGED' ? problem : null;
}
