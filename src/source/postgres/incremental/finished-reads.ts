import type { SnapshotState } from '../../incremental/snapshot-state.ts';
import { decodeSnapshotState } from '../../incremental/snapshot-state.ts';

/** Where reads stand that have ended. */
export interface EndedReads {
  readonly state: Pick<SnapshotState, 'done'>;
  keepDone(wanted: ReadonlySet<string>): void;
}

/**
 * Which reads that somebody asked for, and keeps a note of, have come to their end. The end enters
 * one append with the last rows, as all of the state does.
 *
 * Invariant: rows and end durable → noted → forgotten here.
 * What breaks otherwise: noted before the rows are durable, and a crash: nobody reads them again;
 * forgotten before it is noted: the next start reads the whole table once more.
 */
export class FinishedReads {
  readonly #tasks: EndedReads;
  #durable: readonly string[];
  #text: string | null = null;

  /** What a start finds in the offset is durable. */
  constructor(tasks: EndedReads) {
    this.#tasks = tasks;
    this.#durable = tasks.state.done;
  }

  /** The state of an offset that became durable. */
  confirmed(text: string | null): void {
    // Most of the time nothing has ended, and a state with many keys is not read for that.
    if (this.#tasks.state.done.length === 0 || text === this.#text) return;
    this.#text = text;
    this.#durable = decodeSnapshotState(text).done;
  }

  isDone(snapshotId: string): boolean {
    return this.#tasks.state.done.includes(snapshotId);
  }

  isDurable(snapshotId: string): boolean {
    return this.isDone(snapshotId) && this.#durable.includes(snapshotId);
  }

  /** The others are noted, or nobody knows them any more. */
  keep(wanted: ReadonlySet<string>): void {
    this.#tasks.keepDone(wanted);
  }
}
