import type { TargetDialect } from '../../../dialects/dialect.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { KeyParking, Obstacle } from './key-parking.ts';
import type { ParkedSet, Poison, SiftedRange } from '../parked-key.ts';
import { NOTHING_PARKED } from '../parked-key.ts';
import type { RangeApplier } from './range-applier.ts';
import type { RangeWork } from './range-work.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import type { ClaimedPartition, HeldState, SinkState } from './sink-state.ts';
import { inTransaction } from './sink-tables.ts';
import type { TargetSession } from './target-session.ts';
import type { TopicOutcome, TopicWork } from './topic-progress.ts';
import { hasEntered, positionsAfter } from './topic-progress.ts';
import type { Prepared } from './topic-table.ts';
import { isSameTable } from './topic-table.ts';

type IsShared = (work: TopicWork) => boolean;

/** What a transaction is to do, and by which right. */
export interface TransactionWork {
  readonly works: readonly TopicWork[];
  readonly claims: readonly ClaimedPartition[];
  readonly isShared: IsShared;
}

/** What was done; or nothing, because the target is not as the work supposes. */
export type TransactionResult =
  | { readonly kind: 'done'; readonly outcomes: readonly TopicOutcome[] }
  | { readonly kind: 'outdated'; readonly held: HeldState }
  /** Another task has written rows of another topic to the tables that these chose. */
  | { readonly kind: 'taken'; readonly works: readonly TopicWork[] };

/** A topic whose table is as its records want it, as far as it goes. */
type PreparedWork = Prepared & { readonly work: TopicWork; readonly emptied: boolean };

type ParkedTopics = ReadonlyMap<string, ParkedSet>;

const NONE: Poison = new Map();

/**
 * Invariant: rows, their offsets and the hold on partitions and topics are one transaction. `whole`
 * does it in the fewest statements. `careful` finds what is in the way by halving the range inside
 * savepoints; as it goes in the order of the log with ever fewer records at once, it also gets past
 * what only the reduction of a batch brought about, such as unique values that two rows exchange.
 * What is found stops its topic there, or is taken out where the sink has another way for it.
 */
export class SinkTransaction {
  readonly #dialect: TargetDialect;
  readonly #state: SinkState;
  readonly #applier: RangeApplier;
  readonly #parking: KeyParking | null;
  readonly #wholePuts: boolean;

  /**
   * `parking`: for records that cannot be applied; null: they stop their topic. `wholePuts`: the
   * first one fails all of them.
   */
  constructor(
    dialect: TargetDialect,
    state: SinkState,
    applier: RangeApplier,
    parking: KeyParking | null = null,
    wholePuts = false,
  ) {
    this.#dialect = dialect;
    this.#state = state;
    this.#applier = applier;
    this.#parking = parking;
    this.#wholePuts = wholePuts;
  }

