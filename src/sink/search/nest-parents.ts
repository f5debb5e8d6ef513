import { TidemarkError } from '../../foundation/errors.ts';
import type { BulkOutcome, BulkWriter } from './bulk-writer.ts';
import type { DocumentChange } from './document-change.ts';
import type { RefusedChange } from './document-writer.ts';
import { stateIndex } from './nest-children.ts';
import type { NestRetry } from './nest-retry.ts';
import {
  isLater,
  type KeptRow,
  nestedDocument,
  NO_PARENT_STATE,
  type ParentState,
  parentText,
  readParent,
  withoutForgotten,
} from './nest-state.ts';
import { type StateStore, stateId, type StoredState } from './state-store.ts';

/** What is to become of one row in a document. */
export interface RowOperation {
  readonly change: DocumentChange;
  /** Null: the row of the document itself. */
  readonly field: string | null;
  readonly id: string;
  readonly version: string;
  /** Makes the row of what is there. Null: nothing is to be done. Throws what speaks against it. */
  readonly next: (before: KeptRow | null) => KeptRow | null;
}

/** All that is to become of one document. */
export interface ParentWork {
  readonly index: string;
  readonly id: string;
  readonly operations: readonly RowOperation[];
}

/** What documents of several rows are written with. */
export interface NestParentsParts {
  readonly store: StateStore;
  readonly retry: NestRetry;
  /** Writes the documents that are searched. */
  readonly bulk: BulkWriter;
  readonly fieldsOf: (index: string) => readonly string[];
  readonly nestMax: number;
  readonly gcDeletesMs: number;
}

/** What was done, as it can be undone. */
interface Done {
  readonly operation: RowOperation;
  readonly before: KeptRow | null;
  readonly after: KeptRow;
}

interface Attempt {
  readonly work: ParentWork;
  readonly stored: StoredState | null;
  readonly state: ParentState;
  readonly isChanged: boolean;
  readonly done: readonly Done[];
}

const FIRST_AT_ONCE = 32;
const MOST_AT_ONCE = 500;
/** What is read of states at once, about. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/**
 * Documents and the states that they are made of. A state is written first, by compare-and-set,
 * with a revision above the one before; then the document, with the revision as its version. So the
 * document is always that of the last state, whoever writes it last, and however often.
 */
export class NestParents {
  readonly #parts: NestParentsParts;
  /** So many states that their bytes fit. */
  #atOnce = FIRST_AT_ONCE;

  constructor(parts: NestParentsParts) {
    this.#parts = parts;
  }

