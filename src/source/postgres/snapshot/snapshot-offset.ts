import type { SourceOffset } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { LSN_ZERO } from '../../../model/lsn.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { readSlot } from '../capture/postgres-slot.ts';
import type { PostgresSourceOptions, SnapshotMode } from '../postgres-source-options.ts';
import type { ReplicationOffset } from '../stream/replication-offset.ts';
import { fromSourceOffset } from '../stream/replication-offset.ts';
import type { SnapshotAttempt } from './snapshot-request.ts';

/** Whether the stream follows the snapshot. */
export function followsStream(mode: SnapshotMode): boolean {
  return mode !== 'initial_only' && mode !== 'always_only';
}

/** The attempt that an offset is of. */
export function attemptOf(offset: ReplicationOffset): SnapshotAttempt {
  const { systemIdentifier, timeline, slot } = offset;
  return { systemIdentifier, timeline, slotName: slot };
}

/** The offset of a snapshot: nothing of the stream lies before it. */
export function firstOffset(
  attempt: SnapshotAttempt,
  snapshot: ReplicationOffset['snapshot'],
  point: Lsn,
  finishedMicros: bigint | null,
): ReplicationOffset {
  return {
    systemIdentifier: attempt.systemIdentifier,
    timeline: attempt.timeline,
    slot: attempt.slotName,
    fingerprint: '',
    endLsn: point,
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: null,
    lastLsn: point,
    transactionId: null,
    commitMicros: finishedMicros,
    snapshot,
  };
}

/** While rows are read: the stream will begin at the slot's consistent point. */
export function readingOffset(intent: SourceOffset, point: Lsn): ReplicationOffset {
  return { ...fromSourceOffset(intent), endLsn: point, lastLsn: point };
}

/**
 * Where the stream goes on; null: a snapshot is to be made first. One that was cut short goes on
 * beside the stream, as long as its slot is there. With when_needed a lost slot is a reason for a
 * new one; otherwise somebody has to decide (PG_SLOT_LOST).
 */
export async function resumeFrom(
  found: ReplicationOffset | null,
  { snapshotMode, slotName }: Pick<PostgresSourceOptions, 'snapshotMode' | 'slotName'>,
  querier: Querier,
  note: (text: string) => void,
): Promise<ReplicationOffset | null> {
  if (found === null) return null;
  const always = snapshotMode === 'always' || snapshotMode === 'always_only';
  if (found.snapshot !== 'running' && always) return null;
  if (found.snapshot !== 'running' && snapshotMode !== 'when_needed') return found;
  // Before the first row there is no position to go on from.
  if (found.endLsn === LSN_ZERO || !followsStream(snapshotMode)) return null;
  const slot = await readSlot(querier, slotName);
  if (slot === null || slot.walStatus === 'lost' || slot.invalidationReason !== null) {
    if (found.snapshot !== 'running') note(`the slot ${slotName} is lost: a snapshot is needed`);
    return null;
  }
  if (found.snapshot !== 'running') return found;
  note('the snapshot was cut short: the rest is read beside the stream');
  return restOf(found);
}

/** Where the stream begins while tables are still to be read beside it. */
export function restOf(reading: ReplicationOffset): ReplicationOffset {
  return { ...reading, snapshot: 'completed' };
}
