import type { TargetDialect } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import type { TidemarkError } from '../../foundation/errors.ts';
import type { SendDeadLetters } from '../../model/dead-letter.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { ParkedSet, Poison, SiftedRange, SiftOptions } from '../parked-key.ts';
import { keyTextOf, NOTHING_PARKED, siftRange, tooManyParked } from '../parked-key.ts';
import { ParkedKeys } from './parked-keys.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TargetSession } from './target-session.ts';
import type { TopicOutcome } from './topic-progress.ts';
import type { UniqueWaits } from './unique-waits.ts';
import type { Prepared } from './topic-table.ts';

/** What stands in the way of a range: how many records before it are done, and why. */
export interface Obstacle {
  readonly applied: number;
  readonly error: TidemarkError;
}

/** How far a topic's records went, and what of them went another way. */
export interface IsolatedRange {
  readonly obstacle: Obstacle | null;
  readonly sifted: SiftedRange;
}

/** Where a walk over a range ended, and which keys wait there. */
interface Walked {
  readonly obstacle: Obstacle | null;
  readonly parked: ParkedSet;
}

function stopped(applied: number, error: TidemarkError): Walked {
  return { obstacle: { applied, error }, parked: NOTHING_PARKED };
}

/** Applies records in a savepoint; a permanent error is returned, with its effects undone. */
export type AttemptRecords = (records: readonly SinkRecord[]) => Promise<TidemarkError | null>;

/**
 * `errors.park` key and record: takes records out that cannot be applied, so that the others of
 * their topic go on. Letters are durable before the transaction commits: what fails between the two
 * tells them again, never not at all.
 */
export class KeyParking {
  readonly #keys: ParkedKeys;
  readonly #parks: boolean;
  readonly #truncates: boolean;
  /** `schema.evolution.policy: dead_letter`: also what its table refuses for its shape. */
  readonly givesShapesAway: boolean;
  readonly #keysMax: number;
  readonly #send: SendDeadLetters;

  readonly #mayPass: UniqueWaits['mayPass'];

  /** `mayPass`: whether an error may be another record's fault still, and its table is to wait. */
  constructor(
    dialect: TargetDialect,
    options: SqlSinkOptions,
    send: SendDeadLetters,
    mayPass: UniqueWaits['mayPass'] = () => false,
  ) {
    this.#mayPass = mayPass;
    this.#keys = new ParkedKeys(dialect, options.name, options.offsetsSchema);
    this.#parks = options.park === 'key';
    this.#truncates = options.truncateEnabled;
    this.givesShapesAway = options.schemaEvolution.policy === 'dead_letter';
    this.#keysMax = options.parkedKeysMax;
    this.#send = send;
  }

  /** The keys that wait now; in the transaction, when it has its locks. */
  async load(
    session: TargetSession,
    topics: readonly string[],
  ): Promise<ReadonlyMap<string, ParkedSet>> {
    return this.#parks ? this.#keys.load(session, topics) : new Map();
  }

  /** All at once, as far as it can be seen without asking the target; null: not this way. */
  siftAll(
    records: readonly SinkRecord[],
    { limit, refused }: Pick<Prepared, 'limit' | 'refused'>,
    parked: ParkedSet,
  ): SiftedRange | null {
    const isPlain = parked.size === 0 && refused.size === 0;
    if (isPlain && !records.some(({ failure }) => failure !== undefined)) {
      const live = limit === records.length ? records : records.slice(0, limit);
      const nothing = { numbers: [], letters: [], cleared: false, unkeyed: false };
      return { live, parked, ...nothing };
    }
    const sifted = siftRange(records, [0, limit], parked, refused, this.#options());
    return this.#isRefused(sifted) ? null : sifted;
  }

  /**
   * Finds the records that the target refuses by halving, and takes them out, with what waits
   * behind them. Stops at one that nothing but its table can wait for.
   */
  async isolate(
    records: readonly SinkRecord[],
    { limit, refused }: Pick<Prepared, 'limit' | 'refused'>,
    parked: ParkedSet,
    attempt: AttemptRecords,
  ): Promise<IsolatedRange> {
    const poison = new Map(refused);
    const options = this.#options();
    const walk = async (from: number, to: number, before: ParkedSet): Promise<Walked> => {
      const sifted = siftRange(records, [from, to], before, poison, options);
      let middle = from + Math.floor((to - from) / 2);
      if (this.#isRefused(sifted)) {
        if (to - from <= 1) return stopped(from, this.#refusal(records, from, poison));
      } else {
        const { live, numbers } = sifted;
        const error = live.length === 0 ? null : await attempt(live);
        if (error === null) return { obstacle: null, parked: sifted.parked };
        const first = numbers[0] as number;
        if (live.length === 1) {
          const isWaiting = this.#mayPass(records[first] as SinkRecord, error);
          if (error.code === 'SINK_SCHEMA' || isWaiting) return stopped(first, error);
          poison.set(first, error);
          return walk(from, to, before);
        }
        middle = numbers[Math.floor(live.length / 2)] as number;
      }
      const left = await walk(from, middle, before);
      return left.obstacle === null ? walk(middle, to, left.parked) : left;
    };
    const { obstacle } = await walk(0, limit, parked);
    const done = obstacle?.applied ?? limit;
    return { obstacle, sifted: siftRange(records, [0, done], parked, poison, options) };
  }

  /** Makes the letters durable, then stores which keys wait. */
  async settle(
    session: TargetSession,
    outcomes: readonly TopicOutcome[],
    before: ReadonlyMap<string, ParkedSet>,
  ): Promise<void> {
    const letters = outcomes.flatMap(({ sifted }) => sifted?.letters ?? []);
    if (letters.length > 0) await this.#send(letters);
    if (!this.#parks) return;
    for (const { work, sifted } of outcomes) {
      if (sifted === undefined) continue;
      const { topic } = work.progress;
      await this.#keys.store(session, topic, before.get(topic) ?? NOTHING_PARKED, sifted.parked);
    }
  }

  #options(): SiftOptions {
    const nowMs = systemClock.nowMs();
    return { parks: this.#parks, truncates: this.#truncates, nowMs };
  }

  #isRefused({ unkeyed, parked }: SiftedRange): boolean {
    return unkeyed || parked.size > this.#keysMax;
  }

  #refusal(records: readonly SinkRecord[], at: number, poison: Poison): TidemarkError {
    const record = records[at] as SinkRecord;
    const error = poison.get(at) ?? record.failure?.error;
    if (error !== undefined && keyTextOf(record) === null) return error;
    return tooManyParked(record.topic, this.#keysMax, error);
  }
}
