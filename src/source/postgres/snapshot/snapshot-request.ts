import type { Clock } from '../../../foundation/clock.ts';
import type {
  ChangeReceiver,
  SnapshotProgress,
  SourceOffset,
} from '../../../model/change-event.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';
import type { PostgresWire } from '../wire/postgres-wire.ts';
import type { SnapshotLedger } from './snapshot-ledger.ts';
import type { WireSession } from '../wire/wire-connect.ts';

/** Opens a connection to the source; the caller of the factory closes it. */
export type WireFactory = (session: WireSession, signal: AbortSignal) => Promise<PostgresWire>;

/** Which server a slot lives on: two servers may have slots of one name (P107, P108). */
export interface ServerIdentity {
  /** IDENTIFY_SYSTEM: unsigned 64 bits as decimal digits. */
  readonly systemIdentifier: string;
  readonly timeline: number;
}

/** An attempt that was begun: all that a crash leaves behind to recognise our slot by. */
export interface SnapshotAttempt extends ServerIdentity {
  readonly slotName: string;
}

/** An attempt that came to its end: what the stream begins from. */
export interface CompletedSnapshot extends SnapshotAttempt {
  /** The slot's consistent point: snapshot rows lie before it, streamed changes after it (P66). */
  readonly consistentPoint: Lsn;
  readonly finishedMicros: bigint;
}

/**
 * How the reader writes down where a snapshot stands. Each is called once per attempt; from then on
 * `reader.offset()` must be that one.
 */
export interface SnapshotOffsets {
  started(attempt: SnapshotAttempt): SourceOffset;
  /** Rows follow; what of them has been handed over stands in the ledger. */
  reading(consistentPoint: Lsn, ledger: SnapshotLedger): void;
  completed(snapshot: CompletedSnapshot): SourceOffset;
}

/** What a first snapshot needs from its caller. */
export interface SnapshotRequest {
  readonly options: PostgresSourceOptions;
  readonly connect: WireFactory;
  readonly receiver: ChangeReceiver;
  readonly offsets: SnapshotOffsets;
  /**
   * The attempt that an earlier run left unfinished (or, with snapshot.mode=always, whose slot is
   * to be replaced): its slot is ours to drop. Null: a slot of this name is somebody else's.
   */
  readonly unfinished: SnapshotAttempt | null;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Blocks of a chunk; for tests, that need not fill tables of many megabytes. */
  readonly chunkPages?: number;
  onProgress(progress: readonly SnapshotProgress[]): void;
  /** Worth a line in the log: a restart of the attempt, a transaction that holds up the slot. */
  onNote(note: string): void;
}

/** What a first snapshot hands on to the stream. */
export interface SnapshotResult extends CompletedSnapshot {
  /** False: the ledger says what is still to be read, beside the stream. */
  readonly complete: boolean;
  /** Shapes as handed to the receiver: the relation cache may begin with them. */
  readonly captured: readonly CapturedTable[];
  readonly warnings: readonly string[];
}
