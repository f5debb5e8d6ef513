import type { TidemarkError } from '../../foundation/errors.ts';
import type { ParkedTable, SinkPosition, SinkRecord } from '../../model/sink-record.ts';
import type { WantedIndex } from './search-indexes.ts';

/** What the sink knows of a topic between two calls of `put`. */
export interface SearchTopic {
  readonly topic: string;
  generation: number;
  /** By partition the next offset to apply, of this generation. */
  readonly positions: Map<number, number>;
  parked: ParkedTable | null;
  /** Why it is held: what its index does not take. */
  heldFor: WantedIndex | null;
}

/** The part of a `put` that concerns a topic. */
export interface TopicWork {
  readonly progress: SearchTopic;
  /** A generation begins: what the index has of an older one goes. */
  readonly begins: boolean;
  /** In the order of the log. */
  readonly records: readonly SinkRecord[];
  readonly positions: readonly SinkPosition[];
  /** With errors.park `key`: why records were refused, as far as they were tried. */
  readonly poison: Map<SinkRecord, TidemarkError>;
}

/** A topic of which nothing was read. */
export function newTopic(topic: string): SearchTopic {
  return { topic, generation: 0, positions: new Map(), parked: null, heldFor: null };
}

/**
 * What is to be done for a topic; null: nothing. Records of an older generation are left out, and
 * so are those of a parked topic: they are read once more.
 */
export function planTopic(
  progress: SearchTopic,
  records: readonly SinkRecord[],
  positions: readonly SinkPosition[],
): TopicWork | null {
  const generation = Math.max(
    progress.generation,
    positions.reduce((highest, one) => Math.max(highest, one.generation), 0),
    records.reduce((highest, one) => Math.max(highest, one.generation), 0),
  );
  const begins = generation > progress.generation;
  if (begins) {
    progress.generation = generation;
    progress.positions.clear();
    progress.parked = null;
    progress.heldFor = null;
  }
  const wanted = records.filter((record) => record.generation === generation);
  const told = positions.filter((position) => position.generation === generation);
  if (progress.parked !== null) {
    rememberFirst(progress, wanted);
    return null;
  }
  return { progress, begins, records: inOrder(wanted), positions: told, poison: new Map() };
}

/** Records of a topic in the order in which they are applied. */
export function inOrder(records: readonly SinkRecord[]): readonly SinkRecord[] {
  return records.toSorted((left, right) => left.sequence - right.sequence);
}

/** All of it is done. */
export function finish({ progress, positions }: TopicWork): void {
  for (const { partition, offset } of positions) progress.positions.set(partition, offset);
}

/** Stops a topic at a record; what it has of this `put` is read once more. */
export function park(
  { progress, records }: TopicWork,
  index: string | null,
  at: SinkRecord | undefined,
  error: TidemarkError,
  heldFor: WantedIndex | null = null,
): void {
  rememberFirst(progress, records);
  const { topic } = progress;
  const table = index ?? topic;
  const where = at === undefined ? '' : ` at partition ${at.partition}, offset ${at.offset}`;
  progress.heldFor = heldFor;
  progress.parked = {
    topic,
    table,
    offset: at?.offset ?? 0,
    code: error.code,
    message: `${table}${where}: ${error.message}. ${error.cure}`,
    ...(heldFor === null ? {} : { held: true as const }),
  };
}

/** Stops a topic where it stands. */
export function parkAt(progress: SearchTopic, index: string, error: TidemarkError): void {
  const { topic, positions } = progress;
  const [first = [0, 0] as const] = positions;
  progress.parked = {
    topic,
    table: index,
    offset: first[1],
    code: error.code,
    message: `${index}: ${error.message}. ${error.cure}`,
  };
}

/** Where reading goes on of partitions of which nothing is done yet. */
function rememberFirst({ positions }: SearchTopic, records: readonly SinkRecord[]): void {
  for (const { partition, offset } of records) {
    if (!positions.has(partition)) positions.set(partition, offset);
  }
}
