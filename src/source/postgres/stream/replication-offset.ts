import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, lsn, parseLsn } from '../../../model/lsn.ts';

/**
 * Where the stream resumes. `endLsn` is what may be confirmed once this offset is durable: the end
 * of the last transaction whose every event lies before the offset (P40, P41).
 */
export interface ReplicationOffset {
  /** Identity of the slot and of the server that it was made on (P57, P107). */
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly slot: string;
  /** Of publication, filters and options: the order of events depends on them (ruling 13). */
  readonly fingerprint: string;
  readonly endLsn: Lsn;
  /**
   * Before `endLsn`, while prepared transactions wait for their end: what may be confirmed instead,
   * so that the server sends them again.
   */
  readonly heldLsn?: Lsn | null;
  /** Of the transaction of which a part lies before the offset; null between transactions. */
  readonly openCommitLsn: Lsn | null;
  /** How many events of that transaction lie before the offset (P46). */
  readonly eventsDone: number;
  /** Of the last whole transaction that had events; for source.sequence. */
  readonly previousCommitLsn: Lsn | null;
  /** Of the last event, as Debezium stores them. */
  readonly lastLsn: Lsn;
  readonly transactionId: number | null;
  readonly commitMicros: bigint | null;
  /** `running`: rows of the first snapshot lie before the offset, and more follow. */
  readonly snapshot: 'running' | 'completed' | 'none';
  /** Snapshots under way, as `encodeSnapshotState` writes them; null: none. */
  readonly snapshotState?: string | null;
}

/** What may be confirmed once the offset is durable, and where the server begins again. */
export function restartLsn({ endLsn, heldLsn = null }: ReplicationOffset): Lsn {
  return heldLsn !== null && heldLsn < endLsn ? heldLsn : endLsn;
}

type OffsetMap = SourceOffset['offset'];
type OffsetEntry = string | number | null;

/** Debezium writes int64 as JSON numbers; beyond 2^53 the digits go into a string (P15). */
function int64(value: bigint | null): OffsetEntry {
  if (value === null) return null;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

/**
 * Connect's form. The plain keys are Debezium's and mean what they mean there; ours begin with
 * `tidemark.`, so that a transport which shares Debezium's topic can keep them apart (ruling 12).
 */
export function toSourceOffset(topicPrefix: string, offset: ReplicationOffset): SourceOffset {
  const held = offset.heldLsn ?? null;
  const map: Record<string, string | number | boolean | null> = {
    lsn: int64(offset.lastLsn),
    lsn_proc: int64(offset.openCommitLsn === null ? offset.endLsn : offset.lastLsn),
    lsn_commit: int64(offset.previousCommitLsn),
    lsn_events_processed: offset.eventsDone,
    txId: offset.transactionId,
    ts_usec: int64(offset.commitMicros),
    'tidemark.version': 1,
    'tidemark.system_id': offset.systemIdentifier,
    'tidemark.timeline': offset.timeline,
    'tidemark.slot': offset.slot,
    'tidemark.fingerprint': offset.fingerprint,
    'tidemark.end_lsn': formatLsn(offset.endLsn),
    'tidemark.held_lsn': held === null ? null : formatLsn(held),
    'tidemark.commit_lsn': offset.openCommitLsn === null ? null : formatLsn(offset.openCommitLsn),
    'tidemark.events_done': offset.eventsDone,
    'tidemark.snapshot': offset.snapshot,
  };
  const state = offset.snapshotState ?? null;
  if (state !== null) map['tidemark.snapshots'] = state;
  if (offset.snapshot === 'running') {
    map['snapshot'] = 'INITIAL';
    map['snapshot_completed'] = false;
  }
  return { partition: { server: topicPrefix }, offset: map };
}

/** Reads what `toSourceOffset` wrote. An offset of another version or shape is refused. */
export function fromSourceOffset({ offset }: SourceOffset): ReplicationOffset {
  if (offset['tidemark.version'] !== 1) {
    const found = JSON.stringify(offset['tidemark.version'] ?? null);
    throw new TidemarkError('PG_SLOT_MISMATCH', `stored source offset of version ${found}`, {
      cure: 'It was written by a newer version or another program: use that, or snapshot anew.',
    });
  }
  const snapshot = text(offset, 'tidemark.snapshot');
  const open = offset['tidemark.commit_lsn'] ?? null;
  const state = offset['tidemark.snapshots'] ?? null;
  const held = offset['tidemark.held_lsn'] ?? null;
  return {
    systemIdentifier: text(offset, 'tidemark.system_id'),
    timeline: Number(offset['tidemark.timeline']),
    slot: text(offset, 'tidemark.slot'),
    fingerprint: text(offset, 'tidemark.fingerprint'),
    endLsn: parseLsn(text(offset, 'tidemark.end_lsn')),
    heldLsn: held === null ? null : parseLsn(String(held)),
    openCommitLsn: open === null ? null : parseLsn(String(open)),
    eventsDone: Number(offset['tidemark.events_done']),
    previousCommitLsn: integer(offset, 'lsn_commit'),
    lastLsn: integer(offset, 'lsn') ?? lsn(0n),
    transactionId: offset['txId'] === null ? null : Number(offset['txId']),
    commitMicros: integer(offset, 'ts_usec'),
    snapshot: snapshot === 'running' || snapshot === 'completed' ? snapshot : 'none',
    ...(state === null ? {} : { snapshotState: String(state) }),
  };
}

function text(offset: OffsetMap, key: string): string {
  const value = offset[key];
  if (typeof value === 'string') return value;
  throw new TidemarkError('PG_SLOT_MISMATCH', `the stored source offset has no ${key}`);
}

function integer(offset: OffsetMap, key: string): Lsn | null {
  const value = offset[key];
  if (value === null || value === undefined) return null;
  if (/^-?\d+$/.test(String(value))) return lsn(BigInt(String(value)));
  throw new TidemarkError('PG_SLOT_MISMATCH', `the stored ${key} is ${JSON.stringify(value)}`);
}
