import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { toTidemarkError } from '../../src/foundation/errors.ts';
import { LargeTransactions } from '../../src/source/postgres/stream/large-transactions.ts';
import type { TestDatabase } from './postgres.ts';
import type { RunningSource } from './postgres-source.ts';
import { sourceOptionsFor, startSource, untilStreaming } from './postgres-source.ts';
import type { RecordedEvent } from './recording-receiver.ts';
import { RecordingReceiver } from './recording-receiver.ts';
import { replayed } from './replayed-table.ts';
import { BAG, SnapshotHistory } from './snapshot-history.ts';

type Database = Pick<
  TestDatabase,
  'name' | 'host' | 'port' | 'user' | 'password' | 'query' | 'connect'
>;
type Row = Record<string, string | null>;
type Tables = Map<string, Map<string, Row>>;

/** Numbers that repeat with their seed (mulberry32). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * Plays a random history of changes, savepoints, DDL and restarts of the source, and compares what
 * was streamed with what the database holds then. Returns what differs; empty = nothing. With
 * snapshots: a first one that is killed, incremental and blocking ones, a table that is added, and
 * one without a key.
 */
export async function playHistory(
  database: Database,
  seed: number,
  steps: number,
  withSnapshots = false,
): Promise<readonly string[]> {
  const random = seededNumbers(seed);
  const writers = [new Writer('one', random), new Writer('two', random)];
  for (const writer of writers) await database.query(writer.create());
  const base = sourceOptionsFor(database, {
    largeTransactionBytes: 65_536,
    largeTransactionMode: random(4) === 0 ? 'server' : 'spool',
  });
  const snapshots = withSnapshots ? new SnapshotHistory(base, random) : null;
  const clients = await Promise.all(writers.map(() => database.connect()));
  const receiver = new RecordingReceiver();
  if (snapshots !== null) {
    const filled = writers.flatMap((writer) => writer.fill());
    for (const sql of [...filled, BAG]) await database.query(sql);
    await snapshots.begin(receiver);
  }
  const large = new LargeTransactions(() => undefined);
  const start = (): Promise<RunningSource> => {
    const options = large.applied(snapshots?.options() ?? base);
    return startOrEnd(options, receiver, snapshots);
  };
  let source = await start();
  // Of its own: rows come when they come, and the seed is to repeat what is done.
  const moments = seededNumbers(seed + 1);
  receiver.onRow = () => {
    if (moments(50) === 0) receiver.flush();
  };
  for (let step = 0; step < steps; step++) {
    const turn = random(writers.length);
    const writer = writers[turn] as Writer;
    for (const sql of writer.next()) await (clients[turn] as pg.Client).query(sql);
    if (snapshots !== null) {
      await database.query(snapshots.bag());
      snapshots.signal(source);
    }
    // The catalog of a table that an open transaction alters has to be waited for.
    const free = writers.every(({ locks }) => !locks);
    if (!free || random(12) > 0) continue;
    await stop(source, random(2) === 0);
    snapshots?.mayAdd(receiver);
    source = await start();
  }
  for (const [i, writer] of writers.entries()) {
    for (const sql of writer.finish()) await (clients[i] as pg.Client).query(sql);
  }
  receiver.autoFlush = true;
  await database.query(`SELECT pg_logical_emit_message(true, 'end', '')`);
  for (let tries = 0; ; tries++) {
    try {
      await receiver.until((events) => events.some((e) => e.op === 'm' && e.table === 'end'));
      await snapshots?.finish(source);
      break;
    } catch (error) {
      // The runtime would try again, too.
      const { retry } = toTidemarkError(error);
      if (retry !== 'backoff' || tries === 3) throw error;
      large.failed(error);
      await stop(source, false);
      source = await start();
    }
  }
  await source.stop();
  return await judged(database, receiver.events, snapshots);
}

/** It may fail on DDL of a transaction that is open still: the next restart will do. */
async function startOrEnd(
  options: ReturnType<typeof sourceOptionsFor>,
  receiver: RecordingReceiver,
  snapshots: SnapshotHistory | null,
): Promise<RunningSource> {
  const known = snapshots === null ? {} : { knownTables: snapshots.knownTables };
  const started = startSource(options, receiver, known);
  await Promise.race([started.ended.catch(() => undefined), untilStreaming(started.reader)]);
  return started;
}

async function judged(
  database: Database,
  events: readonly RecordedEvent[],
  snapshots: SnapshotHistory | null,
): Promise<readonly string[]> {
  const found =
    snapshots === null
      ? await differences(database, events)
      : await snapshotDifferences(database, events, snapshots.tables());
  return [...outOfOrder(events), ...found];
}

