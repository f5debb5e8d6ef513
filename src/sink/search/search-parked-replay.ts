import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ParkedKey, SinkRecord } from '../../model/sink-record.ts';
import {
  failuresOf,
  type KeyChoice,
  keysAfter,
  type LetterReplay,
  type ReplayedLetters,
  waitingLetters,
} from '../letter-replay.ts';
import { keyTextOf, type SiftedRange, siftRange } from '../parked-key.ts';
import { IndexNaming } from './index-naming.ts';
import { stateIndex } from './nest-children.ts';
import { NestRoles } from './nest-roles.ts';
import type { ParkedTopic } from './parked-topics.ts';
import { applyWorks, type WorkRules } from './put-works.ts';
import { openParts, type SearchParts, type SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import { newTopic, type TopicWork } from './search-topic.ts';

/**
 * Applies dead letters of a search sink, beside its daemon or without it.
 *
 * Invariant: documents → the key is free, by compare-and-set over what was read before.
 * Why: as long as it is not, no task applies a record of the key, so that letters which come again
 * after a crash change nothing. Where a task has added to what waits meanwhile, all is done again.
 */
export class SearchParkedReplay implements LetterReplay {
  readonly #parts: SearchParts;
  readonly #rules: WorkRules;
  readonly #clock: SearchSinkSurroundings['clock'];
  readonly #signal: AbortSignal;

  private constructor(parts: SearchParts, rules: WorkRules, signal: AbortSignal) {
    this.#parts = parts;
    this.#rules = rules;
    this.#clock = rules.surroundings.clock;
    this.#signal = signal;
  }

  /** Throws what the client says. */
  static async open(
    all: SearchSinkOptions,
    around: Omit<SearchSinkSurroundings, 'send'>,
    signal: AbortSignal,
  ): Promise<SearchParkedReplay> {
    const options = { ...all, park: 'key' } as const;
    const naming = new IndexNaming(options);
    const roles = options.nests.length === 0 ? null : new NestRoles(options, naming);
    const parts = await openParts(options, roles, around, signal);
    // The letters are durable already.
    const surroundings = { ...around, send: null };
    return new SearchParkedReplay(parts, { roles, naming, options, surroundings }, signal);
  }

  async list(): Promise<readonly ParkedKey[]> {
    const all = await this.#parts.parked.all(this.#signal);
    return all.flatMap((keys) => [...keys.values()].flat());
  }

  async drop({ topic, key }: KeyChoice): Promise<number> {
    for (;;) {
      const before = await this.#load(topic);
      const after = new Map(before.keys);
      if (key === null) after.clear();
      else after.delete(key);
      const dropped = before.keys.size - after.size;
      if (dropped === 0 || (await this.#parts.parked.store(before, after, this.#signal))) {
        return dropped;
      }
    }
  }

  async replay(topic: string, letters: readonly SinkRecord[]): Promise<ReplayedLetters> {
    for (;;) {
      const before = await this.#load(topic);
      const wanted = waitingLetters(letters, before.keys, await this.#generation(before));
      if (wanted.length === 0) return { applied: 0, failed: new Map() };
      const { done, sifted, obstacle } = await this.#apply(before, wanted);
      const after = keysAfter(before.keys, wanted, done, sifted);
      if (!(await this.#parts.parked.store(before, after, this.#signal))) continue;
      return {
        applied: done - sifted.letters.length,
        failed: failuresOf(wanted, done, sifted, obstacle),
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.client[Symbol.asyncDispose]();
  }

  async #load(topic: string): Promise<ParkedTopic> {
    return must((await this.#parts.parked.load([topic], this.#signal)).get(topic), topic);
  }

  /** Letters of one that is over are not applied: its rows are gone, and must not come back. */
  async #generation({ topic, keys }: ParkedTopic): Promise<number> {
    const { indexes } = this.#parts;
    let highest = 0;
    for (const all of keys.values()) {
      for (const { generation } of all) highest = Math.max(highest, generation);
    }
    const index = this.#rules.naming.ofTopic(topic);
    for (const name of index === null ? [] : [index, stateIndex(index)]) {
      indexes.forget(name);
      const known = await indexes.find(name, this.#signal);
      highest = Math.max(highest, known?.meta.generations.get(topic) ?? 0);
    }
    return highest;
  }

  async #apply(
    { topic, keys }: ParkedTopic,
    wanted: readonly SinkRecord[],
  ): Promise<{ done: number; sifted: SiftedRange; obstacle: TidemarkError | null }> {
    const chosen = new Set(wanted.map((letter) => keyTextOf(letter) ?? ''));
    const others = new Map([...keys].filter(([key]) => !chosen.has(key)));
    const poison = new Map<SinkRecord, TidemarkError>();
    const sift = (to: number): SiftedRange => {
      const known = wanted.flatMap((letter, i) => {
        const error = poison.get(letter);
        return error === undefined ? [] : [[i, error] as const];
      });
      const options = { parks: true, truncates: false, nowMs: this.#clock.nowMs() };
      return siftRange(wanted, [0, to], others, new Map(known), options);
    };
    const progress = newTopic(topic);
    progress.generation = wanted[0]?.generation ?? 0;
    const work: TopicWork = { progress, begins: false, records: wanted, positions: [], poison };
    const live = new Map([[work, sift(wanted.length).live]]);
    await applyWorks(this.#parts, this.#rules, [work], this.#signal, { live });
    const { parked } = progress;
    if (parked === null) {
      return { done: wanted.length, sifted: sift(wanted.length), obstacle: null };
    }
    return { done: 0, sifted: sift(0), obstacle: new TidemarkError(parked.code, parked.message) };
  }
}
