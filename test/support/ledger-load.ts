import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Row } from './postgres.ts';

/** What one operation did to an account; stands in `movement`, written by the same transaction. */
export type MovementKind = 'insert' | 'update' | 'toast' | 'delete' | 'move';

/** A connection of either family; parameters are `$1` and so on. */
export interface LedgerClient {
  query<R extends Row>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<{ readonly rows: readonly R[] }>;
}

/**
 * A load that writes its own oracle: every change of `account` is followed, in its transaction, by
 * a row of `movement` that says what was done. One writer, so `op` rises in commit order, and the
 * whole log that must come out can be derived from what is committed in `movement`.
 */
export const LEDGER_SCHEMA = `
  CREATE TABLE account (id bigint PRIMARY KEY, version int NOT NULL, amount numeric(14,2),
    note text, big text);
  ALTER TABLE account ALTER big SET STORAGE EXTERNAL;
  CREATE TABLE movement (op bigint PRIMARY KEY, kind text NOT NULL, account_id bigint NOT NULL,
    moved_to bigint, version int NOT NULL);
`;

/** Rows that are there before the load: ids from 1, with the movements that made them. */
export async function seedLedger(client: pg.Client, accounts: number): Promise<void> {
  await client.query(
    `INSERT INTO account SELECT g, 1, g * 1.25, 'seed ' || g,
       CASE WHEN g % 50 = 0 THEN repeat('x', 4000) END
     FROM generate_series(1, $1::bigint) g`,
    [accounts],
  );
  await client.query(
    `INSERT INTO movement SELECT g, 'insert', g, NULL, 1 FROM generate_series(1, $1::bigint) g`,
    [accounts],
  );
}

/**
 * Between two transactions. A writer that hardly rests takes half a processor from what is tested,
 * and a killed daemon has ever more to catch up with.
 */
const PAUSE_MS = process.env['TIDEMARK_TEST_ALL'] === '1' ? 1 : 6;

/** Small deterministic generator, so that a failing run can be repeated from its seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Writes transactions of one to five operations until told to stop; one in ten rolls back. */
export class LedgerLoad {
  readonly #client: LedgerClient;
  readonly #random: () => number;
  readonly #versions = new Map<number, number>();
  readonly #undo: [id: number, version: number | undefined][] = [];
  #nextOp: number;
  #nextId: number;
  #stopped = false;
  #running: Promise<void> | null = null;
  transactions = 0;

  private constructor(
    client: LedgerClient,
    accounts: ReadonlyMap<number, number>,
    next: { op: number; id: number },
    seed: number,
  ) {
    this.#client = client;
    this.#random = randomFrom(seed + next.op);
    this.#nextOp = next.op;
    this.#nextId = next.id;
    for (const [id, version] of accounts) this.#versions.set(id, version);
  }

  /** Goes on from what is committed; the seed and the last operation decide what follows. */
  static async resume(client: LedgerClient, seed: number): Promise<LedgerLoad> {
    const accounts = await client.query<{ id: string | number; version: number }>(
      'SELECT id, version FROM account ORDER BY id',
    );
    const next = await client.query<{ op: string | number; id: string | number }>(
      'SELECT max(op) + 1 AS op, ' +
        'max(greatest(account_id, coalesce(moved_to, 0))) + 1 AS id FROM movement',
    );
    const versions = new Map(accounts.rows.map((row) => [Number(row.id), row.version]));
    const row = next.rows[0];
    return new LedgerLoad(client, versions, { op: Number(row?.op), id: Number(row?.id) }, seed);
  }