/** With `crash`, what was handed over and is not durable is forgotten. */
async function stop(source: RunningSource, crash: boolean): Promise<void> {
  source.receiver.autoFlush = !crash;
  await source.stop();
}

/** The statements of one client on a table of its own. */
class Writer {
  readonly #table: string;
  readonly #random: (below: number) => number;
  #savepoints = 0;
  #open = false;
  /** The open transaction keeps everybody else from its table. */
  locks = false;
  #nextId = 1;
  #extra: string[] = [];
  #columns = 0;
  /** DDL of the open transaction may be rolled back with what it was based on. */
  #saved: string[][] = [];

  constructor(table: string, random: (below: number) => number) {
    this.#table = table;
    this.#random = random;
  }

  create(): string {
    return `CREATE TABLE ${this.#table} (id int PRIMARY KEY, v text, big text);
      ALTER TABLE ${this.#table} ALTER big SET STORAGE EXTERNAL`;
  }

  fill(): readonly string[] {
    return this.#insert(120);
  }

  finish(): readonly string[] {
    return this.#open ? this.#commit() : [];
  }

  next(): readonly string[] {
    switch (this.#random(16)) {
      case 0:
        return this.#open ? this.#commit() : this.#begin();
      case 1:
        return this.#open && this.#random(3) === 0 ? this.#rollback() : this.#insert(5);
      case 2:
        return this.#open ? this.#savepoint() : this.#begin();
      case 3:
        return this.#savepoints > 0 ? this.#rollbackTo() : this.#update();
      case 4:
        return [`DELETE FROM ${this.#table} WHERE id % 7 = ${this.#random(7)}`];
      case 5:
        return [`UPDATE ${this.#table} SET id = -id WHERE id % 11 = ${this.#random(11)}`];
      case 6:
        if (this.#random(4) > 0) return this.#update();
        this.locks = this.#open;
        return [`TRUNCATE ${this.#table}`];
      case 7:
        return this.#addColumn();
      case 8:
        return this.#dropColumn();
      case 9:
        return this.#insert(400);
      case 10:
      case 11:
        return this.#update();
      default:
        return this.#insert(1 + this.#random(8));
    }
  }

  #begin(): readonly string[] {
    this.#open = true;
    this.#saved = [this.#extra];
    return ['BEGIN'];
  }

  #commit(): readonly string[] {
    this.#open = false;
    this.locks = false;
    this.#savepoints = 0;
    return ['COMMIT'];
  }

  #rollback(): readonly string[] {
    this.#open = false;
    this.locks = false;
    this.#savepoints = 0;
    this.#extra = this.#saved[0] ?? [];
    return ['ROLLBACK'];
  }

  #savepoint(): readonly string[] {
    this.#savepoints++;
    this.#saved[this.#savepoints] = this.#extra;
    return [`SAVEPOINT s${this.#savepoints}`];
  }

  #rollbackTo(): readonly string[] {
    const to = 1 + this.#random(this.#savepoints);
    this.#savepoints = to;
    this.#extra = this.#saved[to] ?? [];
    return [`ROLLBACK TO s${to}`];
  }

  #insert(count: number): readonly string[] {
    const first = this.#nextId;
    this.#nextId += count;
    const big = this.#random(3) === 0 ? `repeat(md5(g::text), 90)` : `'b' || g`;
    return [
      `INSERT INTO ${this.#table} (id, v, big)
       SELECT g, 'v' || g, ${big} FROM generate_series(${first}, ${this.#nextId - 1}) g`,
    ];
  }

  #update(): readonly string[] {
    const number = this.#random(1000);
    return [
      `UPDATE ${this.#table} SET v = CASE WHEN id % 5 = 0 THEN NULL ELSE v || '${number}' END
        WHERE id % 3 = ${this.#random(3)}`,
    ];
  }

  /** Rows that DDL changes without an event are touched, so that they come in the new shape. */
  #addColumn(): readonly string[] {
    const name = `c${++this.#columns}`;
    this.locks = this.#open;
    this.#extra = [...this.#extra, name];
    const type = this.#random(2) === 0 ? 'int NOT NULL DEFAULT 7' : `text DEFAULT 'x'`;
    return [
      `ALTER TABLE ${this.#table} ADD ${name} ${type}`,
      `UPDATE ${this.#table} SET ${name} = ${name}`,
    ];
  }

  #dropColumn(): readonly string[] {
    const name = this.#extra.at(-1);
    if (name === undefined) return this.#insert(2);
    this.#extra = this.#extra.slice(0, -1);
    this.locks = this.#open;
    return [`ALTER TABLE ${this.#table} DROP ${name}`, `UPDATE ${this.#table} SET v = v`];
  }
}

