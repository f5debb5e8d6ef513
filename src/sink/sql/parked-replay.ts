import type { TidemarkError } from '../../foundation/errors.ts';
import type { ParkedKey, SinkRecord } from '../../model/sink-record.ts';
import { KeyParking } from './key-parking.ts';
import type { ParkedSet, SiftedRange, StoredParkedKey } from './parked-key.ts';
import { keyTextOf, NOTHING_PARKED } from './parked-key.ts';
import { ParkedKeys } from './parked-keys.ts';
import type { RangeApplier } from './range-applier.ts';
import type { TellDdl } from './schema-keeper.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { SinkState } from './sink-state.ts';
import type { StoredTopic } from './sink-state.ts';
import { inTransaction } from './sink-tables.ts';
import { sqlSinkParts } from './sql-sink-parts.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableParts } from './table-parts.ts';
import { targetOf } from './target-product.ts';
import type { TargetSession } from './target-session.ts';
import { TopicTable } from './topic-table.ts';

/** A key of a topic; all keys of the topic where there is none. */
export interface KeyChoice {
  readonly topic: string;
  readonly key: string | null;
}

/** Why the table does not take letters, for their shape. */
type Refusals = ReadonlyMap<SinkRecord, TidemarkError>;

/** What became of letters. */
export interface ReplayedLetters {
  readonly applied: number;
  /** By the key: why it waits on. */
  readonly failed: ReadonlyMap<string, TidemarkError>;
}

/**
 * Invariant: a letter that is applied moves its key's row on in the same transaction, which holds
 * the partition's offset as every task does.
 * Why: the row says which letters are still to be applied, and a task looks at it in each
 * transaction. What breaks otherwise: a replay that is cut off or run twice applies letters again,
 * over newer rows.
 *
 * So it needs no word with the daemon: it may run beside it, or without one.
 */
export class ParkedReplay implements AsyncDisposable {
  readonly #session: TargetSession;
  readonly #keys: ParkedKeys;
  readonly #state: SinkState;
  readonly #tables: TableParts;
  readonly #applier: RangeApplier;
  readonly #parking: KeyParking;
  /** By topic; of this replay, so that its catalog is read once. */
  readonly #topics = new Map<string, TopicTable>();

  private constructor(options: SqlSinkOptions, session: TargetSession, tellDdl: TellDdl) {
    const { dialect } = targetOf(options);
    const { name, offsetsSchema } = options;
    this.#session = session;
    this.#keys = new ParkedKeys(dialect, name, offsetsSchema);
    this.#state = new SinkState(dialect, name, offsetsSchema);
    const { tables, applier } = sqlSinkParts(dialect, options, tellDdl, (at) =>
      this.#state.targets(at),
    );
    this.#tables = tables;
    this.#applier = applier;
    // The letters are durable already, and no more of them wait than before.
    const unbounded = { ...options, park: 'key', parkedKeysMax: Infinity } as const;
    this.#parking = new KeyParking(dialect, unbounded, () => Promise.resolve());
  }

  /** Throws SINK_CONNECT, SINK_AUTH. */
  static async open(
    options: SqlSinkOptions,
    tellDdl: TellDdl,
    signal: AbortSignal,
  ): Promise<ParkedReplay> {
    return new ParkedReplay(options, await targetOf(options).open(signal), tellDdl);
  }

  /** As `list`, of a target that is only looked at: a file that is missing stays so. */
  static async waiting(
    options: SqlSinkOptions,
    signal: AbortSignal,
  ): Promise<readonly ParkedKey[]> {
    const session = await targetOf(options).look(signal);
    await using replay = new ParkedReplay(options, session, () => undefined);
    return await replay.list();
  }

  /** The oldest first within a topic; none before the sink has ever parked one. */
  async list(): Promise<readonly ParkedKey[]> {
    if (!(await this.#keys.exists(this.#session))) return [];
    const all = await this.#keys.load(this.#session, null);
    return [...all.values()].flatMap((keys) => [...keys.values()].flat());
  }

  /** Gives the records of keys up; the next record of each is applied again. Returns the keys. */
  async drop({ topic, key }: KeyChoice): Promise<number> {
    return this.#locked(topic, async (before) => {
      const after = new Map(before);
      if (key === null) after.clear();
      else after.delete(key);
      await this.#keys.store(this.#session, topic, before, after);
      return before.size - after.size;
    });
  }

