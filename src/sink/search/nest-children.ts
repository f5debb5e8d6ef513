import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject, parseLosslessJson } from '../../foundation/lossless-json.ts';
import type { DocumentChange } from './document-change.ts';
import type { DocumentText } from './document-text.ts';
import { missingRow, type RefusedChange } from './document-writer.ts';
import type { NestRetry } from './nest-retry.ts';
import { parentId } from './nest-roles.ts';
import { type ChildState, childText, isLater, type KeptRow, readChild } from './nest-state.ts';
import { type StateStore, stateId, type StatePlace, type StoredState } from './state-store.ts';

/** A nested row whose state is written; the documents are still to be. */
export interface SettledChild {
  readonly change: DocumentChange;
  readonly state: ChildState;
  /** What it was before; null: nothing was known of it. */
  readonly before: ChildState | null;
}

/** Rows at once. */
const AT_ONCE = 500;

/**
 * Where each nested row is: the document it belongs to, and those that it has left. That is written
 * before any document is changed, so that whoever goes on after a crash, or in another task, knows
 * all the documents that the row may stand in.
 */
export class NestChildren {
  readonly #store: StateStore;
  readonly #text: DocumentText;
  readonly #retry: NestRetry;

  constructor(store: StateStore, text: DocumentText, retry: NestRetry) {
    this.#store = store;
    this.#text = text;
    this.#retry = retry;
  }

  /** Rows that are newer already are left out, and so are those that are refused. */
  async settle(
    changes: readonly DocumentChange[],
    refused: RefusedChange[],
    signal: AbortSignal,
  ): Promise<readonly SettledChild[]> {
    const settled: SettledChild[] = [];
    // A row that another one takes values of goes only when those are written.
    const moves = changes.filter(({ base }) => base !== null);
    const others = changes.filter(({ base }) => base === null);
    const bases = await this.#bases(moves, signal);
    for (const some of [...chunks(moves), ...chunks(others)]) {
      await this.#retry.whileOthersAreFaster(some, signal, (open) =>
        this.#settleSome(open, bases, { settled, refused }, signal),
      );
    }
    return settled;
  }

  /** They stand in no document any more but the one they belong to. */
  async arrived(children: readonly SettledChild[], signal: AbortSignal): Promise<void> {
    for (const some of chunks(children.filter(({ state }) => state.left.length > 0))) {
      await this.#replace(some, ({ state }) => ({ ...state, left: [] }), signal);
    }
  }

  /** Takes refused rows back: what their documents have is what they were before. */
  async undo(children: readonly SettledChild[], signal: AbortSignal): Promise<void> {
    for (const some of chunks(children)) await this.#replace(some, ({ before }) => before, signal);
  }

  /** Where somebody has changed a state since, it stays. */
  async #replace(
    children: readonly SettledChild[],
    next: (child: SettledChild) => ChildState | null,
    signal: AbortSignal,
  ): Promise<void> {
    const places = children.map(({ change }) => placeOf(change, change.id));
    const stored = await this.#store.read(places, signal);
    const writes = children.flatMap((child, i) => {
      const before = stored[i] ?? null;
      if (before === null || readChild(before.source).version !== child.state.version) return [];
      const state = next(child);
      const text = state === null ? null : textOf(child.change, state);
      return [{ ...(places[i] as StatePlace), before, text }];
    });
    await this.#store.write(writes, signal);
  }

  async #bases(
    moves: readonly DocumentChange[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<DocumentChange, ChildState>> {
    const found = new Map<DocumentChange, ChildState>();
    for (const some of chunks(moves)) {
      const stored = await this.#store.read(
        some.map((change) => placeOf(change, change.base)),
        signal,
      );
      some.forEach((change, i) => {
        const state = stored[i] ?? null;
        const base = usableBase(change, state === null ? null : readChild(state.source));
        if (base !== null) found.set(change, base);
      });
    }
    return found;
  }

  /** Returns those where somebody else was faster. */
  async #settleSome(
    open: readonly DocumentChange[],
    bases: ReadonlyMap<DocumentChange, ChildState>,
    found: { readonly settled: SettledChild[]; readonly refused: RefusedChange[] },
    signal: AbortSignal,
  ): Promise<readonly DocumentChange[]> {
    const stored = await this.#store.read(
      open.map((change) => placeOf(change, change.id)),
      signal,
    );
    const wanted: (SettledChild & { readonly stored: StoredState | null })[] = [];
    open.forEach((change, i) => {
      const own = stored[i] ?? null;
      const before = own === null ? null : readChild(own.source);
      try {
        const state = this.#next(change, before, bases.get(change) ?? null);
        if (state !== null) wanted.push({ change, state, before, stored: own });
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error;
        found.refused.push({ change, error });
      }
    });
    const isNew = ({ before, state, change }: SettledChild): boolean =>
      before === null || textOf(change, before) !== textOf(change, state);
    const written = wanted.filter(isNew);
    found.settled.push(...wanted.filter((child) => !isNew(child)));
    const outcomes = await this.#store.write(
      written.map(({ change, state, stored: before }) => ({
        ...placeOf(change, change.id),
        before,
        text: textOf(change, state),
      })),
      signal,
    );
    const again: DocumentChange[] = [];
    written.forEach((child, i) => {
      const outcome = outcomes[i];
      if (outcome?.kind === 'newer') again.push(child.change);
      else if (outcome?.kind === 'refused') {
        found.refused.push({ change: child.change, error: outcome.error });
      } else found.settled.push(child);
    });
    return again;
  }

  /** Null: there is nothing to be done. Throws what speaks against it. */
  #next(
    change: DocumentChange,
    own: ChildState | null,
    base: ChildState | null,
  ): ChildState | null {
    const version = change.version ?? '0';
    if (own !== null && isLater(own.version, version)) return null;
    if (change.effect === 'move') {
      // Its second half came before, or it will not find what it needs, and says so.
      if (base === null || own?.version === version) return null;
      return placed(own, { version, row: base.row, goneAtMs: 0 }, base.parent);
    }
    if (change.effect !== 'write' || change.row === null || change.nest === undefined) {
      const goneAtMs = own?.row === null ? own.goneAtMs : this.#retry.nowMs();
      return placed(own, { version, row: null, goneAtMs }, null);
    }
    const source = base ?? own;
    const row = completedRow(this.#text, change, source);
    const parent = parentId(change.row, change.nest, change.absent);
    const kept = { version, row, goneAtMs: 0 };
    return placed(own, kept, parent === undefined ? (source?.parent ?? null) : parent);
  }
}