/** Each event stands behind the one before it: nothing came twice. */
function outOfOrder(events: readonly RecordedEvent[]): string[] {
  const found: string[] = [];
  let last = { commitLsn: -1n, ordinal: -1 };
  for (const { commitLsn, ordinal, op, table, snapshot, transactionId } of events) {
    if (snapshot !== 'false') continue;
    // In front of a whole read of a table without a key: it is no event of the log.
    if (op === 't' && transactionId === null) continue;
    const behind =
      commitLsn > last.commitLsn || (commitLsn === last.commitLsn && ordinal > last.ordinal);
    if (!behind) found.push(`${op} of ${table} at ${commitLsn}/${ordinal} is not behind`);
    last = { commitLsn, ordinal };
  }
  return found;
}

async function differences(
  database: Database,
  events: readonly RecordedEvent[],
): Promise<string[]> {
  const found: string[] = [];
  const streamed = applied(events, found);
  return [...found, ...(await tableDifferences(database, streamed, ['one', 'two']))].slice(0, 20);
}

/**
 * Beside the stream a change may come before its row: of such tables only what is there in the end
 * counts. Of the one without a key all rows, however often.
 */
async function snapshotDifferences(
  database: Database,
  events: readonly RecordedEvent[],
  tables: readonly string[],
): Promise<string[]> {
  const found = await tableDifferences(database, applied(events, []), tables);
  const rows = await database.query<{ row: Row }>('SELECT to_jsonb(t) AS row FROM bag t');
  const lines = (list: readonly Row[]): string[] =>
    list.map((row) => `${row['n']} ${row['v']}`).toSorted((a, b) => a.localeCompare(b));
  const wanted = lines(rows.map(({ row }) => textRow(row)));
  try {
    const got = lines(replayed(events, 'bag') as Row[]);
    const at = wanted.findIndex((line, i) => line !== got[i]);
    if (at >= 0 || got.length !== wanted.length) {
      found.push(`bag has ${got.length} rows instead of ${wanted.length}, ${got[at]} at ${at}`);
    }
  } catch (error) {
    found.push(String(error));
  }
  return found;
}

async function tableDifferences(
  database: Database,
  streamed: Tables,
  tables: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) {
    const rows = await database.query<{ row: Row }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    const wanted = new Map(rows.map(({ row }) => [String(row['id']), textRow(row)]));
    const got = streamed.get(table) ?? new Map<string, Row>();
    for (const id of new Set([...wanted.keys(), ...got.keys()])) {
      const [is, should] = [got.get(id), wanted.get(id)];
      if (isDeepStrictEqual(is, should)) continue;
      found.push(`${table} ${id}: ${shown(is)} instead of ${shown(should)}`);
    }
  }
  return found.slice(0, 20);
}

function textRow(row: Record<string, unknown>): Row {
  return Object.fromEntries(
    Object.entries(row)
      .map(
        ([name, value]) =>
          [
            name,
            value === null ? null : typeof value === 'string' ? value : JSON.stringify(value),
          ] as const,
      )
      .toSorted(([a], [b]) => a.localeCompare(b)),
  );
}

const shown = (row: Row | undefined): string => (JSON.stringify(row) ?? 'no row').slice(0, 200);

/** What a reader of the events would have. */
function applied(events: readonly RecordedEvent[], problems: string[]): Tables {
  const tables: Tables = new Map();
  for (const { op, table, before, after } of events) {
    if (op === 'm') continue;
    const rows = tables.get(table) ?? new Map<string, Row>();
    tables.set(table, rows);
    if (op === 't') rows.clear();
    const oldId = before?.['id'] ?? after?.['id'] ?? '';
    const old = rows.get(oldId);
    if (op === 'd' || op === 'u') {
      if (old === undefined) problems.push(`${op} of ${table} ${oldId}, which is not there`);
      rows.delete(oldId);
    }
    if (after === null || op === 't') continue;
    const row = Object.fromEntries(
      Object.entries(after).map(([name, value]) => [
        name,
        value === undefined ? (old?.[name] ?? null) : value,
      ]),
    );
    rows.set(after['id'] ?? '', textRow(row));
  }
  return tables;
}