  /**
   * Applies letters of one topic, in the order in which they were told, as far as their keys wait
   * for them; a key stops at the first that fails, and says why.
   */
  async replay(topic: string, letters: readonly SinkRecord[]): Promise<ReplayedLetters> {
    const table = await this.#table(topic);
    return this.#locked(
      topic,
      async (before, stored, refused) => {
        const { generation } = stored;
        const wanted = waitingLetters(letters, before, generation);
        if (wanted.length === 0) return { applied: 0, failed: new Map() };
        const chosen = new Set(wanted.map((letter) => keyTextOf(letter) ?? ''));
        const others = new Map([...before].filter(([key]) => !chosen.has(key)));
        const limit = wanted.length;
        const poison = wanted.flatMap((letter, i) => {
          const error = refused.get(letter);
          return error === undefined ? [] : [[i, error] as const];
        });
        const all = { limit, refused: new Map(poison) };
        const range = await this.#parking.isolate(wanted, all, others, (live) =>
          this.#attempt(table, live),
        );
        const done = range.obstacle?.applied ?? limit;
        const after = keysAfter(before, wanted, done, range.sifted);
        await this.#keys.store(this.#session, topic, before, after);
        return {
          applied: done - range.sifted.letters.length,
          failed: failuresOf(wanted, done, range.sifted, range.obstacle?.error ?? null),
        };
      },
      letters,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }

  async #table(topic: string): Promise<TopicTable> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const { topics } = await this.#state.load(this.#session);
    const target = topics.find((one) => one.topic === topic)?.target ?? null;
    const table = new TopicTable(this.#tables, target);
    this.#topics.set(topic, table);
    return table;
  }

  /** In a transaction that no task of the topic's partitions has at the same time. */
  async #locked<T>(
    topic: string,
    work: (before: ParkedSet, stored: StoredTopic, refused: Refusals) => Promise<T>,
    letters: readonly SinkRecord[] = [],
  ): Promise<T> {
    const session = this.#session;
    const table = this.#topics.get(topic);
    // DDL stands apart from the rows, as everywhere.
    const gives = { skipsFailed: true, givesAway: true };
    const prepared = await table?.prepare(session, letters, gives);
    if (prepared?.error !== null && prepared !== undefined) throw prepared.error;
    const refused = new Map(
      [...(prepared?.refused ?? [])].map(([i, error]) => [letters[i] as SinkRecord, error]),
    );
    return inTransaction(session, async () => {
      const partitions = (await this.#state.positions(session)).filter(
        (position) => position.topic === topic,
      );
      await this.#state.lock(session, partitions);
      const { topics } = await this.#state.hold(session, [], [topic], false);
      const keys = (await this.#keys.load(session, [topic], true)).get(topic);
      const none = { topic, generation: 0, target: null };
      return work(keys ?? NOTHING_PARKED, topics[0] ?? none, refused);
    }).catch((thrown: unknown) => {
      throw toSinkError(thrown);
    });
  }

  async #attempt(table: TopicTable, records: readonly SinkRecord[]): Promise<TidemarkError | null> {
    const session = this.#session;
    const { model, history } = table;
    const planOf: TopicTable['planOf'] = (record) => table.planOf(record);
    const work = { model, records, planOf, shared: false, history };
    await session.query('SAVEPOINT attempt');
    try {
      await this.#applier.apply(session, work, 0, records.length);
    } catch (thrown) {
      const error = toSinkError(thrown);
      if (!isPermanent(error) || session.broken) throw error;
      await session.query('ROLLBACK TO SAVEPOINT attempt');
      await session.query('RELEASE SAVEPOINT attempt');
      return error;
    }
    await session.query('RELEASE SAVEPOINT attempt');
    return null;
  }
}

function entryOf(keys: ParkedSet, letter: SinkRecord): StoredParkedKey | undefined {
  const key = keyTextOf(letter);
  if (key === null) return undefined;
  return keys.get(key)?.find(({ partition }) => partition === letter.partition);
}

/** Letters may be told twice, of a key that was parked before, or in a transaction that failed. */
function waitingLetters(
  letters: readonly SinkRecord[],
  keys: ParkedSet,
  generation: number,
): readonly SinkRecord[] {
  const next = new Map<StoredParkedKey, number>();
  return letters.filter((letter) => {
    const entry = entryOf(keys, letter);
    if (entry === undefined || entry.generation !== generation) return false;
    const from = next.get(entry) ?? entry.offset;
    if (letter.offset < from || letter.offset >= entry.nextOffset) return false;
    next.set(entry, letter.offset + 1);
    return true;
  });
}

/** What waits on when `letters[0..done)` are through, but for what was taken out of them. */
function keysAfter(
  before: ParkedSet,
  letters: readonly SinkRecord[],
  done: number,
  { letters: out }: SiftedRange,
): ParkedSet {
  const left = new Map<SinkRecord, TidemarkError | null>(
    out.map(({ record, error }) => [record, error]),
  );
  for (const letter of letters.slice(done)) left.set(letter, null);
  const moved = new Map<StoredParkedKey, StoredParkedKey>();
  const stopped = new Set<StoredParkedKey>();
  for (const letter of letters) {
    const entry = entryOf(before, letter);
    if (entry === undefined || stopped.has(entry)) continue;
    const now = moved.get(entry) ?? entry;
    const error = left.get(letter);
    if (error === undefined) {
      moved.set(entry, { ...now, offset: letter.offset + 1, letters: now.letters - 1 });
      continue;
    }
    stopped.add(entry);
    const why = error === null ? {} : { code: error.code, message: error.message };
    moved.set(entry, { ...now, offset: letter.offset, ...why });
  }
  const after = new Map<string, readonly StoredParkedKey[]>();
  for (const [key, entries] of before) {
    const waiting = entries.map((one) => moved.get(one) ?? one).filter((one) => one.letters > 0);
    if (waiting.length > 0) after.set(key, waiting);
  }
  return after;
}

/** The first reason of each key. */
function failuresOf(
  letters: readonly SinkRecord[],
  done: number,
  { letters: out }: SiftedRange,
  obstacle: TidemarkError | null,
): ReadonlyMap<string, TidemarkError> {
  const failed = new Map<string, TidemarkError>();
  const add = (record: SinkRecord, error: TidemarkError): void => {
    const key = keyTextOf(record);
    if (key !== null && !failed.has(key)) failed.set(key, error);
  };
  for (const { record, error } of out) add(record, error);
  if (obstacle !== null) for (const record of letters.slice(done)) add(record, obstacle);
  return failed;
}
