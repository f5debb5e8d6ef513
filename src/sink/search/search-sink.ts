import { must } from '../../foundation/assert.ts';
import { TidemarkError, toTidemarkError } from '../../foundation/errors.ts';
import type {
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';
import { stillParked } from '../parked-key.ts';
import { IndexNaming } from './index-naming.ts';
import { NestRoles } from './nest-roles.ts';
import type { DocumentChange } from './document-change.ts';
import type { ParkedTopics } from './parked-topics.ts';
import { type EarlyPut, PutAhead } from './put-ahead.ts';
import { applyWorks, type WorkRules } from './put-works.ts';
import { type ApplyLive, SearchKeyParking } from './search-key-parking.ts';
import { openParts, type SearchParts, type SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import type { SearchIndexes } from './search-indexes.ts';
import {
  finish,
  newTopic,
  parkAt,
  planTopic,
  type SearchTopic,
  type TopicWork,
} from './search-topic.ts';

/**
 * Writes records as documents of search indices, of Elasticsearch and OpenSearch.
 *
 * Invariant: all documents of a put durable in the index → put resolved, and then the group's
 * offset committed. There are no transactions, so a crash has records come again; every document
 * has the version of the place of its change in the source (`documentVersion`), and a delete
 * leaves its version behind (index.gc_deletes), so that one which comes again, or late, loses.
 * What breaks otherwise: an older change over a newer one, rows that rise from the dead.
 */
export class SearchSink implements SinkTask {
  readonly #options: SearchSinkOptions;
  readonly #surroundings: SearchSinkSurroundings;
  readonly #naming: IndexNaming;
  readonly #rules: WorkRules;
  /** Null: no key waits. */
  readonly #parking: SearchKeyParking | null;
  readonly #topics = new Map<string, SearchTopic>();
  readonly #ahead: PutAhead;
  /** The end of the call before: records of a key are applied in their order. */
  #turn: Promise<unknown> = Promise.resolve();
  #parts: SearchParts | null = null;
  /** Topics of which this task has had partitions. */
  readonly #assigned = new Set<string>();
  #applied = 0;
  #connected = false;

  constructor(options: SearchSinkOptions, surroundings: SearchSinkSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#naming = new IndexNaming(options);
    const naming = this.#naming;
    const roles = options.nests.length === 0 ? null : new NestRoles(options, naming);
    this.#rules = { roles, naming, options, surroundings };
    this.#ahead = new PutAhead(this.#rules, this.#topics);
    const { send, clock } = surroundings;
    this.#parking =
      options.park === 'key'
        ? new SearchKeyParking(options, naming, must(send, 'dead letters'), clock)
        : null;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async ({ parked }) => {
      if (this.#parking !== null) {
        await parked.prepare(signal);
        return;
      }
      await refuseParked(parked, signal);
    });
  }

  /** The log has the offsets, but where a topic was parked, it goes on at its record. */
  assign(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]> {
    return this.#inTurn(signal, async ({ indexes, parked }) => {
      const topics = [...new Set(partitions.map(({ topic }) => topic))];
      await this.#parking?.look(parked, topics, signal);
      const positions: SinkPosition[] = [];
      const retried = new Set<SearchTopic>();
      for (const { topic, partition } of partitions) {
        this.#assigned.add(topic);
        const progress = this.#topics.get(topic);
        if (progress === undefined || progress.parked === null) continue;
        retried.add(progress);
        const offset = progress.positions.get(partition);
        const { generation } = progress;
        if (offset !== undefined) positions.push({ topic, partition, generation, offset });
      }
      for (const progress of retried) {
        progress.parked = null;
        progress.heldFor = null;
      }
      // Somebody may have changed them.
      if (retried.size > 0) indexes.forgetAll();
      return positions;
    });
  }

  release(partitions: readonly SinkPartition[]): void {
    for (const { topic, partition } of partitions) {
      const progress = this.#topics.get(topic);
      progress?.positions.delete(partition);
      if (progress !== undefined && progress.positions.size > 0) continue;
      this.#topics.delete(topic);
      this.#parking?.forget(topic);
    }
  }

  put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
    ahead?: (later: () => void) => readonly SinkRecord[] | null,
  ): Promise<readonly SinkPartition[]> {
    let isOver = false;
    const work = async (parts: SearchParts, early: EarlyPut | null): Promise<[]> => {
      const works = this.#plan(records, positions);
      if (this.#parking === null) {
        const begin = (underWay: readonly DocumentChange[]): void => {
          const next = ahead?.(later(underWay)) ?? null;
          if (next !== null) this.#ahead.begin(parts, next, underWay, signal);
        };
        const later = (underWay: readonly DocumentChange[]) => (): void => {
          // By then the records of this put may be those of the next one, and tried again.
          if (!isOver && !signal.aborted) begin(underWay);
        };
        try {
          await applyWorks(parts, this.#rules, works, signal, { early, begin });
        } finally {
          isOver = true;
        }
      } else {
        const apply: ApplyLive = (open, live) =>
          applyWorks(parts, this.#rules, open, signal, { live });
        await this.#parking.put(parts.parked, works, apply, signal);
      }
      for (const work of works) {
        if (work.progress.parked !== null) continue;
        finish(work);
        this.#applied += work.records.length;
      }
      return [];
    };
    return this.#inTurn(signal, work, records);
  }

  /** Topics that are held, and whose index takes their records now. */
  fitting(signal: AbortSignal): Promise<readonly string[]> {
    return this.#inTurn(signal, async ({ indexes, parked }) => {
      await this.#parking?.lookAgain(parked, signal);
      const fitting: string[] = [];
      for (const { topic, heldFor } of this.#topics.values()) {
        if (heldFor === null) continue;
        indexes.forget(heldFor.index);
        if (await indexes.takes(heldFor, signal)) fitting.push(topic);
      }
      await this.#renew(indexes, signal);
      return fitting;
    });
  }

  /** Goes on with indices that are filled, also those that another process has begun. */
  async #renew(indexes: SearchIndexes, signal: AbortSignal): Promise<void> {
    const names = new Set(indexes.filling());
    // What was begun goes on, whatever the policy is now, once a record has shown it.
    const looked = this.#options.policy === 'reindex' ? this.#assigned : [];
    for (const topic of looked) {
      const index = this.#naming.ofTopic(topic);
      const known = index === null ? null : await indexes.find(index, signal);
      if (known !== null && known.meta.filling !== null) names.add(known.name);
    }
    for (const index of names) {
      const filling = (await indexes.find(index, signal))?.meta.filling ?? null;
      // Where one has failed, a start tries again.
      if (filling === null || this.#isParked(filling.topic)) continue;
      const state = await indexes.renew(index, signal);
      if (state.kind !== 'failed') continue;
      const progress = this.#topics.get(state.topic) ?? newTopic(state.topic);
      this.#topics.set(state.topic, progress);
      parkAt(progress, index, state.error);
    }
  }

  #isParked(topic: string): boolean {
    const progress = this.#topics.get(topic);
    return progress !== undefined && progress.parked !== null;
  }

  status(): SinkStatus {
    const parked = [...this.#topics.values()].flatMap(({ parked: table }) => table ?? []);
    const view = { applied: this.#applied, parked, connected: this.#connected };
    return this.#parking === null ? view : { ...view, parkedKeys: this.#parking.view() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#ahead.ended();
    await this.#close();
  }

  #plan(records: readonly SinkRecord[], positions: readonly SinkPosition[]): readonly TopicWork[] {
    const parts = new Map<string, { records: SinkRecord[]; positions: SinkPosition[] }>();
    const partOf = (topic: string): { records: SinkRecord[]; positions: SinkPosition[] } => {
      let part = parts.get(topic);
      if (part === undefined) parts.set(topic, (part = { records: [], positions: [] }));
      return part;
    };
    for (const record of records) partOf(record.topic).records.push(record);
    for (const position of positions) partOf(position.topic).positions.push(position);
    return [...parts].flatMap(([topic, part]) => {
      const progress = this.#topics.get(topic) ?? newTopic(topic);
      this.#topics.set(topic, progress);
      return planTopic(progress, part.records, part.positions) ?? [];
    });
  }

  /** Runs `work` after what runs there already; of a put with what was begun of its records. */
  #inTurn<T>(
    signal: AbortSignal,
    work: (parts: SearchParts, early: EarlyPut | null) => Promise<T>,
    records: readonly SinkRecord[] | null = null,
  ): Promise<T> {
    const turn = this.#turn.then(async () => {
      const early = records === null ? null : await this.#ahead.take(records);
      await this.#ahead.ended();
      signal.throwIfAborted();
      try {
        this.#parts ??= await openParts(
          this.#options,
          this.#rules.roles,
          this.#surroundings,
          signal,
        );
        const result = await work(this.#parts, early);
        this.#connected = true;
        return result;
      } catch (thrown) {
        this.#connected = false;
        // What is known of the indices may be what is wrong.
        this.#parts?.indexes.forgetAll();
        throw thrown instanceof TidemarkError ? thrown : toTidemarkError(thrown, 'SINK_SERVER');
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #close(): Promise<void> {
    const parts = this.#parts;
    this.#parts = null;
    this.#connected = false;
    await parts?.client[Symbol.asyncDispose]();
  }
}

async function refuseParked(parked: ParkedTopics, signal: AbortSignal): Promise<void> {
  const all = await parked.all(signal).catch((error: unknown) => {
    // Who may not look at the index has never had keys in it.
    if (error instanceof TidemarkError && error.code === 'SINK_AUTH') return [];
    throw error;
  });
  for (const keys of all) {
    const [first] = [...keys.values()].flat();
    if (first !== undefined) throw stillParked(first.topic, keys.size);
  }
}
