import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { type DocumentChange, recordVersion, versionKind } from './document-change.ts';
import type { RefusedChange } from './document-writer.ts';
import { FOREIGN_INDEX, raised, type VersionKind } from './index-meta.ts';
import type { IndexNaming } from './index-naming.ts';
import { isolatedKeys } from './isolated-keys.ts';
import type { KnownIndex } from './known-index.ts';
import { stateIndex } from './nest-children.ts';
import type { KeptId } from './nest-indexes.ts';
import type { NestPlace, NestRoles } from './nest-roles.ts';
import type { RoundPart } from './put-round.ts';
import { isolatedRecords, RefusedRecords } from './refused-records.ts';
import type { WantedIndex } from './search-indexes.ts';
import type { NestParts, SearchParts, SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import type { TopicWork } from './search-topic.ts';
import type { RefusedRecord } from './topic-segments.ts';

type Unready = { error: TidemarkError; heldFor: WantedIndex | null } | 'skip' | null;

/** What `PutRound` is for other topics, for those whose rows make documents together. */
export class NestRound {
  readonly #parts: SearchParts & { readonly nests: NestParts };
  readonly #roles: NestRoles;
  readonly #options: SearchSinkOptions;
  readonly #clock: SearchSinkSurroundings['clock'];
  readonly #refusals: RefusedRecords;

  constructor(
    parts: SearchParts & { readonly nests: NestParts },
    roles: NestRoles,
    naming: IndexNaming,
    options: SearchSinkOptions,
    surroundings: Pick<SearchSinkSurroundings, 'send' | 'warn' | 'clock'>,
  ) {
    this.#parts = parts;
    this.#roles = roles;
    this.#options = options;
    this.#clock = surroundings.clock;
    this.#refusals = new RefusedRecords(naming, options, surroundings);
  }

  /** A generation without rows has its rows taken out, too. */
  async begin(works: readonly TopicWork[], signal: AbortSignal): Promise<void> {
    for (const work of works) {
      if (!work.begins) continue;
      for (const place of this.#roles.placesOf(work.progress.topic)) {
        const state = await this.#parts.indexes.find(stateIndex(place.index), signal);
        if (state !== null) await this.#enter(work, place, state, signal);
      }
    }
  }

  async apply(parts: readonly RoundPart[], signal: AbortSignal): Promise<void> {
    const changes: DocumentChange[] = [];
    for (const part of parts) changes.push(...(await this.#prepared(part, signal)));
    const live = parts.filter(({ work }) => work.progress.parked === null);
    const topics = new Set(live.map(({ work }) => work.progress.topic));
    const taken = changes.filter(({ topic }) => topics.has(topic));
    const { refused } = await this.#parts.nests.writer.write(taken, signal);
    for (const { work, segment } of live) {
      const ofTopic = refused.filter(({ change }) => change.topic === work.progress.topic);
      const found = await this.#isolated(ofTopic, signal);
      await this.#refusals.settle(work, [...segment.refused, ...found]);
      if (work.progress.parked !== null || segment.truncate === null) continue;
      await this.#empty(work, segment.truncate.record, signal);
    }
    for (const index of new Set(taken.map((change) => change.index))) {
      await this.#parts.nests.indexes.sweep(index, this.#clock.nowMs(), signal);
    }
  }

  /** Changes whose indices take them; a topic of which one does not is parked. */
  async #prepared(
    { work, segment }: RoundPart,
    signal: AbortSignal,
  ): Promise<readonly DocumentChange[]> {
    const kept: DocumentChange[] = [];
    // Most changes of a put are alike.
    const known = new Map<string, Map<ConnectSchema | null, Unready>>();
    for (const change of segment.changes.all()) {
      const kind = versionKind(change, this.#options);
      const alike = `${change.index}/${change.nest?.field ?? ''}/${kind}/${isTombstone(change)}`;
      let bySchema = known.get(alike);
      if (bySchema === undefined) {
        bySchema = new Map<ConnectSchema | null, Unready>();
        known.set(alike, bySchema);
      }
      let error = bySchema.get(change.rowSchema);
      if (error === undefined) {
        error = await this.#unready(work, change, kind, signal);
        bySchema.set(change.rowSchema, error);
      }
      if (error === null) kept.push(change);
      else if (error !== 'skip') {
        this.#refusals.stop(work, change.index, change.records.at(-1), error.error, error.heldFor);
        return [];
      }
    }
    return kept;
  }

  /** Null: the indices take the change. */
  async #unready(
    work: TopicWork,
    change: DocumentChange,
    kind: VersionKind | null,
    signal: AbortSignal,
  ): Promise<Unready> {
    const { indexes } = this.#parts;
    const { index, topic, rowSchema: row } = change;
    const place = { index, nest: change.nest ?? null };
    try {
      let known = indexes.known(index);
      if (row !== null && known?.fits.has(row) !== true) {
        const meta = { ...FOREIGN_INDEX, versions: 'revision' } as const;
        const cause = { version: change.version, table: null };
        known = await indexes.ready({ index, topic, row }, meta, cause, signal);
      }
      known ??= await indexes.find(index, signal);
      // There is nothing that a delete could delete.
      if (known === null) return 'skip';
      const state = await this.#parts.nests.indexes.ready(index, signal);
      const error =
        (await this.#versioned(index, 'revision', signal)) ??
        (await this.#enter(work, place, state, signal)) ??
        (await this.#sameKind(state, change, kind, signal));
      return error === null || error === 'skip' ? error : { error, heldFor: null };
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'SINK_SCHEMA') throw error;
      const isHeld = this.#options.policy === 'hold' && row !== null;
      return { error, heldFor: isHeld ? { index, topic, row } : null };
    }
  }

  /**
   * Rows of an older generation go first (ruling 3), each as of its own place: whatever another
   * task has written since is newer than that, and stays.
   */
  async #enter(
    { progress, records }: TopicWork,
    place: NestPlace,
    state: KnownIndex,
    signal: AbortSignal,
  ): Promise<null> {
    const { topic, generation } = progress;
    if (state.meta.generations.get(topic) === generation) return null;
    const { indexes } = this.#parts;
    indexes.forget(state.name);
    const now = await indexes.find(state.name, signal);
    const before = now?.meta.generations.get(topic);
    if (now === null || (before !== undefined && before > generation)) return null;
    if (before !== undefined && before < generation) {
      await this.#erase(topic, place, records[0] ?? noRecord(topic, generation), null, signal);
    }
    await indexes.remember(
      state.name,
      (meta) => ({ ...meta, generations: raised(meta.generations, topic, generation) }),
      signal,
    );
    return null;
  }

  async #sameKind(
    { name }: KnownIndex,
    change: DocumentChange,
    kind: VersionKind | null,
    signal: AbortSignal,
  ): Promise<TidemarkError | 'skip' | null> {
    if (kind === null) return null;
    const known = await this.#parts.indexes.find(name, signal);
    // It does not say where it stands; the delete before it did.
    const isBare = isTombstone(change) && kind === 'offset' && known?.meta.versions !== kind;
    return isBare ? 'skip' : this.#versioned(name, kind, signal);
  }

  /** Versions of another kind could not be compared: the lower ones would be lost in silence. */
  async #versioned(
    name: string,
    kind: VersionKind,
    signal: AbortSignal,
  ): Promise<TidemarkError | null> {
    const known = await this.#parts.indexes.find(name, signal);
    if (known === null || known.meta.versions === kind) return null;
    if (known.meta.versions === null) {
      await this.#parts.indexes.remember(
        name,
        (meta) => ({ ...meta, versions: meta.versions ?? kind }),
        signal,
      );
      return this.#versioned(name, kind, signal);
    }
    const [has, brings] = [known.meta.versions, kind].map((one) => `${one}s`);
    return new TidemarkError('SINK_SCHEMA', `${name} has versions from ${has}, not ${brings}`, {
      cure:
        'They cannot be compared. Keep document.nest, position.header of the source and ' +
        'document.version as they were, or have a new index written: delete this one and the ' +
        'one beside it (.nest), and move the offsets back.',
    });
  }

  /** TRUNCATE. */
  async #empty(work: TopicWork, record: SinkRecord, signal: AbortSignal): Promise<void> {
    const { topic } = work.progress;
    for (const place of this.#roles.placesOf(topic)) {
      const state = await this.#parts.indexes.find(stateIndex(place.index), signal);
      if (state === null) continue;
      await this.#erase(topic, place, record, recordVersion(record, this.#options), signal);
    }
  }

  async #erase(
    topic: string,
    place: NestPlace,
    record: SinkRecord,
    upTo: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#parts.nests.indexes.forEachRow(place, signal, async (rows) => {
      const gone = rows.map((row) => goneChange(topic, place, row, record, upTo));
      const [refused] = (await this.#parts.nests.writer.write(gone, signal)).refused;
      if (refused !== undefined) throw refused.error;
    });
  }

  /** Which of their records changes are refused for. */
  #isolated(
    refused: readonly RefusedChange[],
    signal: AbortSignal,
  ): Promise<readonly RefusedRecord[]> {
    if (this.#options.park !== 'key') {
      return isolatedRecords(refused, (record, change) => this.#again(record, change, signal));
    }
    return isolatedKeys(refused, {
      changesOf: (record) => this.#roles.changesOf(record, this.#options),
      write: async (changes) => (await this.#parts.nests.writer.write(changes, signal)).refused,
    });
  }

  async #again(
    record: SinkRecord,
    { index, nest }: DocumentChange,
    signal: AbortSignal,
  ): Promise<readonly TidemarkError[]> {
    const ofPlace = this.#roles
      .changesOf(record, this.#options)
      .filter((one) => one.index === index && one.nest === nest);
    const failed: TidemarkError[] = [];
    for (const one of ofPlace) {
      const [refused] = (await this.#parts.nests.writer.write([one], signal)).refused;
      if (refused !== undefined) failed.push(refused.error);
    }
    return failed;
  }
}

function isTombstone({ records }: DocumentChange): boolean {
  return records.every(({ value }) => value === null);
}

/** A row that goes with all others of its topic. */
function goneChange(
  topic: string,
  { index, nest }: NestPlace,
  { id, version }: KeptId,
  record: SinkRecord,
  upTo: string | null,
): DocumentChange {
  return {
    topic,
    index,
    id,
    former: null,
    routing: null,
    version: upTo ?? version,
    effect: 'delete',
    row: null,
    rowSchema: null,
    absent: [],
    base: null,
    baseUntil: null,
    isOrphan: false,
    origin: record,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    records: [record],
    ...(nest === null ? {} : { nest }),
  };
}

/** A generation begins without a record. */
function noRecord(topic: string, generation: number): SinkRecord {
  const place = { topic, partition: 0, generation, offset: 0, sequence: 0, timestampMs: 0 };
  return { ...place, key: null, value: null, absent: [] };
}
