import type { Lsn } from '../../model/lsn.ts';
import type { ReplicationOffset } from './replication-offset.ts';
import type { SnapshotAttempt } from './snapshot-request.ts';

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
