import { setTimeout } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { Daemon } from './daemon.ts';
import { eventually } from './eventually.ts';
import { askDuckdb } from './duckdb-arrivals.ts';
import type { FamilyDatabase, FamilyPipeline, FamilyTarget } from './family-pipeline.ts';
import { freshPrefix, sharedBroker } from './kafka.ts';
import { randomFrom } from './ledger-load.ts';

/** A target that can be asked. */
export interface AskedTarget extends FamilyTarget {
  rows(sql: string): readonly (readonly unknown[])[] | Promise<readonly (readonly unknown[])[]>;
}

/** Accounts in each of two tables; what both hold together never changes. */
const ACCOUNTS = 2000;
const TOTAL = 2 * ACCOUNTS * 1000;
/** One statement reads one state of the database. */
const SUMS = `SELECT (SELECT sum(balance) FROM checking) + (SELECT sum(balance) FROM savings),
  (SELECT count(*) FROM checking) + (SELECT count(*) FROM savings)`;
/** How often something was applied: a change that came twice is not to be seen in the sum. */
const MOVES = 'SELECT count(*), count(DISTINCT n), max(n) FROM moves';

/** Makes the tables of the source, with their rows. */
export async function openAccounts(source: FamilyDatabase): Promise<void> {
  const ids = Array.from({ length: ACCOUNTS }, (_, i) => `(${i + 1}, 1000, '${'-'.repeat(200)}')`);
  for (const table of ['checking', 'savings']) {
    await source.run(
      `CREATE TABLE ${table} (id int PRIMARY KEY, balance int NOT NULL, note varchar(200))`,
    );
    await source.run(`INSERT INTO ${table} VALUES ${ids.join(', ')}`);
  }
  await source.run('CREATE TABLE moves (n int PRIMARY KEY)');
  await source.run('INSERT INTO moves VALUES (0)');
}

/** Moves money until it is told to stop: now and then from all accounts at once. */
export function moveMoney(source: FamilyDatabase, seed: number) {
  const random = randomFrom(seed);
  const account = (): number => 1 + Math.floor(random() * ACCOUNTS);
  let n = 0;
  const over = new AbortController();
  const work = (async () => {
    while (!over.signal.aborted) {
      n++;
      const [from, to] = random() < 0.5 ? ['checking', 'savings'] : ['savings', 'checking'];
      const which = n % 50 === 0 ? 'id > 0' : `id IN (${account()}, ${account()})`;
      await source.run('BEGIN');
      await source.run(`INSERT INTO moves VALUES (${n})`);
      await source.run(`UPDATE ${from} SET balance = balance - 7 WHERE ${which}`);
      await source.run(`UPDATE ${to} SET balance = balance + 7 WHERE ${which}`);
      await source.run('COMMIT');
      // The target must keep up with it.
      await setTimeout(5);
    }
  })();
  return {
    get moves(): number {
      return n;
    },
    stop: async (): Promise<void> => {
      over.abort();
      await work;
    },
  };
}

