import type { TidemarkError } from '../../foundation/errors.ts';
import type { ParkedKey, SinkRecord } from '../../model/sink-record.ts';
import {
  failuresOf,
  type KeyChoice,
  keysAfter,
  type LetterReplay,
  type ReplayedLetters,
  waitingLetters,
} from '../letter-replay.ts';
import type { ParkedSet } from '../parked-key.ts';
import { keyTextOf, NOTHING_PARKED } from '../parked-key.ts';
import { KeyParking } from './key-parking.ts';
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

/** Why the table does not take letters, for their shape. */
type Refusals = ReadonlyMap<SinkRecord, TidemarkError>;

/**
 * Invariant: a letter that is applied moves its key's row on in the same transaction, which holds
 * the partition's offset as every task does.
 * Why: the row says which letters are still to be applied, and a task looks at it in each
 * transaction. What breaks otherwise: a replay that is cut off or run twice applies letters again,
 * over newer rows.
 *
 * So it needs no word with the daemon: it may run beside it, or without one.
 */
export class ParkedReplay implements LetterReplay {
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

  async list(): Promise<readonly ParkedKey[]> {
    if (!(await this.#keys.exists(this.#session))) return [];
    const all = await this.#keys.load(this.#session, null);
    return [...all.values()].flatMap((keys) => [...keys.values()].flat());
  }

  async drop({ topic, key }: KeyChoice): Promise<number> {
    return this.#locked(topic, async (before) => {
      const after = new Map(before);
      if (key === null) after.clear();
      else after.delete(key);
      await this.#keys.store(this.#session, topic, before, after);
      return before.size - after.size;
    });
  }

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