  /** With `large`, each fiftieth transaction has so many operations. */
  start({ large = 0 }: { readonly large?: number } = {}): void {
    this.#running = this.#run(large);
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(large: number): Promise<void> {
    for (let begun = 1; !this.#stopped; begun++) {
      await this.transaction(large > 0 && begun % 50 === 0 ? large : undefined);
      await sleep(PAUSE_MS);
    }
  }

  async transaction(size?: number): Promise<void> {
    const rollback = this.#random() < 0.1;
    const before = { op: this.#nextOp, id: this.#nextId };
    this.#undo.length = 0;
    await this.#client.query('BEGIN');
    const operations = size ?? 1 + Math.floor(this.#random() * 5);
    for (let i = 0; i < operations; i++) await this.#operation();
    await this.#client.query(rollback ? 'ROLLBACK' : 'COMMIT');
    if (rollback) {
      for (const [id, version] of this.#undo.toReversed()) this.#set(id, version);
      this.#nextOp = before.op;
      this.#nextId = before.id;
    } else {
      this.transactions++;
    }
  }

  async #operation(): Promise<void> {
    const dice = this.#random();
    // Among the newest, so that rows of the snapshot and of the stream both change.
    const id = this.#nextId - 1 - Math.floor(this.#random() ** 3 * 2_000);
    if (!this.#versions.has(id) || dice < 0.4) return this.#insert();
    if (dice < 0.7) return this.#update(id, 'update');
    if (dice < 0.78) return this.#update(id, 'toast');
    if (dice < 0.9) return this.#delete(id);
    return this.#move(id);
  }

  async #insert(): Promise<void> {
    const id = this.#nextId++;
    await this.#client.query('INSERT INTO account VALUES ($1, 1, $2, $3, $4)', [
      id,
      Math.round(this.#random() * 1e6) / 100,
      `new ${id}`,
      this.#random() < 0.1 ? 'y'.repeat(4000) : null,
    ]);
    this.#change(id, 1);
    await this.#movement('insert', id, null, 1);
  }

  /** `update` leaves `big` alone: where it is stored out of line it comes as unchanged TOAST. */
  async #update(id: number, kind: 'update' | 'toast'): Promise<void> {
    const version = (this.#versions.get(id) ?? 0) + 1;
    const [column, value] =
      kind === 'toast' ? ['big', 'z'.repeat(3000 + version)] : ['note', `v${version}`];
    await this.#client.query(`UPDATE account SET version = $2, ${column} = $3 WHERE id = $1`, [
      id,
      version,
      value,
    ]);
    this.#change(id, version);
    await this.#movement(kind, id, null, version);
  }

  async #delete(id: number): Promise<void> {
    await this.#client.query('DELETE FROM account WHERE id = $1', [id]);
    const version = this.#versions.get(id) ?? 0;
    this.#change(id, undefined);
    await this.#movement('delete', id, null, version);
  }

  async #move(id: number): Promise<void> {
    const to = this.#nextId++;
    const version = (this.#versions.get(id) ?? 0) + 1;
    // Where big is stored out of line it is not in the record: the sink carries it over.
    await this.#client.query('UPDATE account SET id = $2, version = $3 WHERE id = $1', [
      id,
      to,
      version,
    ]);
    this.#change(id, undefined);
    this.#change(to, version);
    await this.#movement('move', id, to, version);
  }

  #change(id: number, version: number | undefined): void {
    this.#undo.push([id, this.#versions.get(id)]);
    this.#set(id, version);
  }

  #set(id: number, version: number | undefined): void {
    if (version === undefined) this.#versions.delete(id);
    else this.#versions.set(id, version);
  }

  async #movement(
    kind: MovementKind,
    id: number,
    to: number | null,
    version: number,
  ): Promise<void> {
    await this.#client.query('INSERT INTO movement VALUES ($1, $2, $3, $4, $5)', [
      this.#nextOp++,
      kind,
      id,
      to,
      version,
    ]);
  }
}

/** One log record as the oracle sees it: topic's table, operation, key, version. */
export type LedgerRecord =
  `${'account' | 'movement'} ${'r' | 'c' | 'u' | 'd' | 'tombstone'} ${string}`;

interface MovementRow extends Row {
  readonly op: string | number;
  readonly kind: MovementKind;
  readonly account_id: string | number;
  readonly moved_to: string | number | null;
  readonly version: number;
}

/** The records that the operations from `firstOp` on must have left in the log, in order. */
export async function expectedRecords(
  client: LedgerClient,
  firstOp: number,
): Promise<LedgerRecord[]> {
  const { rows } = await client.query<MovementRow>(
    'SELECT op, kind, account_id, moved_to, version FROM movement WHERE op >= $1 ORDER BY op',
    [firstOp],
  );
  return rows.flatMap((row) => [...accountRecords(row), `movement c ${row.op}` as const]);
}

function accountRecords(row: MovementRow): LedgerRecord[] {
  const { account_id: id, version } = row;
  switch (row.kind) {
    case 'insert':
      return [`account c ${id}@${version}`];
    case 'update':
    case 'toast':
      return [`account u ${id}@${version}`];
    case 'delete':
      return [`account d ${id}`, `account tombstone ${id}`];
    case 'move':
      return [`account d ${id}`, `account tombstone ${id}`, `account c ${row.moved_to}@${version}`];
  }
}
