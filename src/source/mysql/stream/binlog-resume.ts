import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { LowerCaseTableNames } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import { capturedShapeOf } from '../capture/captured-shape.ts';
import type { SchemaHistoryLog } from '../history/schema-history.ts';
import { checkpointOf, recoverCatalog } from '../history/schema-history.ts';
import {
  memoryText,
  placeOnCheckpoint,
  readMemoryPlace,
  SchemaMemories,
} from '../history/schema-memory.ts';
import type { ToldCatalog } from '../history/told-history.ts';
import { followHistory } from '../history/told-history.ts';
import type { MysqlSnapshotMode, MysqlSourceOptions } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogFiles } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { startProblem } from '../wire/start-check.ts';
import type { BinlogOffset } from './binlog-offset.ts';
import { dumpStart, originOf } from './dump-start.ts';

/** Whether the stream follows the snapshot. */
export function followsStream(mode: MysqlSnapshotMode): boolean {
  return mode !== 'initial_only' && mode !== 'always_only';
}

/** Places that the server cannot go on from: with when_needed a reason for a snapshot. */
const LOST: ReadonlySet<string> = new Set([
  'MYSQL_BINLOG_LOST',
  'MYSQL_POSITION',
  'MYSQL_GTID_DIVERGED',
]);

/** A stored position, examined. */
export interface ResumeRequest {
  readonly options: MysqlSourceOptions;
  readonly facts: MysqlServerFacts;
  readonly querier: MysqlQuerier;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
  /** What the server itself says of the place, where nothing else tells; absent: not asked. */
  readonly probe?: (found: BinlogOffset) => Promise<TidemarkError | null>;
}

/**
 * Where the stream goes on; null: a snapshot is to be made first. One that was cut short goes on
 * beside the stream, as long as the server has its position.
 */
export async function resumeFrom(
  found: BinlogOffset | null,
  { options, facts, querier, signal, note, probe }: ResumeRequest,
): Promise<BinlogOffset | null> {
  if (found === null) return null;
  const { snapshotMode } = options;
  const isRunning = found.snapshot === 'running';
  const always = snapshotMode === 'always' || snapshotMode === 'always_only';
  if (!isRunning && always) return null;
  // Without the history of all its tables those that are missing would be passed over.
  const { history = null } = found;
  if (isRunning && (history === null || !followsStream(snapshotMode))) return null;
  const start = dumpStart(found, { sources: options.gtidSources, facts });
  const files = await readBinlogFiles(querier, signal);
  const mayRead = isRunning || snapshotMode === 'when_needed';
  const isAsked = mayRead && start.kind === 'mariadb-gtid';
  const known = startProblem(start, originOf(found), facts, files);
  const problem = known ?? (isAsked ? ((await probe?.(found)) ?? null) : null);
  if (problem !== null) {
    if (!LOST.has(problem.code) || !mayRead) throw problem;
    note(`${problem.message}: a snapshot is needed`);
    return null;
  }
  if (isRunning) note('the snapshot was cut short: the rest is read beside the stream');
  return onThisServer({ ...found, snapshot: 'completed' }, facts, files[0]?.name);
}

/**
 * Files of another server are numbered by themselves: what was stored of them would only be in the
 * way of those that come now.
 */
function onThisServer(
  offset: BinlogOffset,
  { serverUuid, serverId }: MysqlServerFacts,
  oldest = '',
): BinlogOffset {
  const origin = originOf(offset);
  const isSame =
    origin === null ||
    (origin.serverUuid !== null && serverUuid !== null
      ? origin.serverUuid === serverUuid
      : origin.serverId === serverId);
  const here = { ...offset, serverUuid, serverId };
  if (isSame) return here;
  const begin = { file: oldest, pos: 4 };
  const { done, held, open, rowsTold } = offset;
  return {
    ...here,
    ...(open === null || rowsTold === undefined ? {} : { eventsDone: null, rowsDone: 0 }),
    done: { ...done, ...begin },
    held: held === null ? null : { ...held, ...begin },
  };
}

/** The shapes of tables at a position, and how the history goes on from there. */
export interface ResumedCatalog {
  readonly resume: BinlogOffset;
  readonly catalog: TableCatalog;
  readonly memories: SchemaMemories;
  /** Statements of the history that were read for it. */
  readonly replayed: number;
}

/**
 * The catalog as it was at the position. Throws MYSQL_HISTORY_LOST, unless it may be read anew:
 * then the tables must not have changed since.
 */
export async function catalogAt(
  resume: BinlogOffset,
  log: SchemaHistoryLog,
  { options, facts, signal, note }: ResumeRequest,
  read: () => Promise<TableCatalog>,
): Promise<ResumedCatalog> {
  const { history = null } = resume;
  const place = history === null ? null : readMemoryPlace(history);
  const found =
    place === null ? null : await recoverCatalog(log, place, lowerCaseOf(facts), signal);
  if (found !== null) {
    if (found.replayed > 0) note(`schema history: ${found.replayed} statements replayed`);
    return {
      resume,
      catalog: found.catalog,
      memories: new SchemaMemories(place),
      replayed: found.replayed,
    };
  }
  const anew = options.history.recoversLost;
  if (anew) note('the shapes of all tables are read from the server as they are now');
  const { catalog, statements: replayed } = anew
    ? { catalog: await read(), statements: 0 }
    : await catalogOfHistory(resume, log, { options, facts, signal, note });
  const memories = new SchemaMemories(placeOnCheckpoint());
  // Before any offset that names it.
  await log.saveCheckpoint(() => checkpointOf(memories.place, catalog));
  return {
    resume: { ...resume, history: memoryText(memories.place) },
    catalog,
    memories,
    replayed,
  };
}

/** What a history is followed with. */
type FollowRequest = Pick<ResumeRequest, 'options' | 'facts' | 'signal'> & {
  readonly note?: (text: string) => void;
};

/**
 * The catalog at an offset of Debezium's, or where our own way is lost: by the places at which the
 * statements of the topic stand. Throws MYSQL_HISTORY_LOST.
 */
export async function catalogOfHistory(
  { done, history = null }: BinlogOffset,
  log: SchemaHistoryLog,
  { options, facts, signal, note }: FollowRequest,
): Promise<Pick<ToldCatalog, 'catalog' | 'statements'>> {
  const memory = history === null ? null : readMemoryPlace(history);
  const lowerCaseTableNames = lowerCaseOf(facts);
  const place = { done, memory, sources: options.gtidSources, facts, lowerCaseTableNames };
  const { catalog, statements, unknown } = await followHistory(log.told(signal), place);
  const { topic } = options.history;
  if (statements === 0) {
    const what = `${topic} has no statement of ${options.topicPrefix} from before the position`;
    throw new TidemarkError('MYSQL_HISTORY_LOST', `no schema history: ${what}`);
  }
  const { wantsTable } = capturedShapeOf(options);
  const captured = unknown.filter(({ database, name }) => wantsTable(database, name));
  if (captured.length > 0) {
    const what = captured.map(({ database, name, reason }) => `${database}.${name} (${reason})`);
    throw new TidemarkError(
      'MYSQL_HISTORY_LOST',
      `the schema history in ${topic} does not tell the shape of ${what.join(', ')}`,
    );
  }
  note?.(`schema history: ${statements} statements of ${topic} replayed`);
  return { catalog, statements };
}

function lowerCaseOf({ lowerCaseTableNames }: MysqlServerFacts): LowerCaseTableNames {
  return lowerCaseTableNames === 1 || lowerCaseTableNames === 2 ? lowerCaseTableNames : 0;
}
