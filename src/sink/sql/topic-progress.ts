import { TidemarkError } from '../../foundation/errors.ts';
import type {
  ParkedTable,
  SinkPartition,
  SinkPosition,
  SinkRecord,
} from '../../model/sink-record.ts';
import type { SiftedRange } from '../parked-key.ts';
import type { StoredPosition } from './sink-state.ts';
import type { TopicTable } from './topic-table.ts';

/** What the sink knows of one topic between two calls of `put`. */
export interface TopicProgress {
  readonly topic: string;
  readonly table: TopicTable;
  /** Of the rows in the table, as the target says; 0 before anything was stored. */
  generation: number;
  /** By partition; durable in the target. */
  readonly positions: Map<number, StoredPosition>;
  parked: ParkedTable | null;
}

/** The part of a `put` that concerns one topic. */
export interface TopicWork {
  readonly progress: TopicProgress;
  readonly generation: number;
  /** The generation is not yet that of the table: the transaction needs the topic for itself. */
  readonly enters: boolean;
  /** A new generation of a topic that was written before: its table is emptied first (ruling 3). */
  readonly emptyFirst: boolean;
  /** In the order of the log; none that the target already has. */
  readonly records: readonly SinkRecord[];
  /** As the caller told, of this generation. */
  readonly positions: readonly SinkPosition[];
}

/** How far a topic got in a transaction. */
export interface TopicOutcome {
  readonly work: TopicWork;
  /** Records that are done, from the first: applied, or given away as dead letters. */
  readonly applied: number;
  /** The generation's emptying took place, if there was any to do. */
  readonly emptied: boolean;
  readonly failure: TidemarkError | null;
  /** What of the records went another way, where the sink has one; absent: nothing. */
  readonly sifted?: SiftedRange;
}

function compareOrder(left: SinkRecord, right: SinkRecord): number {
  return left.sequence - right.sequence;
}

function isSorted(records: readonly SinkRecord[]): boolean {
  for (let i = 1; i < records.length; i++) {
    if ((records[i] as SinkRecord).sequence < (records[i - 1] as SinkRecord).sequence) return false;
  }
  return true;
}

/**
 * What is to be done for a topic; null when nothing is. Records of an older generation, of a parked
 * topic, and below the target's own offset are left out.
 */
export function planWork(
  progress: TopicProgress,
  records: readonly SinkRecord[],
  positions: readonly SinkPosition[],
): TopicWork | null {
  const generation = Math.max(
    progress.generation,
    ...positions.map((position) => position.generation),
    records.reduce((highest, record) => Math.max(highest, record.generation), 0),
  );
  const isNew = generation > progress.generation;
  if (progress.parked !== null && !isNew) return null;
  const offsets = new Map<number, number>();
  for (const [partition, stored] of progress.positions) {
    if (stored.generation === generation) offsets.set(partition, stored.offset);
  }
  const wanted = records.filter(
    (record) =>
      record.generation === generation && record.offset >= (offsets.get(record.partition) ?? 0),
  );
  const told = positions.filter(
    (position) =>
      position.generation === generation &&
      position.offset > (offsets.get(position.partition) ?? -1),
  );
  if (wanted.length === 0 && told.length === 0 && !isNew) return null;
  return {
    progress,
    generation,
    enters: isNew,
    emptyFirst: isNew && progress.generation > 0,
    records: isSorted(wanted) ? wanted : wanted.toSorted(compareOrder),
    positions: told,
  };
}

/** Whether the outcome's generation is that of the table now, and was not before. */
export function hasEntered({ work, emptied }: TopicOutcome): boolean {
  if (work.progress.table.target === null) return false;
  return work.enters && (!work.emptyFirst || emptied);
}

/** Positions to store with the rows of this outcome; empty: nothing of the topic is stored. */
export function positionsAfter(outcome: TopicOutcome): readonly StoredPosition[] {
  const { work, applied, failure } = outcome;
  const { progress, generation, records } = work;
  const { target } = progress.table;
  // Without a table there is nothing that a new generation would have to empty.
  if (target === null || (work.emptyFirst && !outcome.emptied)) return [];
  const offsets = new Map<number, number>();
  for (let i = 0; i < applied; i++) {
    const { partition, offset } = records[i] as SinkRecord;
    offsets.set(partition, offset + 1);
  }
  if (failure === null) {
    for (const { partition, offset } of work.positions) {
      offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
    }
  }
  // The record that is in the way, and the first that waits behind it in each other partition.
  const waiting = new Set<number>();
  for (const { partition, offset } of records.slice(applied)) {
    if (!waiting.has(partition)) offsets.set(partition, offset);
    waiting.add(partition);
  }
  return [...offsets]
    .map(([partition, offset]) => ({
      topic: progress.topic,
      partition,
      generation,
      offset,
      target,
    }))
    .filter((position) => {
      const stored = progress.positions.get(position.partition);
      return stored?.generation !== generation || stored.offset !== position.offset;
    });
}

/** The state of a topic that stops at a record. */
export function parkedAt(outcome: TopicOutcome, failure: TidemarkError): ParkedTable {
  const { work, applied } = outcome;
  const { topic } = work.progress;
  const { target } = work.progress.table;
  const table = target === null ? topic : `${target.schema}.${target.table}`;
  const record = work.records[applied];
  const position = record ?? work.positions[0];
  const where =
    position === undefined ? '' : ` at partition ${position.partition}, offset ${position.offset}`;
  return {
    topic,
    table,
    offset: position?.offset ?? 0,
    code: failure.code,
    message: `${table}${where}: ${failure.message}. ${failure.cure}`,
  };
}

/** Has a topic that is parked tried again: somebody may have changed its table. */
export function retry(progress: TopicProgress): void {
  if (progress.parked !== null) progress.table.invalidate();
  progress.parked = null;
}

/** Whether topics of others write to its table, too. */
export function isShared(progress: TopicProgress, others: readonly TopicProgress[]): boolean {
  const { target } = progress.table;
  if (target === null) return false;
  return others.some((other) => {
    const theirs = other.table.target;
    return other !== progress && theirs?.schema === target.schema && theirs.table === target.table;
  });
}

/** Throws a put away that may only be applied as a whole. */
export function takenOver({ topic, partition }: SinkPartition): TidemarkError {
  const message = `another task has taken ${topic}/${partition} over, and a put is applied whole`;
  return new TidemarkError('SINK_TRANSACTION', message);
}

/** A partition in maps. */
export function keyOf({ topic, partition }: SinkPartition): string {
  return `${topic}/${partition}`;
}

/** Partitions that records or positions of a work are of. */
export function partitionsIn({ progress, records, positions }: TopicWork): SinkPartition[] {
  const { topic } = progress;
  const numbers = new Set(positions.map(({ partition }) => partition));
  for (const { partition } of records) numbers.add(partition);
  return [...numbers].map((partition) => ({ topic, partition }));
}
