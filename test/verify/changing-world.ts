import type { SinkRecord } from '../../src/model/sink-record.ts';
import type {
  KeyDifference,
  KeyTexts,
  SourceRows,
  SourceTable,
  TargetTable,
  VerifyLog,
} from '../../src/verify/verify-ports.ts';
import { randomFrom } from '../support/ledger-load.ts';

interface Commit {
  readonly key: number;
  /** Null: deleted. */
  readonly value: number | null;
  isVisible: boolean;
}

export const KEYS = 60;
/** Of a history; what comes behind them is quiet. */
const COMMITS = 400;
const { signal } = new AbortController();
export const text = (key: number): KeyTexts => [String(key)];
export const numberOf = (key: KeyTexts): number => Number(key[0]);

/**
 * A source, its log and a target that go on whenever somebody looks: commits stand in the source's
 * log before others see them, in any order; the pipeline's log follows, and the target that.
 */
export class World {
  readonly #random: () => number;
  readonly #commits: Commit[] = [];
  #logged = 0;
  #applied = 0;
  /** What somebody did to the target. */
  readonly damage = new Map<number, number | null>();
  /** Commits at each look. */
  busy = 3;
  /** How many steps it takes, about, to see a commit, to log it and to apply it. */
  readonly #slowness: { readonly seen: number; readonly logged: number; readonly applied: number };

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    const slow = (): number => [1, 4, 20][this.below(3)] ?? 1;
    this.#slowness = { seen: slow(), logged: slow(), applied: slow() };
    for (let key = 0; key < KEYS; key += 2) this.#commit(key, key);
    const isOver = (): boolean => this.#applied === this.#commits.length;
    while (!isOver() || this.#commits.some(({ isVisible }) => !isVisible)) this.step(0);
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #commit(key: number, value: number | null): void {
    this.#commits.push({ key, value, isVisible: false });
  }

  step(commits = this.below(this.busy + 1)): void {
    // Few keys and few values: what is changed is often changed back.
    for (let i = 0; i < commits && this.#commits.length < COMMITS; i++) {
      const key = this.below(KEYS);
      if (key % 10 !== 7) this.#commit(key, this.below(3) === 0 ? null : this.below(2));
    }
    const { seen, logged, applied } = this.#slowness;
    // What is slow comes late, and then a lot at once.
    if (this.below(logged) === 0) this.#logged = this.#between(this.#logged, this.#commits.length);
    if (this.below(applied) === 0) this.#applied = this.#between(this.#applied, this.#logged);
    // Of a key the next change waits for the one before: it holds the row's lock.
    const locked = new Set<number>();
    for (const commit of this.#commits) {
      if (commit.isVisible || locked.has(commit.key)) continue;
      if (this.below(seen + 1) === 0) commit.isVisible = true;
      else locked.add(commit.key);
    }
  }

