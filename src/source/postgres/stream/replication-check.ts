import { createHash } from 'node:crypto';
import type {
  PublicationInfo,
  SlotInfo,
} from '../../../../dialects/postgres/postgres-server-catalog.ts';
import type { PublishedTable } from '../../../../dialects/postgres/postgres-catalog.ts';
import { number, text } from '../../../../dialects/postgres/postgres-catalog.ts';
import { quoteLiteral } from '../../../../dialects/postgres/postgres-identifiers.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, LSN_ZERO, parseLsn } from '../../../model/lsn.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { catalogRows } from '../wire/catalog-session.ts';
import type { MismatchStrategy, PostgresSourceOptions } from '../postgres-source-options.ts';
import { ANY_SERVER } from './debezium-offset.ts';
import { restartLsn, type ReplicationOffset } from './replication-offset.ts';
import type { ServerIdentity } from '../snapshot/snapshot-request.ts';

/** Where the server's history left an older timeline. */
export interface TimelineSwitch {
  readonly timeline: number;
  /** Records of that timeline from here on are not part of this server's history. */
  readonly until: Lsn;
}

/** What the server says of itself and of the slot before the stream is started. */
export interface ServerPosition extends ServerIdentity {
  /** End of the server's WAL. */
  readonly walEnd: Lsn;
  /** The timelines before this one; null: the server does not have the file any more. */
  readonly history?: readonly TimelineSwitch[] | null;
}

/** IDENTIFY_SYSTEM, and TIMELINE_HISTORY after a promotion. */
export async function identifyServer(wire: Querier, signal: AbortSignal): Promise<ServerPosition> {
  const row = (await catalogRows(wire, 'IDENTIFY_SYSTEM', signal))[0] ?? {};
  const timeline = number(row, 'timeline');
  return {
    systemIdentifier: text(row, 'systemid'),
    timeline,
    walEnd: parseLsn(text(row, 'xlogpos')),
    history: timeline === 1 ? [] : await timelineHistory(wire, timeline, signal),
  };
}

/** The log of a server, by which positions are compared: a promotion begins another one. */
export function serverLog({ systemIdentifier, timeline }: ServerIdentity): string {
  return `${systemIdentifier}/${timeline}`;
}

async function timelineHistory(
  wire: Querier,
  timeline: number,
  signal: AbortSignal,
): Promise<readonly TimelineSwitch[] | null> {
  try {
    const [row] = await catalogRows(wire, `TIMELINE_HISTORY ${timeline}`, signal);
    return parseTimelineHistory(row?.['content'] ?? '');
  } catch (error) {
    // Of a restored server the file may be in the archive only; a lost connection tells itself.
    if (toTidemarkError(error).code !== 'PG_SERVER') throw error;
    return null;
  }
}

/** Lines of a history file: timeline, LSN and reason, parted by tabs; comments begin with #. */
export function parseTimelineHistory(content: string): readonly TimelineSwitch[] {
  return content
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line))
    .filter((match) => match !== null)
    .map(([, timeline = '', until = '']) => ({
      timeline: Number(timeline),
      until: parseLsn(until),
    }));
}

/**
 * Whether the stream can go on where the offset says without a gap; null = it can. The server would
 * not tell: a slot that is ahead is streamed from silently (P42).
 */
export function resumeProblem(
  offset: ReplicationOffset,
  server: ServerPosition,
  slot: SlotInfo | null,
  fingerprint: string,
): TidemarkError | null {
  const { slot: name } = offset;
  const foreign = serverProblem(offset, server);
  if (foreign !== null) return foreign;
  if (slot === null) {
    return new TidemarkError(
      'PG_SLOT_LOST',
      `the replication slot ${name} is gone; the stored offset is ${formatLsn(offset.endLsn)}`,
      { cure: cureBy('Restore the slot from the standby that has it') },
    );
  }
  const confirmed = slot.confirmedFlushLsn === null ? null : parseLsn(slot.confirmedFlushLsn);
  const needed = restartLsn(offset);
  if (confirmed !== null && confirmed > needed) {
    return mismatch(
      `the slot ${name} has been advanced to ${formatLsn(confirmed)} by somebody else, ` +
        `the stored offset is ${formatLsn(needed)}${timelines(offset, server)}: ` +
        'changes in between are gone',
      'If you know that nothing is missing, set offset.mismatch.strategy: trust_greater_lsn',
    );
  }
  if (offset.openCommitLsn !== null && offset.fingerprint !== fingerprint) {
    return mismatch(
      'publication, filters or options have changed while the transaction of ' +
        `${formatLsn(offset.openCommitLsn)} was published only in part`,
      'Put them back as they were until that transaction is through',
    );
  }
  return null;
}

