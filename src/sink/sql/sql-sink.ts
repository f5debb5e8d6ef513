import type { TargetDialect, TargetName } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SendDeadLetters } from '../../model/dead-letter.ts';
import type {
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';
import { type ParkedSet, parkedKeysView, stillParked } from '../parked-key.ts';
import { HeldTables } from './held-tables.ts';
import { historyProblem } from './history-target.ts';
import { KeyParking } from './key-parking.ts';
import { ParkedKeys } from './parked-keys.ts';
import type { PositionGuard } from './position-guard.ts';
import { missingTables } from './required-tables.ts';
import type { TellDdl } from './schema-keeper.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import type { ClaimedPartition, StoredPosition, StoredTopic } from './sink-state.ts';
import { SinkState } from './sink-state.ts';
import { inTransaction, prepareSinkTables } from './sink-tables.ts';
import type { TransactionResult } from './sink-transaction.ts';
import { SinkTransaction } from './sink-transaction.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { sqlSinkParts } from './sql-sink-parts.ts';
import type { TableParts } from './table-parts.ts';
import { targetOf } from './target-product.ts';
import type { OpenSession, TargetSession } from './target-session.ts';
import type { TopicOutcome, TopicProgress, TopicWork } from './topic-progress.ts';
import {
  hasEntered,
  isShared,
  keyOf,
  partitionsIn,
  planWork,
  positionsAfter,
  retry,
  takenOver,
} from './topic-progress.ts';
import { TopicTable } from './topic-table.ts';
import { UniqueViolation } from './unique-violation.ts';
import { LastPartitions, UniqueWaits } from './unique-waits.ts';

/**
 * Writes change records into a SQL database, each log record exactly once (SinkState says how).
 *
 * A `put` is one transaction. It is tried at once as a whole; when the target refuses it for good,
 * it is rolled back and done again carefully, topic by topic, until the record in the way is found.
 * Its topic is parked there: the position stays before it, later records of the topic are left to
 * the log, other topics go on. A restart comes to the same place and tries again.
 *
 * What this task knows of the target may be outdated: another task of the sink has taken partitions
 * over, or emptied a table for a new generation. The transaction finds that out before it writes;
 * then the work is planned anew with what is true.
 */
class SqlSink implements SinkTask {
  readonly #parts: TableParts;
  readonly #open: OpenSession;
  readonly #state: SinkState;
  readonly #transaction: SinkTransaction;
  readonly #guard: PositionGuard | null;
  readonly #keys: ParkedKeys;
  readonly #held: HeldTables;
  readonly #waits: UniqueWaits;
  /** Of each topic, in all tasks; as of the last time that it mattered. */
  #partitionsOf: ReadonlyMap<string, number> = new Map();
  /** By topic; as of the last transaction of this task. */
  readonly #parkedKeys = new Map<string, ParkedSet>();
  readonly #topics = new Map<string, TopicProgress>();
  /** By `topic/partition`. */
  readonly #claims = new Map<string, ClaimedPartition>();
  /** The end of the call before: there is one session. */
  #turn: Promise<unknown> = Promise.resolve();
  #session: TargetSession | null = null;
  #applied = 0;
  readonly putRecords: number | undefined;

  constructor(
    dialect: TargetDialect,
    options: SqlSinkOptions,
    open: OpenSession,
    tellDdl: TellDdl,
    send: SendDeadLetters | null,
  ) {
    const targets: TableParts['targets'] = async (session) => {
      const own = [...this.#topics.values()].flatMap(({ topic, table: { target } }) =>
        target === null ? [] : { topic, target },
      );
      return [...own, ...(await this.#state.targets(session))];
    };
    const { tables, applier, guard } = sqlSinkParts(dialect, options, tellDdl, targets);
    this.#parts = tables;
    this.putRecords = dialect.transactionRows;
    this.#open = open;
    this.#state = new SinkState(dialect, options.name, options.offsetsSchema);
    this.#guard = guard;
    const gives = options.park === 'key' || options.park === 'record';
    const waitMs = options.wholePuts ? 0 : options.uniqueWaitMs;
    const partitionsOf = (topic: string): number => this.#partitionsOf.get(topic) ?? 0;
    this.#waits = new UniqueWaits(waitMs, systemClock, partitionsOf);
    const { mayPass } = this.#waits;
    const parking = gives
      ? new KeyParking(dialect, options, must(send, 'dead letters'), mayPass)
      : null;
    this.#keys = new ParkedKeys(dialect, options.name, options.offsetsSchema);
    this.#held = new HeldTables(options.schemaEvolution.policy === 'hold');
    const { wholePuts } = options;
    this.#transaction = new SinkTransaction(dialect, this.#state, applier, parking, wholePuts);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { dialect, options } = this.#parts;
    await this.#withSession(signal, async (session) => {
      const missing = await missingTables(session, dialect, options);
      const problem = missing ?? (await historyProblem(session, options));
      if (problem !== null) throw problem;
      await prepareSinkTables(session, dialect, options.offsetsSchema, options.name);
      await this.#guard?.prepare(session);
      if (options.park === 'key') await this.#keys.prepare(session);
      else await this.#refuseParked(session);
    });
  }

  async #refuseParked(session: TargetSession): Promise<void> {
    if (!(await this.#keys.exists(session))) return;
    const [first] = await this.#keys.load(session, null);
    if (first === undefined) return;
    const [topic, keys] = first;
    throw stillParked(topic, keys.size);
  }

  async assign(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]> {
    const take = (): Promise<readonly SinkPosition[]> => this.#take(partitions, signal);
    // A connection that was idle may be gone without anybody having met it; to claim twice is fine.
    return take().catch((thrown: unknown) => {
      if (signal.aborted || this.#session?.broken !== true) throw thrown;
      return take();
    });
  }

  #take(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]> {
    return this.#withSession(signal, async (session) => {
      const claims = await inTransaction(session, () => this.#state.claim(session, partitions));
      for (const claim of claims) this.#claims.set(keyOf(claim), claim);
      const stored = await this.#load(session);
      for (const { topic } of partitions) retry(this.#topic(topic, null));
      const wanted = new Set(partitions.map(keyOf));
      return stored.filter((position) => wanted.has(keyOf(position)));
    });
  }

  release(partitions: readonly SinkPartition[]): void {
    for (const partition of partitions) this.#claims.delete(keyOf(partition));
    const left = new Set([...this.#claims.values()].map(({ topic }) => topic));
    for (const progress of this.#topics.values()) {
      if (!left.has(progress.topic)) progress.parked = null;
    }
  }

  async put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPartition[]> {
    return this.#withSession(signal, async (session) => {
      this.#waits.look();
      const last = new LastPartitions(this.#waits.mayPass);
      for (;;) {
        const foreign = positions.filter((position) => !this.#claims.has(keyOf(position)));
        const [lost] = foreign;
        if (lost !== undefined && this.#parts.options.wholePuts) throw takenOver(lost);
        const planned = this.#plan(...this.#without(foreign, records, positions));
        const works = planned.map((work) => last.order(work));
        const result = works.length === 0 ? null : await this.#apply(session, works);
        if (result === null || result.kind === 'done') {
          for (const outcome of result?.outcomes ?? []) this.#remember(outcome);
          if (last.goesOn(result?.outcomes ?? [])) continue;
          this.#stopAtPoison(result?.outcomes ?? []);
          return foreign.map(({ topic, partition }) => ({ topic, partition }));
        }
        if (result.kind === 'taken') {
          for (const { progress } of result.works) progress.table.giveUp();
          continue;
        }
        for (const partition of result.held.fenced) this.#claims.delete(keyOf(partition));
        this.#learnAll(works, result.held.topics);
      }
    });
  }

  /** `errors.park=task`: what stands before the record is durable, the rest waits in the log. */
  #stopAtPoison(outcomes: readonly TopicOutcome[]): void {
    if (this.#parts.options.park !== 'task') return;
    for (const { failure, work } of outcomes) {
      if (failure === null) continue;
      const { parked } = work.progress;
      if (failure instanceof UniqueViolation && parked?.held === true) continue;
      throw new TidemarkError(failure.code, parked?.message ?? failure.message, {
        cure: failure.cure,
      });
    }
  }

  #without(
    foreign: readonly SinkPartition[],
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
  ): [readonly SinkRecord[], readonly SinkPosition[]] {
    if (foreign.length === 0) return [records, positions];
    const keys = new Set(foreign.map(keyOf));
    const isOwn = (partition: SinkPartition): boolean => !keys.has(keyOf(partition));
    return [records.filter(isOwn), positions.filter(isOwn)];
  }

  /** A topic that is not there was forgotten by somebody: its table is written as if new. */
  #learnAll(works: readonly TopicWork[], topics: readonly StoredTopic[]): void {
    const stored = new Map(topics.map((one) => [one.topic, one]));
    for (const { progress } of works) {
      const { topic } = progress;
      this.#learn(stored.get(topic) ?? { topic, generation: 0, target: null });
    }
  }

  /** How far another task has brought a topic. */
  #learn({ topic, generation, target }: StoredTopic): void {
    const progress = this.#topic(topic, target);
    // What stood in the way went with the older rows.
    if (generation > progress.generation) progress.parked = null;
    progress.generation = generation;
  }

  fitting(signal: AbortSignal): Promise<readonly string[]> {
    const all = [...this.#topics.values()];
    if (!this.#held.isDue(all)) return Promise.resolve([]);
    return this.#withSession(signal, (session) =>
      this.#held.fitting(session, all).then((fit) => [...fit, ...this.#waits.due(all)]),
    );
  }

  status(): SinkStatus {
    const parked = [...this.#topics.values()].flatMap(({ parked: table }) => table ?? []);
    const connected = this.#session !== null && !this.#session.broken;
    const view = { applied: this.#applied, parked, connected };
    return this.#parts.options.park === 'key'
      ? { ...view, parkedKeys: parkedKeysView([...this.#parkedKeys.values()]) }
      : view;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  /** Runs `work` on the session, after what runs there already. */
  #withSession<T>(signal: AbortSignal, work: (session: TargetSession) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#runOnSession(signal, work));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** An abort cuts the connection, and the target rolls back. */
  async #runOnSession<T>(
    signal: AbortSignal,
    work: (session: TargetSession) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const session = await this.#connect(signal);
    const cut = (): void => {
      session.destroy();
    };
    signal.addEventListener('abort', cut, { once: true });
    try {
      return await work(session);
    } catch (thrown) {
      signal.throwIfAborted();
      throw toSinkError(thrown);
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  async #connect(signal: AbortSignal): Promise<TargetSession> {
    if (this.#session !== null && !this.#session.broken) return this.#session;
    const isFirst = this.#session === null;
    await this.#session?.close();
    this.#session = await this.#open(signal);
    // A COMMIT whose answer was lost may have happened: only the target knows where we are.
    if (!isFirst) await this.#load(this.#session);
    return this.#session;
  }

  async #load(session: TargetSession): Promise<readonly StoredPosition[]> {
    const { positions, topics } = await this.#state.load(session);
    if (this.#parts.options.park === 'key') {
      this.#parkedKeys.clear();
      const parked = await this.#keys.load(session, null);
      for (const [topic, keys] of parked) this.#parkedKeys.set(topic, keys);
    }
    for (const progress of this.#topics.values()) progress.positions.clear();
    for (const topic of topics) this.#learn(topic);
    for (const position of positions) {
      this.#topic(position.topic, position.target).positions.set(position.partition, position);
    }
    return positions;
  }

  #topic(topic: string, target: TargetName | null): TopicProgress {
    let progress = this.#topics.get(topic);
    if (progress === undefined) {
      const table = new TopicTable(this.#parts, target);
      progress = { topic, table, generation: 0, positions: new Map(), parked: null };
      this.#topics.set(topic, progress);
    } else if (target !== null) progress.table.adopt(target);
    return progress;
  }

  #plan(records: readonly SinkRecord[], positions: readonly SinkPosition[]): readonly TopicWork[] {
    const recordsOf = Map.groupBy(records, ({ topic }) => topic);
    const positionsOf = Map.groupBy(positions, ({ topic }) => topic);
    const topics = new Set([...recordsOf.keys(), ...positionsOf.keys()]);
    return [...topics].flatMap((topic) => {
      const progress = this.#topic(topic, null);
      const work = planWork(progress, recordsOf.get(topic) ?? [], positionsOf.get(topic) ?? []);
      return work ?? [];
    });
  }

  async #apply(session: TargetSession, works: readonly TopicWork[]): Promise<TransactionResult> {
    const others = [...this.#topics.values()];
    const all = {
      works,
      claims: this.#claimsOf(works),
      isShared: (work: TopicWork) => isShared(work.progress, others),
    };
    try {
      return await this.#transaction.whole(session, all);
    } catch (thrown) {
      const error = toSinkError(thrown);
      // It may be that the tables are not as they were read.
      for (const { progress } of works) progress.table.invalidate();
      if (!isPermanent(error) || session.broken) throw error;
      this.#partitionsOf = await this.#state.partitionsOf(session);
      return await this.#transaction.careful(session, all);
    }
  }

  #claimsOf(works: readonly TopicWork[]): readonly ClaimedPartition[] {
    const keys = new Set(works.flatMap(partitionsIn).map(keyOf));
    return [...keys].flatMap((key) => this.#claims.get(key) ?? []);
  }

  /** After the commit: what is durable now. */
  #remember(outcome: TopicOutcome): void {
    const { work, failure } = outcome;
    const { progress } = work;
    const positions = positionsAfter(outcome);
    for (const position of positions) progress.positions.set(position.partition, position);
    if (hasEntered(outcome)) progress.generation = work.generation;
    const parked = failure === null ? null : this.#held.parkedAt(outcome, failure);
    this.#waits.passed(outcome);
    progress.parked = parked && this.#waits.held(parked, outcome, must(failure, 'parked'));
    const { letters = [], parked: keys } = outcome.sifted ?? {};
    this.#applied += outcome.applied - letters.length;
    if (keys !== undefined) this.#parkedKeys.set(progress.topic, keys);
  }
}

/**
 * A sink task into the database of `connection.url`. Nothing is opened before `start`; `tellDdl` is
 * told of each statement that changes a table before it runs. `send` takes dead letters, which the
 * ways `key` and `record` of errors.park need.
 */
export function createSqlSink(
  options: SqlSinkOptions,
  tellDdl: TellDdl = () => undefined,
  send: SendDeadLetters | null = null,
  open: OpenSession = targetOf(options).open,
): SinkTask {
  const { dialect } = targetOf(options);
  return new SqlSink(dialect, options, open, tellDdl, send);
}
