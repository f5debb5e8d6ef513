import type { Clock } from '../../foundation/clock.ts';
import type { TidemarkError } from '../../foundation/errors.ts';
import type { DeadLetter, SendDeadLetters } from '../../model/dead-letter.ts';
import type { ParkedKeys, SinkRecord } from '../../model/sink-record.ts';
import {
  keyTextOf,
  NOTHING_PARKED,
  type ParkedSet,
  parkedKeysView,
  type SiftedRange,
  siftRange,
  type SiftOptions,
  tooManyParked,
} from '../parked-key.ts';
import type { IndexNaming } from './index-naming.ts';
import type { ParkedTopic, ParkedTopics } from './parked-topics.ts';
import { emptiesIndices, type SearchSinkOptions } from './search-sink-options.ts';
import { park, type TopicWork } from './search-topic.ts';

/** What applies the records of works that may be applied, and tells `poison` what is refused. */
export type ApplyLive = (
  works: readonly TopicWork[],
  live: ReadonlyMap<TopicWork, readonly SinkRecord[]>,
) => Promise<void>;

/** A topic's part of a put, with what waits before it. */
interface ParkingWork {
  readonly work: TopicWork;
  readonly before: ParkedTopic;
  /** Keys of this generation. */
  readonly active: ParkedSet;
  /** But for those that cannot be read, and are passed over. */
  readonly records: readonly SinkRecord[];
  readonly dropped: readonly DeadLetter[];
}

/**
 * `errors.park: key` of a search sink: a record that the index refuses parks its key, later ones of
 * the key go to the dead letters, too, and all others flow.
 *
 * Invariant: documents → dead letters durable → which keys wait, by compare-and-set → the put
 * resolved, and then the group's offset.
 * Why: there are no transactions, so a crash between two of them has the records come again. Those
 * that wait are known by their offsets then, all others make the same documents once more.
 * What breaks otherwise: a later record of a key whose earlier one lies among the dead letters is
 * applied, and the replay writes the older row over the newer (PITFALLS S11).
 */
export class SearchKeyParking {
  readonly #options: SearchSinkOptions;
  readonly #naming: IndexNaming;
  readonly #send: SendDeadLetters;
  readonly #clock: Clock;
  /** By topic; as of the last look. */
  readonly #known = new Map<string, ParkedSet>();

  constructor(
    options: SearchSinkOptions,
    naming: IndexNaming,
    send: SendDeadLetters,
    clock: Clock,
  ) {
    this.#options = options;
    this.#naming = naming;
    this.#send = send;
    this.#clock = clock;
  }

  /** Reads which keys of topics wait, for the status. */
  async look(parked: ParkedTopics, topics: readonly string[], signal: AbortSignal): Promise<void> {
    if (topics.length === 0) return;
    for (const [topic, { keys }] of await parked.load(topics, signal)) this.#known.set(topic, keys);
  }