/** Looks at a target again and again; `looks` counts what was seen after the first full state. */
export function watchSums(target: AskedTarget) {
  const wrong: string[] = [];
  const states = new Set<string>();
  const over = new AbortController();
  const work = (async () => {
    let isFull = false;
    while (!over.signal.aborted) {
      const [row] = await Promise.resolve()
        .then(() => target.rows(SUMS))
        // There are no tables yet.
        .catch(() => [] as const);
      const [sum, count] = (row ?? []).map(Number);
      isFull ||= count === 2 * ACCOUNTS && sum === TOTAL;
      if (isFull) {
        if (sum !== TOTAL || count !== 2 * ACCOUNTS) wrong.push(`${sum} of ${count}`);
        const [moved] = await target.rows(MOVES);
        states.add(String(moved));
      }
      // The event loop of a SQLite reader is ours.
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    wrong,
    states,
    stop: async (): Promise<void> => {
      over.abort();
      await work;
    },
  };
}

/** @throws what a target that was asked too early says, with what the daemon has told */
async function asked(target: AskedTarget, sql: string, daemon: Daemon) {
  try {
    return await target.rows(sql);
  } catch (error) {
    throw new Error(`${String(error)}\n${daemon.output}`, { cause: error });
  }
}

/** What happens beside the moves. */
export interface AroundMoves {
  /** Before the daemon starts, with the accounts there. */
  readonly before?: () => Promise<void>;
  /** Under load, with the daemon running that ends it. */
  readonly during?: (daemon: Daemon) => Promise<void>;
}

type Properties = Readonly<Record<string, unknown>>;

/** Transactions that Kafka carries: the target, and what source and transport have beyond it. */
export function transfersOnKafka(copy: FamilyDatabase) {
  const prefix = freshPrefix();
  const target: AskedTarget = {
    family: copy.family,
    rows: (sql) => copy.rows(sql),
    sink: {
      ...copy.sink,
      'transaction.mode': 'source',
      // Other tests on this broker have sinks of that name, too.
      'consumer.override.group.id': prefix,
      // So long the group waits for a member that was killed.
      'consumer.override.session.timeout.ms': 6000,
      'consumer.override.heartbeat.interval.ms': 1000,
    },
  };
  const given: Properties = {
    'topic.prefix': prefix,
    'provide.transaction.metadata': true,
    'topic.creation.default.partitions': 3,
    'topic.creation.default.replication.factor': 1,
    'topic.creation.groups': 'ends',
    'topic.creation.ends.include': String.raw`.*\.transaction`,
    'topic.creation.ends.partitions': 1,
  };
  const transport: Properties = {
    type: 'kafka',
    'bootstrap.servers': sharedBroker().bootstrapServers,
    'offset.storage.topic': `${prefix}-offsets`,
    'state.storage.topic': `${prefix}-state`,
  };
  return { target, given, transport };
}

/**
 * Moves money while the daemon is killed again and again; no look at a target may show half a
 * move, and at its end each has all of them once.
 */
export async function expectWholeMoves(
  source: FamilyDatabase,
  targets: readonly AskedTarget[],
  pipeline: FamilyPipeline,
  points: readonly string[],
  seed: number,
  around: AroundMoves = {},
): Promise<void> {
  await openAccounts(source);
  await around.before?.();
  await using first = Daemon.start(pipeline);
  for (const target of targets) {
    await eventually(async () => {
      const [sums] = await asked(target, SUMS, first);
      expect(String(sums?.[0]), `the daemon\n${first.output}`).toBe(`${TOTAL}`);
    });
  }
  const watches = targets.map(watchSums);
  const load = moveMoney(source, seed);
  const until = async (daemon: Daemon, more: number): Promise<void> => {
    await daemon.until(({ sinks }) => sinks.every((sink) => sink.applied > more));
  };
  await until(first, 6_000);
  first.kill('SIGKILL');
  await first.ended;
  for (const point of points) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint: `${point}:3` });
    const { signal } = await daemon.ended;
    expect(signal, `${point} was not reached\n${daemon.output}`).toBe('SIGKILL');
  }
  await using last = Daemon.start(pipeline);
  await until(last, 3_000);
  await around.during?.(last);
  await load.stop();
  const wanted = String((await source.rows(MOVES))[0]);
  for (const target of targets) {
    await eventually(async () => {
      const moves = String((await target.rows(MOVES))[0]);
      expect(moves, `the daemon said: ${last.output}`).toBe(wanted);
    });
  }
  for (const table of ['checking', 'savings']) {
    const rows = `SELECT id, balance FROM ${table} ORDER BY id`;
    const expected = (await source.rows(rows)).map(String);
    for (const target of targets) {
      await eventually(async () => expect((await target.rows(rows)).map(String)).toEqual(expected));
    }
  }
  for (const watch of watches) {
    await watch.stop();
    expect(watch.wrong).toEqual([]);
    expect(watch.states.size).toBeGreaterThan(10);
  }
  const status = await last.status();
  const inParts = status?.sinks.map(({ transactions }) => transactions?.inParts);
  expect(inParts, `the daemon said: ${last.output}`).toEqual(targets.map(() => 0));
  expect(await last.stop()).toBe(0);
}

/**
 * The same of a DuckDB file, into which nobody else can look while the daemon has it: after each
 * death it holds whole moves, and at the end all of them.
 */
export async function expectWholeMovesInFile(
  source: FamilyDatabase,
  file: string,
  pipeline: FamilyPipeline,
  points: readonly string[],
  seed: number,
): Promise<void> {
  const look = async (sql: string): Promise<readonly string[]> =>
    (await askDuckdb(file, (rows) => rows(sql))).map(String);
  await openAccounts(source);
  await using first = Daemon.start(pipeline);
  await first.until(({ sinks }) => sinks[0]?.applied === 2 * ACCOUNTS + 1);
  expect(await first.stop()).toBe(0);
  const load = moveMoney(source, seed);
  const seen = new Set<string>();
  for (const faultPoint of points) {
    await using daemon = Daemon.start({ ...pipeline, faultPoint });
    const { signal } = await daemon.ended;
    expect(signal, `${faultPoint} was not reached\n${daemon.output}`).toBe('SIGKILL');
    expect([faultPoint, ...(await look(SUMS))]).toEqual([faultPoint, `${TOTAL},${2 * ACCOUNTS}`]);
    const moved = await look('SELECT count(*) - 1 - max(n), max(n) FROM moves');
    expect(moved[0]).toMatch(/^0,/);
    seen.add(String(moved[0]));
  }
  await load.stop();
  expect(seen.size).toBeGreaterThan(1);
  const wanted = (await source.rows(MOVES)).map(String);
  let patienceMs = 3000;
  const allMoved = async (): Promise<void> => {
    patienceMs *= 2;
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { measures }, sinks: [sink], uptimeMs }) => {
      // Where others write to the same server all the time, a while has to do: it is tried again,
      // for longer, since each start reads what they wrote meanwhile.
      const isQuiet = (measures.sinceLastEventMs ?? uptimeMs) > 2000 || uptimeMs > patienceMs;
      return isQuiet && sink?.lagRecords === 0 && sink.transactions?.open === 0;
    });
    expect(await daemon.stop()).toBe(0);
    expect(await look(MOVES)).toEqual(wanted);
  };
  // Only a file that the daemon has left says how far it came.
  await vi.waitFor(allMoved, { timeout: 120_000 });
  for (const table of ['checking', 'savings']) {
    const rows = `SELECT id, balance FROM ${table} ORDER BY id`;
    expect(await look(rows)).toEqual((await source.rows(rows)).map(String));
  }
}