  /** Applies everything that the tables' shapes allow, or throws with nothing applied. */
  async whole(session: TargetSession, all: TransactionWork): Promise<TransactionResult> {
    const { works, isShared } = all;
    const prepared = await this.#prepareAll(session, works, isShared);
    return this.#run(session, all, async (parked) => {
      const outcomes: TopicOutcome[] = [];
      for (const one of prepared) {
        const { work, limit, error, emptied } = one;
        if (emptied) await this.#applier.empty(session, work);
        const records = tableRecords(work, isShared);
        const sifted = this.#parking?.siftAll(records.records, one, parkedOf(one, parked));
        // What stands in the way is for `careful` to find.
        if (sifted === null) throw new TidemarkError('SINK_RECORD', 'records cannot be applied');
        if (sifted === undefined) await this.#applier.apply(session, records, 0, limit);
        else await this.#applyAll(session, { ...records, records: sifted.live });
        const how = sifted === undefined ? {} : { sifted };
        outcomes.push({ work, applied: limit, emptied, failure: error, ...how });
      }
      return outcomes;
    });
  }

  #applyAll(session: TargetSession, records: RangeWork): Promise<void> {
    return this.#applier.apply(session, records, 0, records.records.length);
  }

  /** Applies each topic up to the first record that the target refuses for good. */
  async careful(session: TargetSession, all: TransactionWork): Promise<TransactionResult> {
    const { works, isShared } = all;
    const prepared = await this.#prepareAll(session, works, isShared);
    return this.#run(session, all, async (parked) => {
      const outcomes: TopicOutcome[] = [];
      for (const one of prepared) {
        const { work, error, emptied } = one;
        const failed = emptied
          ? await this.#attempt(session, () => this.#applier.empty(session, work))
          : null;
        if (failed !== null) {
          outcomes.push({ work, applied: 0, emptied: false, failure: failed });
          continue;
        }
        const { obstacle, ...how } = await this.#apply(session, one, parked, isShared);
        outcomes.push({
          work,
          applied: obstacle?.applied ?? one.limit,
          emptied,
          failure: obstacle?.error ?? error,
          ...how,
        });
      }
      return outcomes;
    });
  }

  async #apply(
    session: TargetSession,
    one: PreparedWork,
    parked: ParkedTopics,
    isShared: IsShared,
  ): Promise<{ obstacle: Obstacle | null; sifted?: SiftedRange }> {
    const records = tableRecords(one.work, isShared);
    if (this.#parking === null) {
      return { obstacle: await this.#halve(session, records, 0, one.limit) };
    }
    const before = parkedOf(one, parked);
    return this.#parking.isolate(records.records, one, before, (live) =>
      this.#attempt(session, () => this.#applyAll(session, { ...records, records: live })),
    );
  }

  async #run(
    session: TargetSession,
    { works, claims }: TransactionWork,
    work: (parked: ParkedTopics) => Promise<readonly TopicOutcome[]>,
  ): Promise<TransactionResult> {
    const topics = works.map(({ progress }) => progress.topic);
    const alone = works.some(({ enters, progress }) => enters && progress.table.target !== null);
    return inTransaction(session, async () => {
      const held = await this.#state.hold(session, claims, topics, alone);
      if (isOutdated(works, held)) return { kind: 'outdated', held };
      const taken = await this.#taken(session, works);
      if (taken.length > 0) return { kind: 'taken', works: taken };
      const parked: ParkedTopics = (await this.#parking?.load(session, topics)) ?? new Map();
      const outcomes = await work(parked);
      if (this.#wholePuts) failWhole(outcomes);
      await this.#parking?.settle(session, outcomes, parked);
      await this.#state.save(session, outcomes.flatMap(positionsAfter));
      for (const outcome of outcomes) await this.#enter(session, outcome);
      return { kind: 'done', outcomes };
    });
  }

  /**
   * Topics that are about to write their first rows to a table of another topic. The whole file is
   * this transaction's, where each topic needs a table of its own (SQLite), so none comes between.
   */
  async #taken(session: TargetSession, works: readonly TopicWork[]): Promise<readonly TopicWork[]> {
    const first = works.filter(
      ({ enters, progress }) => enters && progress.generation === 0 && progress.table.isAlone,
    );
    if (first.length === 0) return [];
    const stored = await this.#state.targets(session);
    return first.filter(({ progress: { topic, table } }) =>
      stored.some((other) => {
        const own = table.target;
        return other.topic !== topic && own !== null && isSameTable(other.target, own);
      }),
    );
  }

  async #enter(session: TargetSession, outcome: TopicOutcome): Promise<void> {
    const { generation, progress } = outcome.work;
    const { target } = progress.table;
    if (target === null || !hasEntered(outcome)) return;
    await session.query(this.#state.enter({ topic: progress.topic, generation, target }));
  }

  async #prepareAll(
    session: TargetSession,
    works: readonly TopicWork[],
    isShared: IsShared,
  ): Promise<readonly PreparedWork[]> {
    const all: PreparedWork[] = [];
    for (const work of works) {
      const { table } = work.progress;
      if (work.emptyFirst) {
        const refused = isShared(work) ? this.#sharedTable(work) : null;
        if (refused !== null) {
          all.push({ work, limit: 0, error: refused, refused: NONE, emptied: false });
          continue;
        }
      }
      const prepared = await table.prepare(session, work.records, {
        skipsFailed: this.#parking !== null,
        givesAway: this.#parking?.givesShapesAway ?? false,
      });
      all.push({ work, ...prepared, emptied: work.emptyFirst });
    }
    return all;
  }

  #sharedTable(work: TopicWork): TidemarkError {
    const target = work.progress.table.target;
    const name = target === null ? 'the table' : this.#dialect.qualify(target);
    return new TidemarkError(
      'SINK_RECORD',
      `a new snapshot of ${work.progress.topic} has begun, but other topics write to ${name} too`,
      { cure: `Empty ${name}, reset the offsets of its topics, and let them be applied anew.` },
    );
  }

  /** Runs `work` in a savepoint; a permanent error is returned with its effects undone. */
  async #attempt(session: TargetSession, work: () => Promise<void>): Promise<TidemarkError | null> {
    await session.query('SAVEPOINT attempt');
    try {
      await work();
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

  async #halve(
    session: TargetSession,
    records: RangeWork,
    from: number,
    to: number,
  ): Promise<Obstacle | null> {
    if (from === to) return null;
    const error = await this.#attempt(session, () =>
      this.#applier.apply(session, records, from, to),
    );
    if (error === null) return null;
    if (to - from === 1) return { applied: from, error };
    const middle = from + Math.floor((to - from) / 2);
    return (
      (await this.#halve(session, records, from, middle)) ??
      (await this.#halve(session, records, middle, to))
    );
  }
}

/** Readers see all of a put or nothing of it: what stands in the way of a record, does of all. */
function failWhole(outcomes: readonly TopicOutcome[]): void {
  for (const { work, applied, failure } of outcomes) {
    if (failure === null) continue;
    const { topic, table } = work.progress;
    const record = work.records[applied];
    const at =
      record === undefined ? '' : ` at partition ${record.partition}, offset ${record.offset}`;
    const name = table.target === null ? topic : `${table.target.schema}.${table.target.table}`;
    throw new TidemarkError(failure.code, `${name}${at}: ${failure.message}`, {
      cause: failure,
      cure: failure.cure,
    });
  }
}

/** The work was planned from what this task knew; other tasks of the sink may have gone on. */
function isOutdated(works: readonly TopicWork[], { fenced, topics }: HeldState): boolean {
  if (fenced.length > 0) return true;
  const stored = new Map(topics.map((topic) => [topic.topic, topic]));
  return works.some(({ progress }) => {
    const { generation = 0, target = null } = stored.get(progress.topic) ?? {};
    return (
      generation !== progress.generation || (target !== null && progress.table.target === null)
    );
  });
}

/** What was parked went with the rows of an older generation. */
function parkedOf({ work, emptied }: PreparedWork, parked: ParkedTopics): ParkedSet {
  if (emptied) return NOTHING_PARKED;
  return parked.get(work.progress.topic) ?? NOTHING_PARKED;
}

function tableRecords(work: TopicWork, isShared: IsShared): RangeWork {
  const { table } = work.progress;
  return {
    records: work.records,
    model: table.model,
    planOf: (record: SinkRecord) => table.planOf(record),
    shared: isShared(work),
    history: table.history,
  };
}