  /** The same of topics of which keys are known to wait: somebody may have replayed them. */
  lookAgain(parked: ParkedTopics, signal: AbortSignal): Promise<void> {
    const topics = [...this.#known].flatMap(([topic, { size }]) => (size > 0 ? [topic] : []));
    return this.look(parked, topics, signal);
  }

  forget(topic: string): void {
    this.#known.delete(topic);
  }

  view(): ParkedKeys {
    return parkedKeysView([...this.#known.values()]);
  }

  /** Until nobody else has changed what waits meanwhile. */
  async put(
    parked: ParkedTopics,
    works: readonly TopicWork[],
    apply: ApplyLive,
    signal: AbortSignal,
  ): Promise<void> {
    let open = works;
    while (open.length > 0) {
      signal.throwIfAborted();
      const topics = open.map(({ progress }) => progress.topic);
      const stored = await parked.load(topics, signal);
      const parts = open.map((work) => this.#begin(work, stored));
      const live = new Map(
        parts.map((part) => [part.work, this.#sift(part, part.records.length).live] as const),
      );
      await apply(
        parts.map(({ work }) => work),
        live,
      );
      const again: TopicWork[] = [];
      for (const part of parts) {
        if (!(await this.#settle(parked, part, signal))) again.push(part.work);
      }
      open = again;
    }
  }

  #begin(all: TopicWork, stored: ReadonlyMap<string, ParkedTopic>): ParkingWork {
    const work = { ...all, poison: new Map<SinkRecord, TidemarkError>() };
    const { topic, generation } = work.progress;
    const before = stored.get(topic) ?? { topic, keys: NOTHING_PARKED, stored: null };
    this.#known.set(topic, before.keys);
    const active = ofGenerations(before.keys, (each) => each === generation);
    const records: SinkRecord[] = [];
    const dropped: DeadLetter[] = [];
    for (const record of work.records) {
      const { failure } = record;
      if (failure === undefined || !this.#options.dropInvalid) records.push(record);
      else dropped.push({ record, ...failure });
    }
    return { work, before, active, records, dropped };
  }

  #sift({ work, active, records }: ParkingWork, to: number): SiftedRange {
    const poison: [number, TidemarkError][] = [];
    if (work.poison.size > 0) {
      for (let i = 0; i < to; i++) {
        const error = work.poison.get(records[i] as SinkRecord);
        if (error !== undefined) poison.push([i, error]);
      }
    }
    return siftRange(records, [0, to], active, new Map(poison), this.#siftOptions());
  }

  #siftOptions(): SiftOptions {
    const truncates = emptiesIndices(this.#options);
    return { parks: true, truncates, nowMs: this.#clock.nowMs() };
  }

  /** False: somebody else was faster. */
  async #settle(parked: ParkedTopics, part: ParkingWork, signal: AbortSignal): Promise<boolean> {
    const { work, before, active, records, dropped } = part;
    // All of it is read once more.
    if (work.progress.parked !== null) return true;
    const all = this.#sift(part, records.length);
    const end = this.#isRefused(all) ? this.#firstRefused(part) : records.length;
    const sifted = end === records.length ? all : this.#sift(part, end);
    const letters = [...dropped, ...sifted.letters];
    if (letters.length > 0) await this.#send(letters);
    // Those of a generation that this task has not seen yet are not its own.
    const ahead = ofGenerations(before.keys, (each) => each > work.progress.generation);
    const isSame = sifted.parked === active && active.size + ahead.size === before.keys.size;
    const after = isSame ? before.keys : new Map([...sifted.parked, ...ahead]);
    if (!(await parked.store(before, after, signal))) return false;
    this.#known.set(work.progress.topic, after);
    if (end < records.length) this.#stop(part, records[end] as SinkRecord);
    return true;
  }

  #isRefused({ unkeyed, parked }: SiftedRange): boolean {
    return unkeyed || parked.size > this.#options.parkedKeysMax;
  }

  /** Number of the first record that nothing but its topic can wait for. */
  #firstRefused(part: ParkingWork): number {
    let [sound, refused] = [0, part.records.length];
    while (refused - sound > 1) {
      const middle = Math.floor((sound + refused) / 2);
      if (this.#isRefused(this.#sift(part, middle))) refused = middle;
      else sound = middle;
    }
    return sound;
  }

  #stop({ work }: ParkingWork, record: SinkRecord): void {
    const error = work.poison.get(record) ?? record.failure?.error;
    const isOwn = error !== undefined && keyTextOf(record) === null;
    const index = record.failure === undefined ? this.#naming.of(record) : null;
    const told = isOwn ? error : tooManyParked(record.topic, this.#options.parkedKeysMax, error);
    park(work, index, record, told);
  }
}

function ofGenerations(keys: ParkedSet, isMeant: (generation: number) => boolean): ParkedSet {
  if ([...keys.values()].every((all) => all.every(({ generation }) => isMeant(generation)))) {
    return keys;
  }
  const kept = [...keys].flatMap(([key, all]) => {
    const own = all.filter(({ generation }) => isMeant(generation));
    return own.length === 0 ? [] : [[key, own] as const];
  });
  return new Map(kept);
}
