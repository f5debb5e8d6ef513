import { TidemarkError } from '../../foundation/errors.ts';
import type { TableId } from '../../model/table-schema.ts';

/** How the rest of a table is read. */
export type ReadMethod = 'pages' | 'keys' | 'whole';

/** Blocks of one stored table, as long as its file is the same. */
export interface PageRanges {
  readonly oid: number;
  /** Storage and shape as `storageFingerprints` gives them. */
  readonly file: string;
  readonly pages: number;
  /** Ranges `[first, end)` that are read, in order and apart from each other. */
  readonly done: readonly (readonly [number, number])[];
}

/** A table of which rows are still to be read. */
export interface TableTask {
  readonly schema: string;
  readonly table: string;
  /** `initial`: a target may lack any of its rows. `incremental`: asked for by a signal. */
  readonly purpose: 'initial' | 'incremental';
  readonly method: ReadMethod;
  /** Identity of the signal; of a first snapshot its own. */
  readonly snapshotId: string;
  readonly condition: string | null;
  readonly surrogate: string | null;
  readonly parts: readonly PageRanges[];
  /** Order columns of the last row handed over, and of the last that there was at the start. */
  readonly lastKey: readonly string[] | null;
  readonly maxKey: readonly string[] | null;
  readonly rows: number;
  /** Keys of rows that came without all values (ruling 2), as `rowKey` writes them. */
  readonly reread: readonly string[];
  /**
   * Of a table that is read whole: the truncate event in front of its rows has gone out, and not
   * all of them. Until they have, no target can apply a change of it.
   */
  readonly emptied?: boolean;
  /** Rows went without an event: a table with a key is read whole and emptied before, too. */
  readonly replaces?: boolean;
  /** That it was read is kept in `done`, until whoever asked for it has noted it elsewhere. */
  readonly remembered?: boolean;
  /** Only the rows of `reread` are told again. Absent: all that the task's range has. */
  readonly repair?: TableRepair;
  /** The columns of `lastKey` and `maxKey`, where a table may get others meanwhile. */
  readonly orderedBy?: readonly string[];
}

/** Rows that a target does not have as the source has them. */
export interface TableRepair {
  readonly keyColumns: readonly string[];
  /**
   * Keys, as `rowKey` writes them, of which a delete went out because a read had no row. They are
   * read once more behind it: whoever wrote the key may print it otherwise than the source does, so
   * that a row which came meanwhile was not known to have it. Behind the delete it is told again.
   */
  readonly deleted: readonly string[];
}

/** It can be neither stopped nor given up: a target lacks rows. */
export function mustFinish({ purpose, emptied }: TableTask): boolean {
  return purpose === 'initial' || emptied === true;
}

/** A signal for whole snapshots while nothing streams; waits for the end of its transaction. */
export interface BlockingRequest {
  readonly snapshotId: string;
  readonly collections: readonly string[];
  readonly conditions: readonly (readonly [collection: string, filter: string])[];
}

/** Rows that a whole read has seen: changes of the transactions it saw are left out. */
export interface SeenTable {
  readonly schema: string;
  readonly table: string;
  /** `pg_current_snapshot()`. */
  readonly snapshot: string;
  readonly inRecovery: boolean;
  /** Position by which they have all come. */
  readonly until: string;
}

/** All that stands in the source offset about snapshots under way. */
export interface SnapshotState {
  readonly tasks: readonly TableTask[];
  readonly blocking: readonly BlockingRequest[];
  readonly seen: readonly SeenTable[];
  readonly paused: boolean;
  /** PostgreSQL: nothing is read while a transaction older than this is open (P72). */
  readonly notBefore: number | null;
  /**
   * `schema.table.column` that targets still have: one that is added under such a name is none that
   * they would make with nulls. `schema.table.` is a whole table. The newest last.
   */
  readonly dropped: readonly string[];
  /** `schema.table.column` that came meanwhile, and which no read has told. The newest last. */
  readonly added: readonly string[];
  /** Snapshots of `remembered` tasks that were read to their end. The newest last. */
  readonly done: readonly string[];
}

export const NO_SNAPSHOTS: SnapshotState = {
  tasks: [],
  blocking: [],
  seen: [],
  paused: false,
  notBefore: null,
  dropped: [],
  added: [],
  done: [],
};

/** These came later than the first of them. */
type Later = 'notBefore' | 'dropped' | 'added' | 'done';
type StoredState = Omit<SnapshotState, Later> &
  Partial<Pick<SnapshotState, Later>> & { readonly version: number };

/** Null when there is nothing to remember. */
export function encodeSnapshotState(state: SnapshotState): string | null {
  const { dropped, added, done } = state;
  if (!isOpen(state) && dropped.length + added.length + done.length === 0) return null;
  return JSON.stringify({ version: 1, ...state });
}

function isOpen({ tasks, blocking, seen, paused, notBefore }: SnapshotState): boolean {
  return tasks.length + blocking.length + seen.length > 0 || paused || notBefore !== null;
}

/** What is stored tells of a snapshot that nobody else could go on with. */
export function isSnapshotOpen(text: string | null): boolean {
  return isOpen(decodeSnapshotState(text));
}

/** Reads what `encodeSnapshotState` wrote. */
export function decodeSnapshotState(text: string | null): SnapshotState {
  if (text === null) return NO_SNAPSHOTS;
  const state = JSON.parse(text) as StoredState;
  if (state.version !== 1) {
    throw new TidemarkError('PG_SLOT_MISMATCH', 'stored snapshot progress of a newer version', {
      cure: 'Use the version that wrote it, or snapshot anew.',
    });
  }
  const { tasks, blocking, seen, paused, notBefore = null } = state;
  const { dropped = [], added = [], done = [] } = state;
  return { tasks, blocking, seen, paused, notBefore, dropped, added, done };
}

/** The table of a task. */
export function isTaskOf(task: Pick<TableTask, 'schema' | 'table'>, id: TableId): boolean {
  return task.schema === id.schema && task.table === id.table;
}

/** A task that has not begun. */
export function newTask(
  table: Pick<TableTask, 'schema' | 'table' | 'purpose' | 'method' | 'snapshotId'>,
  more: Partial<TableTask> = {},
): TableTask {
  return {
    condition: null,
    surrogate: null,
    parts: [],
    lastKey: null,
    maxKey: null,
    rows: 0,
    reread: [],
    ...table,
    ...more,
  };
}

/** The ranges with one more, joined where they touch. */
export function withRange(
  done: PageRanges['done'],
  first: number,
  end: number,
): readonly (readonly [number, number])[] {
  const all = [...done, [first, end] as const].toSorted((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of all) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** The first blocks that are not read, `count` at most; null when all are. */
export function nextRange(
  { done, pages }: Pick<PageRanges, 'done' | 'pages'>,
  count: number,
): readonly [number, number] | null {
  let first = 0;
  for (const [from, to] of done) {
    if (from > first) return first < pages ? [first, Math.min(from, pages, first + count)] : null;
    first = Math.max(first, to);
  }
  return first < pages ? [first, Math.min(pages, first + count)] : null;
}

/** Conditions of a request that name the table; patterns match as in the include lists. */
export function conditionFor(request: BlockingRequest, id: TableId): string | null {
  const name = `${id.schema}.${id.table}`;
  const found = request.conditions.find(([collection]) => matches(collection, name));
  return found?.[1] ?? null;
}

/** `data-collections` are regular expressions over `schema.table`, or the name itself. */
export function matches(pattern: string, name: string): boolean {
  if (pattern.replaceAll('"', '') === name) return true;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(name);
  } catch {
    return false;
  }
}
