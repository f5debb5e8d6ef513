import type { Clock } from '../../../foundation/clock.ts';
import { toTidemarkError } from '../../../foundation/errors.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus, readReplicas, readServerFacts } from '../wire/mysql-server-facts.ts';
import { MysqlSession } from '../wire/mysql-session.ts';
import { replicaIdentity } from '../wire/replica-identity.ts';
import { chosenFindings, familyProblem, serverText } from './captured-findings.ts';
import type { CapturedTable } from './captured-tables.ts';
import type { MysqlPreflightRequest } from './mysql-preflight.ts';
import { readCaptured, readPrivileges, takesSnapshot, whereAllowed } from './mysql-preflight.ts';
import type { MysqlFindings } from './mysql-preflight-checks.ts';
import { snapshotLock, snapshotLockText } from './snapshot-lock.ts';

/** What a run would be to the server; it makes nothing there. */
export interface PlannedBinlogSource {
  /** `MySQL 9.7.4 as 'cdc'@'%'` */
  readonly server: string;
  /** As which SHOW REPLICAS will list it. */
  readonly replica: { readonly serverId: number; readonly host: string };
  /** Where the binlog ends now; null: the account may not look. */
  readonly binlogEnd: { readonly file: string; readonly position: number } | null;
  /** By which a stream goes on after a failover; null: by file, on this server only. */
  readonly gtids: 'mysql' | 'mariadb' | null;
  readonly snapshot: {
    /** snapshot.mode */
    readonly mode: string;
    /** Null: no rows are read. */
    readonly lock: string | null;
  };
}

/** What would be captured of a server. */
export interface MysqlPlan extends MysqlFindings {
  /** Null: the server cannot be captured from, and the problems say why. */
  readonly source: PlannedBinlogSource | null;
  readonly tables: readonly CapturedTable[];
}

/** Works out what a run would do; what it needs besides is for `check` to say. Changes nothing. */
export async function planMysqlSource(
  { options, pipeline }: MysqlPreflightRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<MysqlPlan> {
  await using session = await MysqlSession.connect(options.connection, signal, clock);
  const facts = await readServerFacts(session, signal);
  const wrong = familyProblem(options.family, facts);
  if (wrong !== null) return { source: null, tables: [], problems: [wrong], warnings: [] };
  const { all, examined } = await readCaptured(session, facts, options, signal);
  const chosen = chosenFindings(examined, all, options, facts);
  const replicas = await readReplicas(session, facts, signal);
  const status = await whereAllowed(readBinlogStatus(session, facts, signal));
  const lock = snapshotLock({
    facts,
    privileges: await readPrivileges(session, facts, signal),
    lockingMode: options.lockingMode,
    tables: examined.chosen.map(({ database, name }) => ({ database, table: name })),
  });
  const findings = {
    tables: examined.tables,
    problems: [...examined.problems, ...chosen.problems],
    warnings: chosen.warnings,
  };
  try {
    const { serverId } = facts;
    const identity = replicaIdentity(pipeline, options.serverId, { serverId, replicas });
    const source = {
      server: serverText(facts),
      replica: { serverId: identity.serverId, host: identity.host },
      binlogEnd: status === null ? null : { file: status.file, position: status.position },
      gtids: gtidsOf(facts, options.gtidSources.ignored),
      snapshot: {
        mode: options.snapshotMode,
        lock: takesSnapshot(options) ? snapshotLockText(lock, options.lockingMode) : null,
      },
    };
    return { ...findings, source };
  } catch (error) {
    return { ...findings, problems: [toTidemarkError(error)], source: null };
  }
}

function gtidsOf({ gtid }: MysqlServerFacts, ignored: boolean): PlannedBinlogSource['gtids'] {
  if (ignored) return null;
  if (gtid.kind === 'mariadb') return 'mariadb';
  return gtid.mode === 'ON' ? 'mysql' : null;
}
