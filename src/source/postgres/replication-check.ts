import { createHash } from 'node:crypto';
import type {
  PublicationInfo,
  SlotInfo,
} from '../../../dialects/postgres/postgres-server-catalog.ts';
import type { PublishedTable } from '../../../dialects/postgres/postgres-catalog.ts';
import { number, text } from '../../../dialects/postgres/postgres-catalog.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { Lsn } from '../../model/lsn.ts';
import { formatLsn, parseLsn } from '../../model/lsn.ts';
import type { Querier } from './catalog-session.ts';
import { catalogRows } from './catalog-session.ts';
import type { PostgresSourceOptions } from './postgres-source-options.ts';
import { restartLsn, type ReplicationOffset } from './replication-offset.ts';
import type { ServerIdentity } from './snapshot-request.ts';

/** What the server says of itself and of the slot before the stream is started. */
export interface ServerPosition extends ServerIdentity {
  /** End of the server's WAL. */
  readonly walEnd: Lsn;
}

/** IDENTIFY_SYSTEM. */
export async function identifyServer(wire: Querier, signal: AbortSignal): Promise<ServerPosition> {
  const row = (await catalogRows(wire, 'IDENTIFY_SYSTEM', signal))[0] ?? {};
  return {
    systemIdentifier: text(row, 'systemid'),
    timeline: number(row, 'timeline'),
    walEnd: parseLsn(text(row, 'xlogpos')),
  };
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
  if (offset.systemIdentifier !== server.systemIdentifier) {
    return mismatch(
      `the stored offset is of the server ${offset.systemIdentifier}, ` +
        `this one is ${server.systemIdentifier}`,
      'Connect to the server that was captured before',
    );
  }
  if (slot === null) {
    return new TidemarkError(
      'PG_SLOT_LOST',
      `the replication slot ${name} is gone; the stored offset is ${formatLsn(offset.endLsn)}`,
      { cure: cureBy('Restore the slot from the standby that has it') },
    );
  }
  const timelines =
    offset.timeline === server.timeline
      ? ''
      : ` (timeline ${offset.timeline} → ${server.timeline})`;
  if (offset.endLsn > server.walEnd) {
    return mismatch(
      `the stored offset ${formatLsn(offset.endLsn)} lies beyond the end of the server's WAL, ` +
        `${formatLsn(server.walEnd)}${timelines}: a failover or restore lost changes`,
      'Start the server that has them',
    );
  }
  const confirmed = slot.confirmedFlushLsn === null ? null : parseLsn(slot.confirmedFlushLsn);
  const needed = restartLsn(offset);
  if (confirmed !== null && confirmed > needed) {
    return mismatch(
      `the slot ${name} has been advanced to ${formatLsn(confirmed)} by somebody else, ` +
        `the stored offset is ${formatLsn(needed)}${timelines}: changes in between are gone`,
      'If you know that nothing is missing, restore the slot',
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
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
