import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { isStruct } from '../../src/model/connect-schema.ts';
import { type LedgerClient, randomFrom } from './ledger-load.ts';
import { field, type StoredRecord } from './ledger-log.ts';

/** Tables that writers never leave alone: `items` is what waits. */
export const LOADED = ['items', 'orders', 'notes'] as const;
export type Loaded = (typeof LOADED)[number];

/** A record of a table as the oracle sees it: what was done, and what its row's `v` is then. */
type Told = `${'c' | 'u'} ${number}` | 'd' | 'tombstone';

interface Row {
  readonly id: number;
  version: number;
}

const WRITERS = 3;
/** Between two transactions, so that a killed daemon has not ever more to catch up with. */
const PAUSE_MS = 8;

/**
 * Several writers at once. Each has keys of its own, so what must come out is known key by key, in
 * order, whatever the order of commits was between them.
 */
export class HeldLoad {
  readonly #writers: readonly KeyWriter[];
  readonly #stop = new AbortController();
  /** Of rows that no writer knows. */
  readonly #others = new Map<string, readonly Told[]>();
  #running: Promise<unknown> | null = null;

  private constructor(writers: readonly KeyWriter[]) {
    this.#writers = writers;
  }

  /** `connect` is asked once for each writer. */
  static async open(connect: () => Promise<LedgerClient>, seed: number): Promise<HeldLoad> {
    const writers: KeyWriter[] = [];
    for (let at = 0; at < WRITERS; at++) writers.push(new KeyWriter(await connect(), at, seed));
    return new HeldLoad(writers);
  }

  start(): void {
    this.#running = Promise.all(this.#writers.map((writer) => writer.run(this.#stop.signal)));
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get transactions(): number {
    return this.#writers.reduce((sum, { transactions }) => sum + transactions, 0);
  }

  /** Somebody else inserts a row that no writer knows. */
  inserted(table: Loaded, { id, v }: { readonly id: number; readonly v: number }): void {
    this.#others.set(`${table} ${id}`, [`c ${v}`]);
  }

  /** What must stand in the log of each row, oldest first. */
  expected(): ReadonlyMap<string, readonly Told[]> {
    return new Map([...this.#writers.flatMap(({ told }) => [...told]), ...this.#others]);
  }
}

class KeyWriter {
  /** By table and key. */
  readonly told = new Map<string, Told[]>();
  transactions = 0;
  readonly #client: LedgerClient;
  readonly #random: () => number;
  readonly #rows = new Map<Loaded, Row[]>(LOADED.map((table) => [table, []]));
  #nextId: number;
  #version = 0;
  #pending: (() => void)[] = [];

  constructor(client: LedgerClient, at: number, seed: number) {
    this.#client = client;
    this.#random = randomFrom(seed * 31 + at);
    this.#nextId = at + 1;
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#transaction();
      await sleep(PAUSE_MS);
    }
  }

  async #transaction(): Promise<void> {
    this.#pending = [];
    await this.#client.query('BEGIN');
    // A row that changes twice within a transaction is found by its key in both states.
    for (let left = this.#below(4); left >= 0; left--) await this.#operation();
    const isCommitted = this.#random() >= 0.1;
    await this.#client.query(isCommitted ? 'COMMIT' : 'ROLLBACK');
    if (!isCommitted) return;
    for (const commit of this.#pending) commit();
    this.transactions++;
  }

  /** Of a row that the transaction has not touched: an undone one leaves nothing to undo here. */
  async #operation(): Promise<void> {
    const table = LOADED[this.#below(LOADED.length)] as Loaded;
    const rows = this.#rows.get(table) as Row[];
    const row = rows[this.#below(Math.max(1, rows.length))];
    const dice = this.#random();
    const version = ++this.#version;
    if (row === undefined || dice < (rows.length < 60 ? 0.5 : 0.15)) {
      const id = this.#newId();
      await this.#client.query(`INSERT INTO ${table} (id, v) VALUES ($1, $2)`, [id, version]);
      this.#then(() => this.#inserted(table, { id, version }));
    } else if (this.#touched.has(row)) {
      return;
    } else if (dice < 0.75) {
      await this.#client.query(`UPDATE ${table} SET v = $2 WHERE id = $1`, [row.id, version]);
      this.#then(() => {
        row.version = version;
        this.#tell(table, row.id, `u ${version}`);
      }, row);
    } else if (dice < 0.88) {
      await this.#client.query(`DELETE FROM ${table} WHERE id = $1`, [row.id]);
      this.#then(() => this.#deleted(table, row), row);
    } else {
      const id = this.#newId();
      const sql = `UPDATE ${table} SET id = $2, v = $3 WHERE id = $1`;
      await this.#client.query(sql, [row.id, id, version]);
      this.#then(() => {
        this.#deleted(table, row);
        this.#inserted(table, { id, version });
      }, row);
    }
  }

  #touched = new Set<Row>();

  #then(commit: () => void, row?: Row): void {
    if (this.#pending.length === 0) this.#touched = new Set();
    if (row !== undefined) this.#touched.add(row);
    this.#pending.push(commit);
  }

  #inserted(table: Loaded, row: Row): void {
    this.#rows.get(table)?.push(row);
    this.#tell(table, row.id, `c ${row.version}`);
  }

  #deleted(table: Loaded, row: Row): void {
    const rows = this.#rows.get(table) as Row[];
    rows.splice(rows.indexOf(row), 1);
    this.#tell(table, row.id, 'd', 'tombstone');
  }

  #tell(table: Loaded, id: number, ...told: readonly Told[]): void {
    const key = `${table} ${id}`;
    const before = this.told.get(key) ?? [];
    this.told.set(key, before);
    before.push(...told);
  }

  #newId(): number {
    const id = this.#nextId;
    this.#nextId += WRITERS;
    return id;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

/**
 * Each change of each row stands in the log exactly once, in order; and whatever was read beside
 * the stream is the row of that moment.
 */
export function expectEachOnce(
  records: readonly StoredRecord[],
  expected: ReadonlyMap<string, readonly Told[]>,
): void {
  const found = new Map<string, Told[]>();
  for (const [i, { topic, key, value }] of records.entries()) {
    const id = key === null ? null : field(key, 'id');
    const row = `${topic.split('.').at(-1) ?? ''} ${Number(id)}`;
    const told = found.get(row) ?? [];
    found.set(row, told);
    const op = value === null ? 'tombstone' : (field(value, 'op') as 'r' | 'c' | 'u' | 'd');
    if (op === 'tombstone' || op === 'd') told.push(op);
    else {
      const version = versionOf(value as NonNullable<typeof value>);
      if (op !== 'r') told.push(`${op} ${version}`);
      else if (told.at(-1)?.endsWith(` ${version}`) !== true) {
        expect.fail(`record ${i}: ${row} was read with ${version} behind ${told.at(-1)}`);
      }
    }
  }
  for (const row of new Set([...found.keys(), ...expected.keys()])) {
    const [got, wanted] = [found.get(row), expected.get(row)].map((all) => (all ?? []).join(', '));
    if (got !== wanted) expect.fail(`${row}\n  log: ${got}\n  db:  ${wanted}`);
  }
}

function versionOf(value: NonNullable<StoredRecord['value']>): number {
  const after = field(value, 'after');
  if (after === null || !isStruct(after)) throw new Error('no row in a record');
  return Number(field(after, 'v'));
}
