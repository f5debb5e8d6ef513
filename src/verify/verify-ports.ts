import type { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SinkRecord } from '../model/sink-record.ts';

/** Texts of a key's columns, in the order of the key. */
export type KeyTexts = readonly string[];

/**
 * A place in the source's log: whatever a read saw was committed before it. The log of the pipeline
 * has all of that once the stored offset of the source lies behind.
 */
export interface SourceFence {
  /** For people, as the source prints positions. */
  readonly text: string;
  isBehind(stored: SourceOffset['offset']): boolean;
}

/** Rows as one transaction of the source saw them. */
export interface SourceRows {
  /** What the sink would be handed for them; a row that transforms drop is not among them. */
  readonly records: readonly SinkRecord[];
  /** Of each record, as the source prints it. */
  readonly keys: readonly KeyTexts[];
  /** How many rows were read. */
  readonly read: number;
  /** Of the last row read; null: there was none. */
  readonly lastKey: KeyTexts | null;
  /** The limit was reached: there may be more. */
  readonly more: boolean;
  readonly fence: SourceFence;
}

/** A table of the source, read by its key. */
export interface SourceTable {
  /** `schema.table` */
  readonly name: string;
  readonly topic: string;
  /** Names of its key, in the order of its texts. */
  readonly keyColumns: readonly string[];
  /** Negative: nobody knows. */
  readonly estimatedRows: number;
  /** Rows behind a key, in the order of keys; `limit` of them at most. */
  readChunk(after: KeyTexts | null, limit: number, signal: AbortSignal): Promise<SourceRows>;
  /** The key of the row that is so many behind a key, 1: the next; null: there are fewer. */
  keyBehind(after: KeyTexts | null, rows: number, signal: AbortSignal): Promise<KeyTexts | null>;
  /** The rows that there are of these keys. */
  readKeys(keys: readonly KeyTexts[], signal: AbortSignal): Promise<SourceRows>;
  /**
   * Resolves when all that is in the source's log at the time of the call is seen by every later
   * read: a transaction may stand in the log, and in the target, before anybody else sees it.
   */
  settle(signal: AbortSignal): Promise<void>;
  /**
   * What the sink would be handed if the row of a key were deleted; null: nothing. Throws where no
   * row can have such a key.
   */
  deletion(key: KeyTexts): SinkRecord | null;
}

/** Has rows told again by whoever owns the log. */
export interface RowRepair {
  /**
   * Resolves when all that the source has of these keys is on its way, behind what went before:
   * rows as they are now, and deletes of those that are not there. Else why it is not.
   */
  repair(
    table: Pick<SourceTable, 'name' | 'keyColumns'>,
    keys: readonly KeyTexts[],
    signal: AbortSignal,
  ): Promise<TidemarkError | null>;
}

/** Rows of another table that are to be told again, too. */
export interface OtherRows {
  readonly topic: string;
  readonly table: Pick<SourceTable, 'name' | 'keyColumns'>;
  readonly keys: readonly KeyTexts[];
}

/** How many records of each partition lie before a moment, by number of the partition. */
export type LogPositions = ReadonlyMap<number, number>;

/** The log between source and target. */
export interface VerifyLog {
  /** The ends of a topic's partitions. */
  ends(topic: string): Promise<LogPositions>;
  /** Resolves when the log has all that lies before the fence. Throws VERIFY_BEHIND. */
  reach(fence: SourceFence, signal: AbortSignal): Promise<void>;
  /** Records of a topic from one place to another, as its sink is handed them. */
  between(
    topic: string,
    from: LogPositions,
    to: LogPositions,
    signal: AbortSignal,
  ): Promise<readonly SinkRecord[]>;
}

/** A column whose two values differ, as the target prints them; null is NULL. */
export interface ColumnDifference {
  readonly name: string;
  readonly source: string | null;
  readonly target: string | null;
}

/** What is wrong with one key. */
export interface KeyDifference {
  /** missing: the target lacks the row; surplus: the source has none. */
  readonly kind: 'missing' | 'surplus' | 'different';
  /** As the target prints it. */
  readonly key: KeyTexts;
  /** Number of the record that was compared; null: surplus. */
  readonly row: number | null;
  /**
   * Empty unless the kind is `different`. Of a row that stands in the documents of others the first
   * says in which one it should, and in which it does, whatever the kind.
   */
  readonly columns: readonly ColumnDifference[];
  /**
   * Of a surplus row whose key nobody can ask the source for: no row can have it, or it is not
   * known whether one has.
   */
  readonly owner?: 'none' | 'unknown';
}

/** A difference that stays, and what became of it. */
export interface NamedDifference extends KeyDifference {
  /** A later look found the row equal; null: nobody was to repair it. */
  readonly repaired: boolean | null;
}

/** Which rows of the target records are compared with. */
export type CompareScope =
  /** Those up to the last of the records, behind what was compared before; all that are left. */
  | { readonly kind: 'next'; readonly isLast: boolean }
  /** Those from the first of the records to the last; where order is not alike, theirs alone. */
  | { readonly kind: 'within' }
  /** Those of the records, and of these keys. */
  | { readonly kind: 'keys'; readonly keys: readonly KeyTexts[] };

/** A table of the target. A search index is one as well, with one document a key. */
export interface TargetTable {
  /** As people know it. */
  readonly name: string;
  /** Names of the fields of its key in the records. */
  readonly keyFields: readonly string[];
  /** Names of the key in the target. */
  readonly keyColumns: readonly string[];
  /** Its keys are in the order in which the source gives rows: surplus ones stand in between. */
  readonly isOrdered: boolean;
  /** Begins the comparison of the whole table anew. */
  begin(signal: AbortSignal): Promise<void>;
  compare(
    records: readonly SinkRecord[],
    scope: CompareScope,
    signal: AbortSignal,
  ): Promise<readonly KeyDifference[]>;
  /**
   * The keys that records change, as `compare` prints them. Null: rows of any key may have changed
   * (a truncate).
   */
  keysOf(records: readonly SinkRecord[], signal: AbortSignal): Promise<readonly KeyTexts[] | null>;
  /**
   * What is left when all of the source was compared, some at a time: surplus rows that `compare`
   * does not find. Absent: it finds all.
   */
  rest?(signal: AbortSignal): AsyncIterable<readonly KeyDifference[]>;
  /** Whether rows and `applied` are one: what is in the target lies before that, no more. */
  readonly isAtomic: boolean;
  /** What of its topic is applied, or of one that `alsoToRepair` has named. */
  applied(signal: AbortSignal, topic?: string): Promise<LogPositions>;
  /**
   * Rows whose change has the target write anew where such keys stand too much. Absent: those of
   * the keys are all that is needed.
   */
  alsoToRepair?(keys: readonly KeyTexts[]): readonly OtherRows[];
}
