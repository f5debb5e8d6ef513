import type { Struct } from '../../model/connect-schema.ts';
import type { DocumentChange } from './document-change.ts';

/**
 * Changes of documents, one for each (PITFALLS S2): the last one wins, a row without all of its
 * values takes those of the one before it, a document that moves takes along what it was. Last is
 * what has the highest version: of a topic that was merged or repartitioned, an older change may
 * come behind a newer one, and the index could not refuse what it is never sent (ruling 4).
 */
export class FoldedChanges {
  readonly #changes = new Map<string, DocumentChange>();
  /** Of documents whose id the server makes. */
  readonly #nameless: DocumentChange[] = [];

  get size(): number {
    return this.#changes.size + this.#nameless.length;
  }

  add(change: DocumentChange): void {
    if (change.id === null) {
      this.#nameless.push(change);
      return;
    }
    const key = keyOf(change, change.id);
    const before = this.#changes.get(key);
    // At the end, so that the order is that of the last record of each.
    this.#changes.delete(key);
    const told = change.effect === 'move' ? this.#moved(change) : change;
    this.#changes.set(key, before === undefined ? told : combined(before, told));
  }

  /** In the order of the last record of each. */
  all(): readonly DocumentChange[] {
    return [...this.#changes.values(), ...this.#nameless];
  }

  #moved(change: DocumentChange): DocumentChange {
    const { base } = change;
    const from = base === null ? undefined : this.#changes.get(keyOf(change, base));
    if (from === undefined || isOlder(change, from)) return change;
    const records = [...from.records, ...change.records];
    switch (from.effect) {
      case 'move':
        return { ...change, ...baseOf(from), records };
      case 'write': {
        const { effect, row, absent } = from;
        const told = { ...change, effect, row, absent, records };
        if (absent.length === 0) return { ...told, ...NO_BASE };
        return from.base === null ? told : { ...told, ...baseOf(from) };
      }
      default:
        return { ...change, isOrphan: true, records };
    }
  }
}

const NO_BASE = { base: null, baseUntil: null } as const;

function baseOf({ base, baseUntil }: DocumentChange): Pick<DocumentChange, 'base' | 'baseUntil'> {
  return { base, baseUntil };
}

function keyOf({ index, nest }: DocumentChange, id: string): string {
  // A topic may be nested into several fields of an index.
  return nest === undefined ? `${index}/${id}` : `${index}/${nest.field}/${id}`;
}

/** Versions are decimals without zeros in front. */
function isOlder({ version: one }: DocumentChange, { version: other }: DocumentChange): boolean {
  if (one === null || other === null || one === other) return false;
  return one.length === other.length ? one < other : one.length < other.length;
}

function combined(before: DocumentChange, after: DocumentChange): DocumentChange {
  return isOlder(after, before) ? joinedLate(before, after) : joined(before, after);
}

/** A change behind a newer one has nothing to say but what that one left out. */
function joinedLate(newer: DocumentChange, late: DocumentChange): DocumentChange {
  const records = [...newer.records, ...late.records];
  const isLacking = newer.effect === 'write' && newer.absent.length > 0;
  if (!isLacking || late.effect === 'delete' || late.effect === 'mark')
    return { ...newer, records };
  return { ...joined(late, newer), isOrphan: late.isOrphan, records };
}

function joined(before: DocumentChange, after: DocumentChange): DocumentChange {
  const records = [...before.records, ...after.records];
  if (after.effect !== 'write' || after.absent.length === 0) return { ...after, records };
  if (after.base !== null) {
    // It came from there, whatever was here. What went away and came back has its own values.
    return { ...after, ...(after.base === after.id ? NO_BASE : {}), records };
  }
  const { isOrphan } = before;
  switch (before.effect) {
    case 'move':
      return { ...after, ...baseOf(before), isOrphan, records };
    case 'write': {
      const { row, absent } = completed(before, after);
      return { ...after, row, absent, ...(absent.length > 0 ? baseOf(before) : NO_BASE), records };
    }
    default:
      return { ...after, isOrphan: true, records };
  }
}

/** The later row with what the earlier one has of its absent values. */
function completed(
  before: DocumentChange,
  after: DocumentChange,
): Pick<DocumentChange, 'row' | 'absent'> {
  const [earlier, later] = [before.row, after.row];
  if (earlier === null || later === null) return after;
  const known = new Set(before.absent);
  const absent: string[] = [];
  const values = [...later.values];
  for (const name of after.absent) {
    const from = fieldIndex(earlier, name);
    const to = fieldIndex(later, name);
    if (from < 0 || to < 0 || known.has(name)) absent.push(name);
    else values[to] = earlier.values[from] ?? null;
  }
  return { row: { schema: later.schema, values }, absent };
}

function fieldIndex({ schema }: Struct, name: string): number {
  return schema.fields?.findIndex((field) => field.name === name) ?? -1;
}
