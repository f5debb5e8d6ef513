import { TidemarkError } from '../../../foundation/errors.ts';
import type { SourceOffset } from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import { formatLsn, lsn, parseLsn } from '../../../model/lsn.ts';
import type { SourceGap } from '../../../model/source-gap.ts';
import { encodeGap, GAP_KEY, gapOf } from '../../../model/source-gap.ts';

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
  /** Where Debezium had sent a part of the transaction that comes next. */
  readonly sentBefore?: SentBefore | null;
  /** Changes that were given up, as long as what they did is not read again. */
  readonly gap?: SourceGap | null;
}

/** The part of a transaction that another program had sent when it stopped. */
export interface SentBefore {
  readonly transactionId: number;
  /** All events of the transaction before this place were sent, */
  readonly lsn: Lsn;
  /** and so many of those at this place: one record of the WAL may have several. */
  readonly events: number;
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
 * Connect's form. The plain keys are Debezium's and mean to it what they mean there; ours begin
 * with `tidemark.`, so that the two can be stored apart (ruling 12).
 */
export function toSourceOffset(topicPrefix: string, offset: ReplicationOffset): SourceOffset {
  const held = offset.heldLsn ?? null;
  const map: Record<string, string | number | boolean | null> = {
    ...debeziumKeys(offset),
    'tidemark.version': 2,
    'tidemark.system_id': offset.systemIdentifier,
    'tidemark.timeline': offset.timeline,
    'tidemark.slot': offset.slot,
    'tidemark.fingerprint': offset.fingerprint,
    'tidemark.end_lsn': formatLsn(offset.endLsn),
    'tidemark.held_lsn': held === null ? null : formatLsn(held),
    'tidemark.commit_lsn': offset.openCommitLsn === null ? null : formatLsn(offset.openCommitLsn),
    'tidemark.events_done': offset.eventsDone,
    'tidemark.last_lsn': formatLsn(offset.lastLsn),
    'tidemark.snapshot': offset.snapshot,
  };
  const previous = offset.previousCommitLsn;
  if (previous !== null) map['tidemark.previous_commit_lsn'] = formatLsn(previous);
  const sent = offset.sentBefore ?? null;
  if (sent !== null) {
    map['tidemark.sent_before'] = `${sent.transactionId} ${formatLsn(sent.lsn)} ${sent.events}`;
  }
  const state = offset.snapshotState ?? null;
  if (state !== null) map['tidemark.snapshots'] = state;
  const gap = offset.gap ?? null;
  if (gap !== null) map[GAP_KEY] = encodeGap(gap);
  const midTransaction = offset.openCommitLsn !== null;
  return { partition: { server: topicPrefix }, offset: map, midTransaction };
}

/**
 * What Debezium goes on by: behind the last transaction of which everything is done. A transaction
 * of which we published a part it reads again from its beginning: its own way to tell the place
 * inside, `lsn_proc` at an event, has it leave out all other rows of the same WAL record. While the
 * first snapshot is not complete it takes its own from the beginning.
 */
function debeziumKeys(offset: ReplicationOffset): OffsetMap {
  const done = int64(restartLsn(offset));
  // Names of one bucket of Java's HashMap stand in the order in which Debezium puts them in.
  const place = { ts_usec: int64(offset.commitMicros), txId: offset.transactionId, lsn: done };
  if (offset.snapshot === 'running') {
    const unfinished = { last_snapshot_record: false, snapshot_completed: false };
    return { ...place, snapshot: 'INITIAL', ...unfinished };
  }
  return { ...place, lsn_proc: done, lsn_commit: done, messageType: 'COMMIT' };
}

/** Reads what `toSourceOffset` wrote. An offset of another version or shape is refused. */
export function fromSourceOffset({ offset }: SourceOffset): ReplicationOffset {
  const gap = gapOf({ offset });
  const version = offset['tidemark.version'];
  // Version 1 kept two of ours under names of Debezium's.
  if (version !== 1 && version !== 2) {
    const found = JSON.stringify(version ?? null);
    throw new TidemarkError('PG_SLOT_MISMATCH', `stored source offset of version ${found}`, {
      cure: 'It was written by a newer version or another program: use that, or snapshot anew.',
    });
  }
  const snapshot = text(offset, 'tidemark.snapshot');
  const state = offset['tidemark.snapshots'] ?? null;
  const sent = offset['tidemark.sent_before'] ?? null;
  const transactionId = offset['txId'] ?? null;
  return {
    systemIdentifier: text(offset, 'tidemark.system_id'),
    timeline: Number(offset['tidemark.timeline']),
    slot: text(offset, 'tidemark.slot'),
    fingerprint: text(offset, 'tidemark.fingerprint'),
    endLsn: parseLsn(text(offset, 'tidemark.end_lsn')),
    heldLsn: place(offset, 'tidemark.held_lsn'),
    openCommitLsn: place(offset, 'tidemark.commit_lsn'),
    eventsDone: Number(offset['tidemark.events_done']),
    previousCommitLsn:
      version === 1 ? integer(offset, 'lsn_commit') : place(offset, 'tidemark.previous_commit_lsn'),
    lastLsn:
      (version === 1 ? integer(offset, 'lsn') : place(offset, 'tidemark.last_lsn')) ?? lsn(0n),
    transactionId: transactionId === null ? null : Number(transactionId),
    commitMicros: integer(offset, 'ts_usec'),
    snapshot: snapshot === 'running' || snapshot === 'completed' ? snapshot : 'none',
    ...(state === null ? {} : { snapshotState: String(state) }),
    ...(sent === null ? {} : { sentBefore: sentBefore(String(sent)) }),
    ...(gap === null ? {} : { gap }),
  };
}

function sentBefore(text: string): SentBefore {
  const [transactionId, at = '', events] = text.split(' ');
  return { transactionId: Number(transactionId), lsn: parseLsn(at), events: Number(events) };
}

function place(offset: OffsetMap, key: string): Lsn | null {
  const value = offset[key] ?? null;
  return value === null ? null : parseLsn(String(value));
}

function text(offset: OffsetMap, key: string): string {
  const value = offset[key];
  if (typeof value === 'string') return value;
  throw new TidemarkError('PG_SLOT_MISMATCH', `the stored source offset has no ${key}`);
}

/** An int64 of an offset map; null: it has none. */
export function integer(offset: OffsetMap, key: string): Lsn | null {
  const value = offset[key];
  if (value === null || value === undefined) return null;
  if (/^-?\d+$/.test(String(value))) return lsn(BigInt(String(value)));
  throw new TidemarkError('PG_SLOT_MISMATCH', `the stored ${key} is ${JSON.stringify(value)}`);
}
