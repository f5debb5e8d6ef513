import type { KeptShape } from '../evolution/kept-shape.ts';
import type { ShapeChange } from '../evolution/shape-difference.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { DocumentStore } from '../transport/transport.ts';
import { storedSchema, type StoredSchema, tableOfStored } from './stored-shapes.ts';

/** What somebody says about a table that waits. */
export type HoldAnswer = 'approve' | 'reject';

/** A table waits before a change. JSON values only. */
export interface TableHold {
  /** The same whenever the change is told again. */
  readonly id: string;
  readonly changes: readonly ShapeChange[];
  readonly reason: string;
  /** As the source prints it; null: what waits there was stored before. */
  readonly position: string | null;
  readonly sinceMs: number;
  /** Why the old shape cannot be kept; null: it can. */
  readonly unrejectable: string | null;
  readonly answer?: HoldAnswer;
  /** It waits with us, whatever hold.buffer says: rows were read that no log of a server has. */
  readonly spools?: boolean;
}

/** What is known of a table whose changes of shape are governed. */
export interface TableGate {
  /** As the last record showed it that was not held. */
  readonly actual: TableSchema;
  /** What records look like instead; null: as the table. */
  readonly kept: KeptShape | null;
  readonly hold: TableHold | null;
  /** An answer that holds for changes between these two shapes until nothing waits any more. */
  readonly settled: { readonly shapes: readonly string[]; readonly answer: HoldAnswer } | null;
}

/** A gate as it is stored, under the number of the change that made it so. */
interface GateVersion {
  readonly n: number;
  readonly actual: StoredSchema;
  readonly kept: { readonly table: StoredSchema; readonly sources: KeptShape['sources'] } | null;
  readonly hold: TableHold | null;
  readonly settled: TableGate['settled'];
}

const GATES = 'table-gates';

/**
 * The gates of all tables, durably.
 *
 * Invariant: each change of a gate has a number, it is stored before the source's offset names that
 * number, and of what is stored only what the offset names counts. What a crash left beyond it is
 * told again by the source. What breaks otherwise: after a restart the rows before a change are
 * taken for those behind it.
 */
export class GateStates {
  readonly #documents: DocumentStore;
  readonly #pipeline: string;
  readonly #gates = new Map<string, TableGate>();
  /** Oldest first; all that a stored offset may still name. */
  readonly #versions = new Map<string, readonly GateVersion[]>();
  #last = 0;
  /** Up to here all is stored. */
  #written = 0;
  /** A durable offset names it. */
  #durable = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(documents: DocumentStore, pipeline: string) {
    this.#documents = documents;
    this.#pipeline = pipeline;
  }

  /** Of the last change that is stored: what an offset may name. */
  get number(): number {
    return this.#written;
  }

  get size(): number {
    return this.#gates.size;
  }

  entries(): IterableIterator<[string, TableGate]> {
    return this.#gates.entries();
  }

  get(table: string): TableGate | undefined {
    return this.#gates.get(table);
  }

  /** Takes up what the offset names, and drops the rest. */
  async restore(number: number): Promise<void> {
    const gone = this.read(number);
    if (gone.length === 0) return;
    await this.#documents.write(gone.map((key) => ({ collection: GATES, key, value: null })));
  }

  /** Takes up what the offset names. Returns the keys of the rest. */
  read(number: number): readonly string[] {
    this.#gates.clear();
    this.#versions.clear();
    this.#last = number;
    this.#written = number;
    this.#durable = number;
    const prefix = `${this.#pipeline}/`;
    const gone: string[] = [];
    for (const { key, value } of this.#documents.entries(GATES)) {
      if (!key.startsWith(prefix)) continue;
      const stored = (JSON.parse(value) as readonly GateVersion[]).filter(({ n }) => n <= number);
      const last = stored.at(-1);
      const table = key.slice(prefix.length);
      if (last === undefined) gone.push(key);
      else {
        this.#gates.set(table, gateOf(last));
        this.#versions.set(table, [last]);
      }
    }
    return gone;
  }

  /** Takes effect at once, with the next number; durable when it resolves. */
  put(table: string, gate: TableGate): Promise<void> {
    this.#last++;
    this.#gates.set(table, gate);
    const before = this.#versions.get(table) ?? [];
    const needed = before.findLastIndex(({ n }) => n <= this.#durable);
    const versions = [...before.slice(Math.max(0, needed)), versionOf(this.#last, gate)];
    return this.#store(table, versions);
  }

  /** Somebody's answer: it belongs to no place in the source's log. Durable when it resolves. */
  answer(table: string, answer: HoldAnswer): Promise<void> {
    return this.#amend(table, { answer });
  }

  /** The table waits with us from now on, which belongs to no place either. */
  spool(table: string): Promise<void> {
    return this.#amend(table, { spools: true });
  }

  #amend(table: string, more: Pick<TableHold, 'answer' | 'spools'>): Promise<void> {
    const gate = this.#gates.get(table);
    const versions = this.#versions.get(table);
    const last = versions?.at(-1);
    const before = gate?.hold ?? null;
    if (gate === undefined || versions === undefined || last === undefined || before === null) {
      return Promise.resolve();
    }
    const hold = { ...before, ...more };
    this.#gates.set(table, { ...gate, hold });
    return this.#store(table, [...versions.slice(0, -1), { ...last, hold }]);
  }

  /** The offset that names this number is durable: what went before is of no use. */
  durable(number: number): void {
    this.#durable = Math.max(this.#durable, number);
  }

  /** Tables that begin anew, as they are now. Durable when it resolves. */
  async begin(tables: ReadonlyMap<string, TableSchema>): Promise<void> {
    for (const [table, actual] of tables) {
      await this.put(table, { actual, kept: null, hold: null, settled: null });
    }
  }

  /** One write after the other: an older one must not end up on top. */
  #store(table: string, versions: readonly GateVersion[]): Promise<void> {
    this.#versions.set(table, versions);
    const key = `${this.#pipeline}/${table}`;
    const value = JSON.stringify(versions);
    const number = this.#last;
    const written = this.#writing.then(async () => {
      await this.#documents.write([{ collection: GATES, key, value }]);
      this.#written = Math.max(this.#written, number);
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

function versionOf(n: number, { actual, kept, hold, settled }: TableGate): GateVersion {
  const stored = kept && { table: storedSchema(kept.table), sources: kept.sources };
  return { n, actual: storedSchema(actual), kept: stored, hold, settled };
}

function gateOf({ n, actual, kept, hold, settled }: GateVersion): TableGate {
  return {
    actual: tableOfStored(actual, n),
    kept: kept && { table: tableOfStored(kept.table, n), sources: kept.sources },
    hold,
    settled,
  };
}