/**
 * An idle stream moves the offset on over WAL that has nothing for us, and of which a standby that
 * is promoted may lack the last records: then nothing was lost, and the stream goes on where that
 * server left the timeline. Otherwise its own changes in those places would be left out. A slot
 * that was read beyond that place was so after the promotion, by us: we streamed from the standby.
 */
function onServersHistory(
  offset: ReplicationOffset,
  server: ServerPosition,
  slot: SlotInfo | null,
): ReplicationOffset {
  const until = leftTimeline(offset, server);
  if (until === undefined || offset.endLsn <= until) return offset;
  const confirmed = slot?.confirmedFlushLsn ?? null;
  if (confirmed !== null && parseLsn(confirmed) > until) {
    return { ...offset, timeline: server.timeline };
  }
  if (offset.openCommitLsn !== null) return offset;
  const lastCommit = offset.previousCommitLsn ?? LSN_ZERO;
  return offset.lastLsn < until && lastCommit < until ? { ...offset, endLsn: until } : offset;
}

/** Where the server left the timeline of the offset; undefined: it did not, or it is not known. */
function leftTimeline(offset: ReplicationOffset, server: ServerPosition): Lsn | undefined {
  if (offset.systemIdentifier !== server.systemIdentifier) return undefined;
  return server.history?.find(({ timeline }) => timeline === offset.timeline)?.until;
}

/** Whether what lies before the offset is part of the history of this server. */
function serverProblem(offset: ReplicationOffset, server: ServerPosition): TidemarkError | null {
  if (offset.systemIdentifier !== server.systemIdentifier) {
    return mismatch(
      `the stored offset is of the server ${offset.systemIdentifier}, ` +
        `this one is ${server.systemIdentifier}`,
      'Connect to the server that was captured before. If this is that server after pg_upgrade, ' +
        'and the slot was kept (from 17 on) or made anew before anything was written ' +
        `(SELECT pg_create_logical_replication_slot(${quoteLiteral(offset.slot)}, 'pgoutput');), ` +
        'go on with offset.mismatch.strategy: trust_slot',
    );
  }
  const end = formatLsn(offset.endLsn);
  const change = timelines(offset, server);
  if (server.timeline < offset.timeline) {
    return mismatch(
      `this server is behind a failover that the stored offset has seen${change}`,
      'Stop the old primary, and connect to the promoted server',
    );
  }
  const { history = null } = server;
  if (server.timeline === offset.timeline || history === null) {
    if (offset.endLsn <= server.walEnd) return null;
    return mismatch(
      `the stored offset ${end} lies beyond the end of the server's WAL, ` +
        `${formatLsn(server.walEnd)}${change}: a failover or restore lost changes`,
      'Start the server that has them',
    );
  }
  const left = leftTimeline(offset, server);
  if (left === undefined) {
    return mismatch(
      `this server has never been on the timeline of the stored offset${change}`,
      'Connect to the server that was captured before',
    );
  }
  // What came after the promoted server had left that timeline was lost; and what it wrote in
  // those places itself would be taken for done.
  if (offset.endLsn <= left) return null;
  return mismatch(
    `the stored offset ${end} lies beyond ${formatLsn(left)}, where this server left its ` +
      `timeline${change}: a failover lost changes that had been captured`,
    'Start the server that has them',
  );
}

function timelines(offset: ReplicationOffset, server: ServerPosition): string {
  if (offset.timeline === server.timeline) return '';
  return ` (timeline ${offset.timeline} → ${server.timeline})`;
}

/** Where the stream goes on, and what somebody has to read about it. */
export interface ResumeVerdict {
  readonly offset: ReplicationOffset;
  readonly problem: TidemarkError | null;
  readonly warning: string | null;
}

