import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { SchemaHistoryLog } from '../history/schema-history.ts';
import { liesBefore } from '../history/told-position.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import { readStoredOffset } from '../stream/binlog-offset.ts';
import type { BinlogOffset, BinlogPlace } from '../stream/binlog-offset.ts';
import { catalogOfHistory } from '../stream/binlog-resume.ts';
import { dumpOf } from '../stream/binlog-session.ts';
import { ALL_GTID_SOURCES, dumpStart } from '../stream/dump-start.ts';
import { dumpProblem } from '../wire/dump-probe.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogFiles, readReplicas, readServerFacts } from '../wire/mysql-server-facts.ts';
import { MysqlSession } from '../wire/mysql-session.ts';
import { replicaIdentity } from '../wire/replica-identity.ts';
import { startProblem } from '../wire/start-check.ts';
import { familyProblem } from './captured-findings.ts';
import type { ChosenPosition } from './chosen-position.ts';
import { chosenPlace } from './chosen-position.ts';

/** Which source is moved, and where to. */
export interface MoveRequest {
  readonly options: MysqlSourceOptions;
  /** Its name: who we are to the server follows from it. */
  readonly pipeline: string;
  /** What is stored; null: it never ran. */
  readonly found: SourceOffset | null;
  readonly history: SchemaHistoryLog;
  readonly chosen: ChosenPosition;
  /** Nothing but the server tells whether a daemon of it runs. */
  readonly mayRun: boolean;
}

/**
 * The offset that goes on from a chosen place, examined as a start would: Debezium's keys alone, so
 * that either program takes it. Throws what keeps the source from going on there.
 */
export async function movedOffset(
  { options, pipeline, found, history, chosen, mayRun }: MoveRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<{ readonly offset: SourceOffset; readonly notes: readonly string[] }> {
  await using session = await MysqlSession.connect(options.connection, signal, clock);
  const facts = await readServerFacts(session, signal);
  const wrong = familyProblem(options.family, facts);
  if (wrong !== null) throw wrong;
  if (mayRun) await expectStopped(session, facts, { options, pipeline }, signal);
  const files = facts.binlog.enabled ? await readBinlogFiles(session, signal) : [];
  const { file, pos, gtids } = await chosenPlace(chosen, session, facts, files, signal);
  const map = { file, pos, ...(gtids === null ? {} : { gtids }) };
  const offset = { partition: { server: options.topicPrefix }, offset: map };
  const resume = readStoredOffset(offset);
  const start = dumpStart(resume, { sources: options.gtidSources, facts });
  const known = startProblem(start, null, facts, files);
  if (known !== null) throw known;
  // Not under the name of the pipeline: the server would end what it still holds of that.
  const name = `${pipeline} moved`;
  const dump = await dumpOf({ options, name, facts, resume, querier: session }, signal);
  const refused = await dumpProblem(options.connection, dump, signal, clock);
  if (refused !== null) throw refused;
  const notes = start.kind === 'file' ? [ONE_SERVER] : [];
  if (options.history.recoversLost) return { offset, notes: [...notes, SHAPES_OF_NOW] };
  if (!isBack(resume, found)) throw passedOver();
  await catalogOfHistory(resume, history, { options, facts, signal });
  return { offset, notes };
}

async function expectStopped(
  session: MysqlSession,
  facts: MysqlServerFacts,
  { options, pipeline }: Pick<MoveRequest, 'options' | 'pipeline'>,
  signal: AbortSignal,
): Promise<void> {
  const replicas = await readReplicas(session, facts, signal);
  const { serverId } = facts;
  const own = replicaIdentity(pipeline, options.serverId, { serverId, replicas });
  const isThere = replicas?.some((one) => one.serverId === own.serverId && one.host === own.host);
  if (isThere !== true) return;
  throw new TidemarkError(
    'HANDOVER_REFUSED',
    `a daemon of ${pipeline} is connected to the server`,
    {
      cure: 'Stop it. One that was killed the server may hold for a minute.',
    },
  );
}

const ONE_SERVER =
  'By file and position it goes on on this server alone, not on another of its set.';
const SHAPES_OF_NOW =
  'snapshot.mode is recovery: the shapes of tables are taken as they are at the next start.';

/** Statements up to what was read are in the history; what comes behind it is not. */
function isBack({ done }: BinlogOffset, found: SourceOffset | null): boolean {
  if (found === null) return true;
  const before = readStoredOffset(found).done;
  return (
    isSamePlace(done, before) ||
    liesBefore({ position: { ...done }, isOurs: true }, before, ALL_GTID_SOURCES)
  );
}

function isSamePlace(a: BinlogPlace, b: BinlogPlace): boolean {
  return a.gtids === null || b.gtids === null
    ? a.file === b.file && a.pos === b.pos
    : a.gtids === b.gtids;
}

function passedOver(): TidemarkError {
  return new TidemarkError(
    'MYSQL_HISTORY_LOST',
    'behind the stored position statements may have changed tables, and nobody has read them',
    {
      cure:
        'Set snapshot.mode to recovery, for this command and for one start: then the shapes of ' +
        'tables are taken as they are. Changes in between are not captured.',
    },
  );
}