  #between(from: number, to: number): number {
    return Math.min(to, from + this.below(40));
  }

  #stateOf(commits: readonly Commit[]): Map<number, number> {
    const rows = new Map<number, number>();
    for (const { key, value } of commits) {
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    return rows;
  }

  sourceRows(): Map<number, number> {
    return this.#stateOf(this.#commits.filter(({ isVisible }) => isVisible));
  }

  targetRows(): Map<number, number> {
    const rows = this.#stateOf(this.#commits.slice(0, this.#applied));
    for (const [key, value] of this.damage) {
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    return rows;
  }

  get source(): SourceTable {
    const rowsOf = (chosen: (key: number) => boolean, limit: number): SourceRows => {
      this.step();
      const sorted = [...this.sourceRows()].toSorted(([a], [b]) => a - b);
      const rows = sorted.filter(([key]) => chosen(key)).slice(0, limit);
      const until = this.#commits.length;
      return {
        records: rows.map(([key, value]) => recordOf(key, value)),
        keys: rows.map(([key]) => text(key)),
        read: rows.length,
        lastKey: rows.length === 0 ? null : text(rows.at(-1)?.[0] ?? 0),
        more: rows.length === limit,
        fence: { text: String(until), isBehind: (stored) => Number(stored['end']) >= until },
      };
    };
    return {
      name: 'public.t',
      topic: 't',
      keyColumns: ['id'],
      estimatedRows: KEYS,
      readChunk: async (after, limit) =>
        rowsOf((key) => after === null || key > numberOf(after), Math.min(limit, 11)),
      keyBehind: async (after, count) => {
        const keys = [...this.sourceRows().keys()].toSorted((a, b) => a - b);
        const behind = keys.filter((key) => after === null || key > numberOf(after));
        const key = behind[count - 1];
        return key === undefined ? null : text(key);
      },
      readKeys: async (keys) => rowsOf((key) => keys.some((one) => numberOf(one) === key), KEYS),
      deletion: (key) => (numberOf(key) < 0 ? null : recordOf(numberOf(key), 0)),
      settle: async () => {
        const end = this.#commits.length;
        while (this.#commits.slice(0, end).some(({ isVisible }) => !isVisible)) this.step();
      },
    };
  }

  get log(): VerifyLog {
    return {
      ends: async () => {
        this.step();
        return new Map([[0, this.#logged]]);
      },
      reach: async (fence) => {
        while (!fence.isBehind({ end: this.#logged })) this.step();
      },
      between: async (_topic, from, to) =>
        this.#commits
          .slice(from.get(0) ?? 0, to.get(0) ?? 0)
          .map(({ key, value }) => recordOf(key, value ?? 0)),
    };
  }

  get target(): TargetTable {
    let after = Number.NEGATIVE_INFINITY;
    return {
      name: 't',
      isAtomic: true,
      isOrdered: true,
      keyFields: ['id'],
      keyColumns: ['id'],
      begin: async () => {
        after = Number.NEGATIVE_INFINITY;
      },
      compare: async (records, scope) => {
        this.step();
        const rows = this.targetRows();
        const expected = new Map(records.map((record, i) => [record.offset, { record, i }]));
        const differences: KeyDifference[] = [];
        for (const [key, { record, i }] of expected) {
          const value = rows.get(key);
          if (value === record.sequence) continue;
          const kind = value === undefined ? 'missing' : 'different';
          differences.push({ kind, key: text(key), row: i, columns: [] });
        }
        const last = Math.max(scope.kind === 'next' ? after : -Infinity, ...expected.keys());
        const first = Math.min(...expected.keys());
        const isAsked = (key: number): boolean => {
          if (scope.kind === 'keys') return scope.keys.some((one) => numberOf(one) === key);
          if (scope.kind === 'within') return key > first && key < last;
          return key > after && (scope.isLast || key <= last);
        };
        for (const key of rows.keys()) {
          if (!isAsked(key) || expected.has(key)) continue;
          differences.push({ kind: 'surplus', key: text(key), row: null, columns: [] });
        }
        if (scope.kind === 'next') after = last;
        return differences;
      },
      keysOf: async (records) => records.map((record) => text(record.offset)),
      applied: async () => {
        this.step();
        return new Map([[0, this.#applied]]);
      },
    };
  }

  /** An index: its offsets come after its rows, and what is surplus is found at the end. */
  get index(): TargetTable {
    const { target } = this;
    const seen = new Set<number>();
    let committed = 0;
    return {
      ...target,
      isAtomic: false,
      isOrdered: false,
      compare: async (records, scope) => {
        if (scope.kind === 'next') for (const { offset } of records) seen.add(offset);
        // Much is written before any of it is committed.
        for (let steps = this.below(8); steps > 0; steps--) this.step();
        const found = await target.compare(records, scope, signal);
        return scope.kind === 'keys' ? found : found.filter(({ kind }) => kind !== 'surplus');
      },
      rest: async function* (this: World) {
        this.step();
        // What is written meanwhile is not among them, and what is deleted meanwhile is.
        const all = [...this.targetRows().keys()].filter((key) => !seen.has(key));
        for (; all.length > 0; this.step()) {
          yield all.splice(0, 2).map((key): KeyDifference => {
            const surplus = { kind: 'surplus', key: text(key), row: null, columns: [] } as const;
            if (key < -100) return { ...surplus, owner: key < -200 ? 'none' : 'unknown' };
            return surplus;
          });
        }
      }.bind(this),
      applied: async () => {
        this.step();
        if (this.below(3) === 0) committed = this.#applied;
        return new Map([[0, committed]]);
      },
    };
  }
}

/** Key and value stand where nothing else is looked at. */
function recordOf(key: number, value: number): SinkRecord {
  return {
    topic: 't',
    partition: 0,
    generation: 1,
    offset: key,
    sequence: value,
    timestampMs: 0,
    key: null,
    value: null,
    absent: [],
  };
}
