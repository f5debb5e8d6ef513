import type { DocumentChange } from './document-change.ts';
import type { DocumentText } from './document-text.ts';
import { missingRow, type RefusedChange, type WrittenChanges } from './document-writer.ts';
import { completedRow, type NestChildren, type SettledChild, usableBase } from './nest-children.ts';
import type { NestParents, ParentWork, RowOperation } from './nest-parents.ts';
import type { NestRetry } from './nest-retry.ts';
import type { KeptRow } from './nest-state.ts';

/** What writing nested documents needs. */
export interface NestWriterParts {
  readonly children: NestChildren;
  readonly parents: NestParents;
  readonly text: DocumentText;
  readonly retry: NestRetry;
}

/**
 * Writes changes of rows that are documents together.
 *
 * Each row has its own place in the source, so that a document has as many as rows, and no version
 * of a server could compare them. They are kept beside the index (`nest-state`): of each nested row
 * the document it belongs to, of each document its rows with their places, also of rows whose
 * document is not there (yet): nothing of those is in the index that is searched.
 *
 * Invariant: where a nested row is → states of documents → documents → the row is out of the
 * documents that it has left. Each step is done again by whoever reads the record again, and
 * changes nothing then (`nest-children`, `nest-parents`).
 */
export class NestWriter {
  readonly #parts: NestWriterParts;

  constructor(parts: NestWriterParts) {
    this.#parts = parts;
  }

  async write(changes: readonly DocumentChange[], signal: AbortSignal): Promise<WrittenChanges> {
    const refused: RefusedChange[] = [];
    const sound = changes.filter((change) => {
      if (change.isOrphan) refused.push({ change, error: missingRow(change) });
      return !change.isOrphan;
    });
    const { children, parents } = this.#parts;
    const nested = sound.filter(({ nest }) => nest !== undefined);
    const own = sound.filter(({ nest }) => nest === undefined);
    const settled = await children.settle(nested, refused, signal);
    const { moves, others } = await this.#ownRows(own, signal);
    // A document that another one takes values of goes only when those are written.
    await parents.write(worksOf(moves), refused, signal);
    const nowMs = this.#parts.retry.nowMs();
    const arrivals = settled.flatMap((child) => arrival(child, nowMs));
    await parents.write(worksOf([...others, ...arrivals]), refused, signal);
    const failed = new Set(refused.map(({ change }) => change));
    const moved = settled.filter(
      ({ change, state }) => state.parent !== null && !failed.has(change),
    );
    const left = moved.flatMap((child) => departures(child, nowMs));
    await parents.write(worksOf(left), refused, signal);
    await children.arrived(moved, signal);
    await children.undo(
      settled.filter(({ change }) => failed.has(change)),
      signal,
    );
    return { refused, newer: 0 };
  }

  async #ownRows(
    changes: readonly DocumentChange[],
    signal: AbortSignal,
  ): Promise<{ readonly moves: readonly Placed[]; readonly others: readonly Placed[] }> {
    const based = changes.filter(({ base }) => base !== null);
    const places = based.map(({ index, base }) => ({ index, id: base ?? '' }));
    const bases = await this.#parts.parents.rows(places, signal);
    return {
      moves: based.map((change, i) => this.#ownRow(change, usableBase(change, bases[i] ?? null))),
      others: changes
        .filter(({ base }) => base === null)
        .map((change) => this.#ownRow(change, null)),
    };
  }

  #ownRow(change: DocumentChange, base: KeptRow | null): Placed {
    const { index, id, version, effect } = change;
    const kept = { version: version ?? '0', goneAtMs: 0 };
    const next = (before: KeptRow | null): KeptRow | null => {
      if (effect === 'write') {
        return { ...kept, row: completedRow(this.#parts.text, change, base ?? before) };
      }
      if (effect === 'delete') return { ...kept, row: null, goneAtMs: this.#parts.retry.nowMs() };
      // Its second half came before, or it will not find what it needs, and says so.
      const isDone = before?.version === kept.version;
      return isDone || base === null ? null : { ...kept, row: base.row };
    };
    const operation = { change, field: null, id: id ?? '', version: kept.version, next };
    return { index, parent: id ?? '', operation };
  }
}

/** An operation, and the document that it concerns. */
interface Placed {
  readonly index: string;
  readonly parent: string;
  readonly operation: RowOperation;
}

/** A row comes into its document; one that is deleted goes from where it was. */
function arrival(child: SettledChild, nowMs: number): readonly Placed[] {
  const { parent } = child.state;
  return parent === null ? departures(child, nowMs) : [placed(child, parent, child.state)];
}

/** A row that has moved stands in both for a moment, rather than in none. */
function departures(child: SettledChild, goneAtMs: number): readonly Placed[] {
  const { version, left } = child.state;
  return left.map((id) => placed(child, id, { version, row: null, goneAtMs }));
}

function placed({ change }: SettledChild, parent: string, kept: KeptRow): Placed {
  const { version, row, goneAtMs } = kept;
  const operation = {
    change,
    field: change.nest?.field ?? '',
    id: change.id ?? '',
    version,
    next: () => ({ version, row, goneAtMs }),
  };
  return { index: change.index, parent, operation };
}

function worksOf(all: readonly Placed[]): readonly ParentWork[] {
  const works = new Map<string, { index: string; id: string; operations: RowOperation[] }>();
  for (const { index, parent: id, operation } of all) {
    const key = `${index}/${id}`;
    let work = works.get(key);
    if (work === undefined) works.set(key, (work = { index, id, operations: [] }));
    work.operations.push(operation);
  }
  return [...works.values()];
}