  async write(
    works: readonly ParentWork[],
    refused: RefusedChange[],
    signal: AbortSignal,
  ): Promise<void> {
    for (let at = 0; at < works.length;) {
      const some = works.slice(at, at + this.#atOnce);
      try {
        await this.#parts.retry.whileOthersAreFaster(some, signal, (open) =>
          this.#writeSome(open, refused, signal),
        );
      } catch (error) {
        // The answer may have been too long.
        this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2));
        throw error;
      }
      at += some.length;
    }
  }

  /** Rows of documents as they are now. */
  async rows(
    places: readonly { readonly index: string; readonly id: string }[],
    signal: AbortSignal,
  ): Promise<readonly (KeptRow | null)[]> {
    const rows: (KeptRow | null)[] = [];
    for (let at = 0; at < places.length; at += FIRST_AT_ONCE) {
      const some = places.slice(at, at + FIRST_AT_ONCE).map(placeOf);
      const stored = await this.#parts.store.read(some, signal);
      rows.push(...stored.map((state) => (state === null ? null : readParent(state.source).own)));
    }
    return rows;
  }

  /** Returns those where somebody else was faster. */
  async #writeSome(
    open: readonly ParentWork[],
    refused: RefusedChange[],
    signal: AbortSignal,
  ): Promise<readonly ParentWork[]> {
    const stored = await this.#parts.store.read(open.map(placeOf), signal);
    const attempts = open.map((work, i) => this.#attempt(work, stored[i] ?? null, refused));
    const { taken, again } = await this.#save(attempts, signal);
    const outcomes = await this.#publish(taken, signal);
    for (const [i, attempt] of taken.entries()) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'refused') {
        await this.#withdraw(attempt, outcome.error, refused, signal);
      }
    }
    return again;
  }

  #attempt(work: ParentWork, stored: StoredState | null, refused: RefusedChange[]): Attempt {
    const before = stored === null ? NO_PARENT_STATE : readParent(stored.source);
    const fields = new Map([...before.fields].map(([name, rows]) => [name, new Map(rows)]));
    let { own } = before;
    const done: Done[] = [];
    for (const operation of work.operations) {
      const { field, id, change } = operation;
      const rows = field === null ? null : (fields.get(field) ?? new Map<string, KeptRow>());
      const row = rows === null ? own : (rows.get(id) ?? null);
      try {
        const after = this.#next(operation, row, rows);
        if (after === null) continue;
        if (field === null || rows === null) own = after;
        else fields.set(field, rows.set(id, after));
        done.push({ operation, before: row, after });
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error;
        refused.push({ change, error });
      }
    }
    return this.#revised(work, stored, before, { own, fields }, done);
  }

  #revised(
    work: ParentWork,
    stored: StoredState | null,
    before: ParentState,
    rows: Pick<ParentState, 'own' | 'fields'>,
    done: readonly Done[],
  ): Attempt {
    if (done.length === 0) return { work, stored, state: before, isChanged: false, done };
    const nowMs = this.#parts.retry.nowMs();
    // Above all that was there before the state was forgotten, too.
    const revision = Math.max(before.revision + 1, nowMs * 1000);
    const kept = withoutForgotten({ ...rows, revision }, nowMs - this.#parts.gcDeletesMs);
    return { work, stored, state: kept, isChanged: true, done };
  }

  /** Null: the row stays as it is. */
  #next(
    { version, next, change }: RowOperation,
    before: KeptRow | null,
    rows: ReadonlyMap<string, KeptRow> | null,
  ): KeptRow | null {
    if (before !== null && isLater(before.version, version)) return null;
    const after = next(before);
    if (after === null) return null;
    if (before !== null && before.version === after.version && before.row === after.row)
      return null;
    const isMore = rows !== null && after.row !== null && (before?.row ?? null) === null;
    if (isMore && rows.size >= this.#parts.nestMax) {
      const there = [...rows.values()].filter(({ row }) => row !== null).length;
      if (there >= this.#parts.nestMax) throw tooMany(change, there);
    }
    return after;
  }

  async #save(
    attempts: readonly Attempt[],
    signal: AbortSignal,
  ): Promise<{ readonly taken: readonly Attempt[]; readonly again: readonly ParentWork[] }> {
    const changed = attempts.filter(({ isChanged }) => isChanged);
    const writes = changed.map(({ work, stored, state }) => ({
      ...placeOf(work),
      before: stored,
      text: parentText(work.id, state),
    }));
    this.#paced(
      writes.reduce((sum, { text }) => sum + text.length, 0),
      writes.length,
    );
    const outcomes = await this.#parts.store.write(writes, signal);
    const slower = new Set<Attempt>();
    changed.forEach((attempt, i) => {
      const outcome = outcomes[i];
      if (outcome?.kind === 'newer') slower.add(attempt);
      // A state has no field that could be refused: the server itself has a limit.
      else if (outcome?.kind === 'refused') throw outcome.error;
    });
    return {
      taken: attempts.filter((attempt) => !slower.has(attempt)),
      again: [...slower].map(({ work }) => work),
    };
  }

  #paced(bytes: number, states: number): void {
    if (states === 0) return;
    const fitting = Math.floor(BYTES_AT_ONCE / Math.max(1, bytes / states));
    this.#atOnce = Math.max(1, Math.min(MOST_AT_ONCE, this.#atOnce * 2, fitting));
  }

  /** Also those that did not change: they may have been written by somebody who was cut off. */
  async #publish(
    attempts: readonly Attempt[],
    signal: AbortSignal,
  ): Promise<readonly (BulkOutcome | undefined)[]> {
    const shown = attempts.filter(({ state }) => state.own !== null);
    const actions = shown.map(({ work: { index, id }, state }) => {
      const document = nestedDocument(state, this.#parts.fieldsOf(index));
      const place = `"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}`;
      const as = `"version":${state.revision},"version_type":"external_gte"`;
      const action = document === null ? 'delete' : 'index';
      return { line: `{"${action}":{${place},${as}}}`, document: () => document };
    });
    const outcomes = await this.#parts.bulk.write(actions, signal);
    const byAttempt = new Map(shown.map((attempt, i) => [attempt, outcomes[i]]));
    return attempts.map((attempt) => byAttempt.get(attempt));
  }

  /**
   * The server refuses the document: what was done to it is undone, and done again row by row, so
   * that only the row is refused which it is about.
   */
  async #withdraw(
    { work, done }: Attempt,
    error: TidemarkError,
    refused: RefusedChange[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#undo(work, done, signal);
    if (work.operations.length === 1 || done.length === 0) {
      for (const { change } of work.operations) refused.push({ change, error });
      return;
    }
    for (const operation of work.operations) {
      const single = { ...work, operations: [operation] };
      await this.#parts.retry.whileOthersAreFaster<ParentWork>([single], signal, (open) =>
        this.#writeSome(open, refused, signal),
      );
    }
  }

  async #undo(work: ParentWork, done: readonly Done[], signal: AbortSignal): Promise<void> {
    const back = done.toReversed().map(({ operation, before, after }): RowOperation => ({
      ...operation,
      version: after.version,
      next: (now) => {
        const isOurs = now?.version === after.version && now.row === after.row;
        return isOurs ? (before ?? FORGOTTEN) : null;
      },
    }));
    await this.#parts.retry.whileOthersAreFaster<ParentWork>(
      [{ ...work, operations: back }],
      signal,
      async (open) => {
        const stored = await this.#parts.store.read(open.map(placeOf), signal);
        const attempts = open.map((one, i) => this.#attempt(one, stored[i] ?? null, []));
        const { taken, again } = await this.#save(attempts, signal);
        await this.#publish(taken, signal);
        return again;
      },
    );
  }
}

/** A row that was not there, and has nothing to say. */
const FORGOTTEN: KeptRow = { version: '0', row: null, goneAtMs: 0 };

function placeOf({ index, id }: { readonly index: string; readonly id: string }) {
  return { index: stateIndex(index), id: stateId(null, id) };
}

function tooMany({ index, topic }: DocumentChange, rows: number): TidemarkError {
  return new TidemarkError(
    'SINK_RECORD',
    `${index}: a document has ${rows} rows of ${topic} already`,
    {
      cure:
        'Raise document.nest.max.rows (of an index that is there also its setting ' +
        'index.mapping.nested_objects.limit), or do not nest this table.',
    },
  );
}