/**
 * `resumeProblem`, and what offset.mismatch.strategy makes of it: `trust_slot` goes on where the
 * slot stands, whatever the offset says; `trust_greater_lsn` only past a gap of the same server.
 * What the log has does not come twice as long as it is of this server's history. Not in the middle
 * of a snapshot, whose rows count on every change since its beginning.
 */
export function judgeResume(
  stored: ReplicationOffset,
  server: ServerPosition,
  slot: SlotInfo | null,
  fingerprint: string,
  strategy: MismatchStrategy,
): ResumeVerdict {
  const offset = onServersHistory(onServer(stored, server), server, slot);
  const problem = resumeProblem(offset, server, slot, fingerprint);
  const at = slot?.confirmedFlushLsn ?? null;
  const verdict = { offset, problem, warning: null };
  if (problem === null || at === null || strategy === 'trust_offset') return verdict;
  if ((offset.snapshotState ?? null) !== null) return verdict;
  const foreign = serverProblem(offset, server) !== null;
  if (foreign && strategy !== 'trust_slot') return verdict;
  const confirmed = foreign ? afterShared(offset, server, parseLsn(at)) : parseLsn(at);
  if (!foreign && confirmed <= restartLsn(offset)) return verdict;
  return {
    offset: {
      ...offset,
      systemIdentifier: server.systemIdentifier,
      timeline: server.timeline,
      endLsn: confirmed,
      heldLsn: null,
      openCommitLsn: null,
      eventsDone: 0,
      previousCommitLsn: null,
      lastLsn: confirmed,
      transactionId: null,
    },
    problem: null,
    warning:
      `${problem.message}. offset.mismatch.strategy is ${strategy}: the stream goes on at ` +
      `${formatLsn(confirmed)}, and what was written before and not captured is missing`,
  };
}

/** Debezium does not say of which server an offset is: the slot there says what is missing. */
function onServer(offset: ReplicationOffset, server: ServerPosition): ReplicationOffset {
  if (offset.systemIdentifier !== ANY_SERVER) return offset;
  const { systemIdentifier, timeline } = server;
  return { ...offset, systemIdentifier, timeline };
}

/** The slot's place, or the end of the history that offset and server have in common. */
function afterShared(offset: ReplicationOffset, server: ServerPosition, slot: Lsn): Lsn {
  const shared = leftTimeline(offset, server);
  return shared !== undefined && shared > slot && shared < offset.endLsn ? shared : slot;
}

function mismatch(message: string, way: string): TidemarkError {
  return new TidemarkError('PG_SLOT_MISMATCH', message, { cure: cureBy(way) });
}

function cureBy(way: string): string {
  const anew = 'drop the slot if it is there, delete the store (transport.path), start again';
  return `${way}; or snapshot anew: ${anew}.`;
}

/**
 * Of everything that decides which events of a transaction come, and in which order (ruling 13):
 * an ordinal counts them only as long as this stays the same. Which tables and columns are
 * published is not part of it: the server decodes a transaction with the publication as it was then
 * (P71, P72), and DDL while we are away must not look like a change of the publication.
 */
export function streamFingerprint(
  options: PostgresSourceOptions,
  publication: PublicationInfo | null,
  published: readonly PublishedTable[],
): string {
  const patterns = (list: readonly RegExp[]): readonly string[] => list.map(String);
  const facts = {
    version: 3,
    publication: options.publicationName,
    viaRoot: publication?.viaRoot ?? false,
    operations: [
      publication?.inserts,
      publication?.updates,
      publication?.deletes,
      publication?.truncates,
    ],
    filters: published
      .filter(({ rowFilter }) => rowFilter !== null)
      .map(({ schema, table, rowFilter }) => [schema, table, rowFilter]),
    lists: [
      patterns(options.schemaInclude),
      patterns(options.schemaExclude),
      patterns(options.tableInclude),
      patterns(options.tableExclude),
      patterns(options.columnInclude),
      patterns(options.columnExclude),
      patterns(options.messageInclude ?? []),
      patterns(options.messageExclude ?? []),
    ],
    skipped: options.skippedOperations,
    stream: options.slotStreamParams,
    // Absent where there are none: offsets that were stored before there were any go on.
    converters: options.columnConversions?.identity,
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
