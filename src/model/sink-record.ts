import type { ErrorCode } from '../foundation/error-table.ts';
import type { ConnectData } from './connect-record.ts';
import type { Struct } from './connect-schema.ts';
import type { RawRecord, RecordFailure } from './record-failure.ts';

/** A log record with its bytes decoded. */
export interface SinkRecord {
  readonly topic: string;
  /** The topic that transforms of the sink gave it: names its table, and nothing else. */
  readonly destination?: string;
  readonly partition: number;
  /** Of the topic when the record was read; before a higher one a sink empties its table. */
  readonly generation: number;
  readonly offset: number;
  /** Log-wide order of appending. */
  readonly sequence: number;
  readonly timestampMs: number;
  readonly key: Struct | null;
  /** Null: tombstone. */
  readonly value: Struct | null;
  /** Fields of `after` that hold a placeholder, not a value (header `__tidemark.absent`). */
  readonly absent: readonly string[];
  /**
   * On a delete that is the first half of a key change whose second half does not carry the whole
   * row: the key to which the row moves. The sink moves its row there instead of deleting it, so
   * that the values which the source left out are kept.
   */
  readonly movedTo?: Struct;
  /** The key as the log has it, where transforms may have made another of it; beside `raw`. */
  readonly logKey?: Struct;
  /**
   * On a create that is the second half of a key change: the key that the row had, as the log has
   * it. Only where `raw` is there, too.
   */
  readonly movedFrom?: Struct;
  /**
   * Where the change stands in its source (header `__tidemark.position`): texts of one source
   * compare as the changes do, see `change-position.ts`. Absent: the record does not say, because
   * another program wrote it, or `position.header` is off.
   */
  readonly position?: string;
  /** For sinks that write records as they are; absent: the sink did not ask for it. */
  readonly whole?: WholeRecord;
  /** For sinks that may have to give the record away; absent: the sink did not ask for it. */
  readonly raw?: RawRecord;
  /** It could not be decoded or transformed: whatever else stands here, nothing can be applied. */
  readonly failure?: RecordFailure;
}

/** A record with what no table takes: headers, and keys and values that are no structs. */
export interface WholeRecord {
  readonly key: ConnectData;
  readonly value: ConnectData;
  readonly headers: readonly { readonly name: string; readonly text: string | null }[];
}

/** A partition of a topic. */
export interface SinkPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Where a partition stands in the target. */
export interface SinkPosition extends SinkPartition {
  readonly generation: number;
  /** The next offset to apply. */
  readonly offset: number;
}

/** Why records of a table are held back; shown in the status. */
export interface ParkedTable {
  readonly topic: string;
  readonly table: string;
  readonly offset: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** It goes on by itself once the target takes the record (`schema.evolution.policy: hold`). */
  readonly held?: true;
}

/** A key whose records wait as dead letters behind one that could not be applied. */
export interface ParkedKey extends SinkPartition {
  /** JSON of its fields; of a key that cannot be read `raw:` and base64. */
  readonly key: string;
  /** Of the record that could not be applied. */
  readonly offset: number;
  /** Records that wait, with that one. */
  readonly letters: number;
  /** Since when, ms since 1970. */
  readonly sinceMs: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Keys that wait, of the topics of this task. */
export interface ParkedKeys {
  readonly count: number;
  /** The first of them: a status is no list of all. */
  readonly first: readonly ParkedKey[];
}

/** A sink's own view of itself. */
export interface SinkStatus {
  readonly applied: number;
  readonly parked: readonly ParkedTable[];
  readonly connected: boolean;
  /** Absent: this sink parks no keys. */
  readonly parkedKeys?: ParkedKeys;
}

/**
 * A sink task. `put` resolves when rows and offsets are durable in the target, in one transaction
 * where the target can (ruling 10); only then does the runtime commit the log offsets. Several
 * tasks of one name may run at once, each with partitions of its own; the target knows who has
 * which. Calls may overlap: the task does one after the other.
 */
export interface SinkTask extends AsyncDisposable {
  /** How many records a put has at best where so many wait; absent: as few as are quick. */
  readonly putRecords?: number | undefined;
  /** Connects, and makes in the target what the task itself needs there. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Takes partitions over from whatever task had them, which can write nothing of them any more,
   * and returns the offsets that the target keeps of them: reading has to go on there. Topics of
   * theirs that were parked are tried again, so all that the task has of those must be named.
   */
  assign(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]>;
  /** Gives partitions up: nothing of them is written from now on. */
  release(partitions: readonly SinkPartition[]): void;
  /**
   * Applies records, in order within a partition. `positions` has every partition concerned, also
   * those with no records but a new generation. Records below the target's own offset are skipped.
   * Transient errors throw with retry `backoff` and nothing is applied: the caller tries again.
   * Returns the partitions that were left out, because another task has taken them over or they
   * were never assigned; everything else is done.
   *
   * `ahead`: for a task that can begin with the next put before this one is done: the records of
   * that, as they will be put; null where too few wait, and `later` is called when they do, if this
   * one is not done by then. They count for nothing until they are put.
   */
  put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
    ahead?: (later: () => void) => readonly SinkRecord[] | null,
  ): Promise<readonly SinkPartition[]>;
  /**
   * Topics of held tables that take the record they stopped at now; they go on when their
   * partitions are assigned anew. To be asked every few seconds. Absent: the task holds none.
   */
  fitting?(signal: AbortSignal): Promise<readonly string[]>;
  status(): SinkStatus;
}
