import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import { lsn as lsnOf } from '../../../model/lsn.ts';
import type { ReplicationOffset, SentBefore } from './replication-offset.ts';
import { fromSourceOffset, integer } from './replication-offset.ts';

type OffsetMap = SourceOffset['offset'];

/** Stands for "that of the server which is there": Debezium stores none. */
export const ANY_SERVER = '';

/** Where to go on: by our own offset, or by that of a Debezium connector whose slot this is. */
export function readStoredOffset(stored: SourceOffset, slot: string): ReplicationOffset {
  if (stored.offset['tidemark.version'] !== undefined) return fromSourceOffset(stored);
  const problem = debeziumOffsetProblem(stored.offset);
  if (problem !== null) throw problem;
  return adopted(stored.offset, slot);
}

/** Why nobody but Debezium can go on from this offset of its own; null: we can. */
export function debeziumOffsetProblem(offset: OffsetMap): TidemarkError | null {
  if (snapshotIsOpen(offset)) {
    return refusal(
      'its snapshot is not complete',
      'Start the connector, wait until its snapshot is complete, and stop it. Or drop its slot, ' +
        'delete its offset (DELETE /connectors/<name>/offsets) and let Tidemark take the snapshot',
    );
  }
  const open = offset['incremental_snapshot_collections'] ?? offset[INCREMENTAL_KEY] ?? null;
  if (open !== null && open !== '' && open !== '[]') {
    return refusal(
      'an incremental snapshot is under way, which only Debezium can go on with',
      'Start the connector, wait until that is complete or stop it by a stop-snapshot signal, ' +
        'and stop the connector',
    );
  }
  if ((offset['lsn'] ?? offset['lsn_proc'] ?? null) === null) {
    return refusal(
      'it has no position in the log (lsn)',
      'It is no offset of the PostgreSQL connector: correct name, topic.prefix and offsets topic',
    );
  }
  return null;
}

/** Why Debezium cannot go on from our offset without a gap; null: it can, from its keys alone. */
export function handoverProblem(stored: SourceOffset): TidemarkError | null {
  if (stored.offset['tidemark.version'] === undefined) return null;
  const { snapshot, snapshotState = null, gap = null } = fromSourceOffset(stored);
  if (snapshot !== 'running' && snapshotState === null && gap === null) return null;
  const open = snapshot === 'running' ? 'the first snapshot' : 'a snapshot beside the stream';
  const message = `Debezium cannot take over: ${open} is under way, and it knows nothing of it`;
  return new TidemarkError('HANDOVER_REFUSED', message, {
    cure:
      'Let the daemon run until it is complete (tidemark status), or stop it by ' +
      'tidemark signal <file> stop-snapshot; then stop the daemon.',
  });
}

const INCREMENTAL_KEY = 'incremental_snapshot_primary_key';

function refusal(reason: string, cure: string): TidemarkError {
  return new TidemarkError(
    'HANDOVER_REFUSED',
    `Debezium's offset cannot be taken over: ${reason}`,
    {
      cure: `${cure}.`,
    },
  );
}

/** Before 2.x: `snapshot: true` with `last_snapshot_record`; today `snapshot_completed`. */
function snapshotIsOpen(offset: OffsetMap): boolean {
  const snapshot = offset['snapshot'] ?? null;
  if (snapshot === null || snapshot === false) return false;
  const completed = offset['snapshot_completed'] ?? offset['last_snapshot_record'];
  return completed !== true;
}

/**
 * Debezium's keys as version 3.6 fills them. `lsn_commit` is the end of the last transaction of
 * which everything was sent; until the first one there is none, and then nothing was sent before
 * the transaction of `lsn_proc`. `lsn` is the place of the last event, or of the last COMMIT
 * (`messageType`): between two events of a transaction the first events need not come again.
 */
function adopted(offset: OffsetMap, slot: string): ReplicationOffset {
  const last = integer(offset, 'lsn') ?? integer(offset, 'lsn_proc') ?? lsnOf(0n);
  const commit = integer(offset, 'lsn_commit');
  const transactionId = offset['txId'] ?? null;
  return {
    systemIdentifier: ANY_SERVER,
    timeline: 0,
    slot,
    fingerprint: '',
    endLsn: commit ?? integer(offset, 'lsn_proc') ?? last,
    heldLsn: null,
    openCommitLsn: null,
    eventsDone: 0,
    previousCommitLsn: commit,
    lastLsn: last,
    transactionId: transactionId === null ? null : Number(transactionId),
    commitMicros: integer(offset, 'ts_usec'),
    snapshot: 'completed',
    sentBefore: sentBefore(offset),
  };
}

/**
 * The WAL record at `lsn` may hold several rows (COPY), of which `lsn_events_processed` (3.7) says
 * how many were sent; without it only one is sure. Of a TRUNCATE none, because the tables that it
 * names need not all have been captured by Debezium.
 */
function sentBefore(offset: OffsetMap): SentBefore | null {
  const { txId = null, messageType = null } = offset;
  const at = integer(offset, 'lsn');
  if (txId === null || at === null || !DATA_EVENTS.has(String(messageType))) return null;
  const atPlace = messageType === 'TRUNCATE' ? 0 : Number(offset['lsn_events_processed'] ?? 1);
  return { transactionId: Number(txId), lsn: at, events: atPlace };
}

const DATA_EVENTS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']);
