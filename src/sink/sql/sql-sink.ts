import type { TargetDialect } from '../../../dialects/dialect.ts';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import type {
  ParkedTable,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';
import { openPostgresSession } from './postgres-session.ts';
import { RangeApplier } from './range-applier.ts';
import { AbsentValues } from './row-plan.ts';
import { SchemaKeeper } from './schema-keeper.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import type { StoredPosition } from './sink-state.ts';
import { SinkState } from './sink-state.ts';
import { SinkTransaction } from './sink-transaction.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import { TableNaming } from './table-naming.ts';
import type { OpenSession, TargetSession } from './target-session.ts';
import type { TopicOutcome, TopicProgress, TopicWork } from './topic-progress.ts';
import { parkedAt, planWork, positionsAfter } from './topic-progress.ts';
import type { TableParts } from './topic-table.ts';
import { TopicTable } from './topic-table.ts';

/**
 * Writes change records into a SQL database, each log record exactly once (SinkState says how).
 *
 * A `put` is one transaction. It is tried at once as a whole; when the target refuses it for good,
 * it is rolled back and done again carefully, topic by topic, until the record in the way is found.
 * Its topic is parked there: the position stays before it, later records of the topic are left to
 * the log, other topics go on. A restart comes to the same place and tries again.
 */
class SqlSink implements SinkTask {
  readonly #parts: TableParts;
  readonly #open: OpenSession;
  readonly #state: SinkState;
  readonly #transaction: SinkTransaction;
  readonly #topics = new Map<string, TopicProgress>();
  #session: TargetSession | null = null;
  #applied = 0;

  constructor(dialect: TargetDialect, options: SqlSinkOptions, open: OpenSession) {
    const naming = new TableNaming(options, dialect.identifierBytesMax);
    const keeper = new SchemaKeeper(dialect, options.schemaEvolution);
    this.#parts = { dialect, options, naming, keeper };
    this.#open = open;
    this.#state = new SinkState(dialect, options.name, options.offsetsSchema);
    const placeholder = new AbsentValues(options.unavailableValuePlaceholder);
    const applier = new RangeApplier(dialect, options, placeholder);
    this.#transaction = new SinkTransaction(dialect, this.#state, applier);
  }

  async start(signal: AbortSignal): Promise<readonly SinkPosition[]> {
    return this.#withSession(signal, async (session) => {
      await this.#state.takeOver(session);
      return this.#load(session);
    });
  }

  async put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#withSession(signal, async (session) => {
      const works = this.#plan(records, positions);
      if (works.length === 0) return;
      const outcomes = await this.#apply(session, works);
      for (const outcome of outcomes) this.#remember(outcome);
    });
  }

  status(): SinkStatus {
    const parked = [...this.#topics.values()].flatMap(({ parked: table }) => table ?? []);
    const connected = this.#session !== null && !this.#session.broken;
    return { applied: this.#applied, parked, connected };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  /** Runs `work` on the session; an abort cuts the connection, and the target rolls back. */
  async #withSession<T>(
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
    const stored = await this.#state.load(session);
    for (const progress of this.#topics.values()) progress.positions.clear();
    for (const position of stored) {
      const progress = this.#topic(position.topic, position);
      progress.positions.set(position.partition, position);
      progress.generation = Math.max(progress.generation, position.generation);
    }
    return stored;
  }

  #topic(topic: string, stored: StoredPosition | null): TopicProgress {
    let progress = this.#topics.get(topic);
    if (progress === undefined) {
      const table = new TopicTable(this.#parts, stored?.target ?? null);
      progress = { topic, table, generation: 0, positions: new Map(), parked: null };
      this.#topics.set(topic, progress);
    }
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

  async #apply(
    session: TargetSession,
    works: readonly TopicWork[],
  ): Promise<readonly TopicOutcome[]> {
    const others = [...this.#topics.values()];
    const shared = (work: TopicWork): boolean => isShared(work.progress, others);
    try {
      return await this.#transaction.whole(session, works, shared);
    } catch (thrown) {
      const error = toSinkError(thrown);
      if (!isPermanent(error) || session.broken) throw error;
      for (const { progress } of works) progress.table.invalidate();
      return await this.#transaction.careful(session, works, shared);
    }
  }

  /** After the commit: what is durable now. */
  #remember(outcome: TopicOutcome): void {
    const { work, failure } = outcome;
    const { progress } = work;
    const positions = positionsAfter(outcome);
    for (const position of positions) progress.positions.set(position.partition, position);
    if (!work.emptyFirst || outcome.emptied) progress.generation = work.generation;
    progress.parked = failure === null ? null : this.#park(outcome, failure);
    this.#applied += outcome.applied;
  }

  #park(outcome: TopicOutcome, failure: Parameters<typeof parkedAt>[1]): ParkedTable {
    const { target } = outcome.work.progress.table;
    const table =
      target === null ? outcome.work.progress.topic : `${target.schema}.${target.table}`;
    return parkedAt(outcome, failure, table);
  }
}

function isShared(progress: TopicProgress, others: readonly TopicProgress[]): boolean {
  const { target } = progress.table;
  if (target === null) return false;
  return others.some((other) => {
    const theirs = other.table.target;
    return other !== progress && theirs?.schema === target.schema && theirs.table === target.table;
  });
}

/** A sink task into the PostgreSQL of `connection.url`. Nothing is opened before `start`. */
export function createSqlSink(options: SqlSinkOptions): SinkTask {
  return new SqlSink(postgresTarget, options, (signal) => openPostgresSession(options, signal));
}
