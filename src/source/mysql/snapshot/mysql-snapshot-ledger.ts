import { must } from '../../../foundation/assert.ts';
import type { TableId } from '../../../model/table-schema.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import { encodeSnapshotState, newTask, NO_SNAPSHOTS } from '../../incremental/snapshot-state.ts';

/** A part of a table: the rows behind `from` up to `to`; null: from its beginning, to its end. */
export interface KeyChunk {
  /** Index into the tables that are read. */
  readonly table: number;
  /** Counts the chunks of the table in the order of its key. */
  readonly number: number;
  readonly from: readonly string[] | null;
  readonly to: readonly string[] | null;
}

/** A table of the ledger. */
export interface LedgerTable {
  readonly id: TableId;
  /** By which its rest can be read; null: it is read anew, as a whole. */
  readonly key: readonly string[] | null;
}

interface LedgerEntry {
  task: TableTask;
  /** Chunks that are handed over while one before them is not, by their number. */
  readonly ahead: Map<number, KeyChunk>;
  next: number;
  isDone: boolean;
}

/**
 * What of a first snapshot has been handed over, in the form in which the rest can be read beside
 * the stream after a crash: up to which key, because chunks may end in another order. Invariant: a
 * chunk counts only when its last row has been handed over; as the state is read together with the
 * batch, the two become durable together.
 */
export class MysqlSnapshotLedger {
  readonly #entries: readonly LedgerEntry[];
  #text: string | null | undefined;

  constructor(tables: readonly LedgerTable[], snapshotId: string) {
    this.#entries = tables.map(({ id, key }) => ({
      task: newTask(
        {
          schema: id.schema,
          table: id.table,
          purpose: 'initial',
          method: key === null ? 'whole' : 'keys',
          snapshotId,
        },
        key === null ? {} : { orderedBy: key },
      ),
      ahead: new Map(),
      next: 0,
      isDone: false,
    }));
  }

  /** `rows`: of the table, as far as they have been handed over. */
  done(chunk: KeyChunk, rows: number): void {
    const entry = must(this.#entries[chunk.table], 'a table of the ledger');
    entry.ahead.set(chunk.number, chunk);
    for (;;) {
      const following = entry.ahead.get(entry.next);
      if (following === undefined) break;
      entry.ahead.delete(entry.next);
      entry.next++;
      if (following.to === null) entry.isDone = true;
      else entry.task = { ...entry.task, lastKey: following.to };
    }
    if (entry.task.method === 'keys') entry.task = { ...entry.task, rows };
    this.#text = undefined;
  }

  /** Nothing is left. */
  get isComplete(): boolean {
    return this.#entries.every(({ isDone }) => isDone);
  }

  /** What is left, for the offset; null: nothing. */
  get text(): string | null {
    if (this.#text === undefined) {
      const open = this.#entries.filter(({ isDone }) => !isDone);
      this.#text = encodeSnapshotState({ ...NO_SNAPSHOTS, tasks: open.map(({ task }) => task) });
    }
    return this.#text;
  }
}