/** The text of a row, with the values that its record left out. Throws SINK_RECORD without them. */
export function completedRow(
  text: DocumentText,
  change: DocumentChange,
  source: KeptRow | null,
): string {
  if (change.absent.length === 0) return text.ofRow(change);
  const row = source?.row ?? null;
  if (row === null) throw missingRow(change);
  return text.ofCompletedRow(change, objectOf(row));
}

/** Null: another row stands there by now, or none, and the change was applied before that. */
export function usableBase<T extends KeptRow>(change: DocumentChange, base: T | null): T | null {
  if (base === null || base.row === null) return null;
  const { baseUntil } = change;
  return baseUntil !== null && isLater(base.version, baseUntil) ? null : base;
}

function objectOf(text: string): JsonObject {
  const node = parseLosslessJson(text);
  return isJsonObject(node) ? node : {};
}

function placed(own: ChildState | null, kept: KeptRow, parent: string | null): ChildState {
  const before = own === null ? [] : [...own.left, ...(own.parent === null ? [] : [own.parent])];
  return { ...kept, parent, left: [...new Set(before)].filter((id) => id !== parent) };
}

function placeOf({ index, nest }: DocumentChange, id: string | null): StatePlace {
  return { index: stateIndex(index), id: stateId(nest?.field ?? null, id ?? '') };
}

/** Where states of documents of an index are kept. */
export function stateIndex(index: string): string {
  return `${index}.nest`;
}

function textOf({ id, nest }: DocumentChange, state: ChildState): string {
  return childText(id ?? '', nest?.field ?? '', state);
}

function chunks<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts: (readonly T[])[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) parts.push(all.slice(at, at + AT_ONCE));
  return parts;
}
