import { TidemarkError } from '../../foundation/errors.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { sourceField } from '../record-change.ts';
import {
  type DocumentChange,
  documentChanges,
  recordVersion,
  versionKind,
} from './document-change.ts';
import type { RefusedChange, WrittenChanges } from './document-writer.ts';
import { eraseDocuments } from './document-eraser.ts';
import { FOREIGN_INDEX, raised, type SinkMeta, type VersionKind } from './index-meta.ts';
import type { IndexNaming } from './index-naming.ts';
import { isolatedKeys } from './isolated-keys.ts';
import type { KnownIndex } from './known-index.ts';
import type { SearchIndexes, WantedIndex } from './search-indexes.ts';
import type { SearchParts, SearchSinkSurroundings } from './search-parts.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';
import type { SearchTopic, TopicWork } from './search-topic.ts';
import { isolatedRecords, RefusedRecords } from './refused-records.ts';
import type { RefusedRecord, TopicSegment } from './topic-segments.ts';

/** A topic's part of a round. */
export interface RoundPart {
  readonly work: TopicWork;
  readonly segment: TopicSegment;
}

/** What goes out beside a round. */
export interface RoundAhead {
  /** What became of these changes, where they are under way already; null: they are not. */
  written(changes: readonly DocumentChange[], spare: () => void): Promise<WrittenChanges | null>;
  /** All of them are under way, and there is room for more. */
  begin(underWay: readonly DocumentChange[]): void;
}

/** Applies segments of several topics at once, and decides what becomes of what is refused. */
export class PutRound {
  readonly #parts: SearchParts;
  readonly #naming: IndexNaming;
  readonly #options: SearchSinkOptions;
  readonly #refusals: RefusedRecords;

  constructor(
    parts: SearchParts,
    naming: IndexNaming,
    options: SearchSinkOptions,
    surroundings: Pick<SearchSinkSurroundings, 'send' | 'warn'>,
  ) {
    this.#parts = parts;
    this.#naming = naming;
    this.#options = options;
    this.#refusals = new RefusedRecords(naming, options, surroundings);
  }

  /** A generation without rows has its index emptied, too. */
  async begin(works: readonly TopicWork[], signal: AbortSignal): Promise<void> {
    for (const work of works) {
      const index = work.begins ? this.#naming.ofTopic(work.progress.topic) : null;
      if (index === null || this.#options.dataStream !== null) continue;
      const known = await this.#parts.indexes.find(index, signal);
      const error = known === null ? null : await this.#enter(work, known, signal);
      if (error !== null) this.#refusals.stop(work, index, work.records[0], error);
    }
  }

  async apply(parts: readonly RoundPart[], signal: AbortSignal, ahead?: RoundAhead): Promise<void> {
    const changes: DocumentChange[] = [];
    for (const part of parts) changes.push(...(await this.#prepared(part, signal)));
    const live = parts.filter(({ work }) => work.progress.parked === null);
    const works = new Map(live.map(({ work }) => [work.progress.topic, work]));
    const wanted = changes.filter(({ topic }) => works.has(topic));
    const spare = (): void => ahead?.begin(wanted);
    const early = (await ahead?.written(wanted, spare)) ?? null;
    const { refused } = early ?? (await this.#parts.writer.write(wanted, signal, spare));
    for (const { work, segment } of live) {
      const { topic } = work.progress;
      const ofTopic = refused.filter(({ change }) => change.topic === topic);
      const found = await this.#isolated(ofTopic, signal);
      await this.#refusals.settle(work, [...segment.refused, ...found]);
      if (work.progress.parked === null) await this.#truncate(work, segment, signal);
    }
  }

  /** Once more where an index was replaced on the way: what it took is now for the other one. */
  async #prepared(part: RoundPart, signal: AbortSignal): Promise<readonly DocumentChange[]> {
    const { indexes } = this.#parts;
    for (;;) {
      const { renewals } = indexes;
      const fitting = await this.#fitting(part, signal);
      if (indexes.renewals === renewals) return fitting;
    }
  }

  /** Changes whose indices take them; a topic of which one does not is parked. */
  async #fitting(
    { work, segment }: RoundPart,
    signal: AbortSignal,
  ): Promise<readonly DocumentChange[]> {
    const kept: DocumentChange[] = [];
    for (const change of segment.changes.all()) {
      if (isReady(this.#parts.indexes, this.#options, work.progress, change)) {
        kept.push(this.#addressed(change));
        continue;
      }
      const error = await this.#unready(work, change, signal);
      if (error === null) kept.push(this.#addressed(change));
      else if (error !== 'skip') {
        this.#refusals.stop(work, change.index, change.records.at(-1), error.error, error.heldFor);
        return [];
      }
    }
    return kept;
  }

  /** While an index is filled, documents go there by its own name. */
  #addressed(change: DocumentChange): DocumentChange {
    const known = this.#parts.indexes.known(change.index);
    if (known === null || known.former === null) return change;
    return { ...change, index: known.target, former: known.former };
  }

  /** Null: the index takes the change. */
  async #unready(
    work: TopicWork,
    change: DocumentChange,
    signal: AbortSignal,
  ): Promise<{ error: TidemarkError; heldFor: WantedIndex | null } | 'skip' | null> {
    const { indexes } = this.#parts;
    const { topic } = work.progress;
    // A delete, too, leaves its version only in an index that is there.
    const { index, rowSchema: row } = change;
    let known = indexes.known(index);
    try {
      if (row !== null && known?.fits.has(row) !== true) {
        const { version, origin } = change;
        const cause = { version, table: tableOf(origin) };
        const meta = this.#metaFor(work, change);
        known = await indexes.ready({ index, topic, row }, meta, cause, signal);
        if (known === null) return 'skip';
      }
      known ??= await indexes.find(index, signal);
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code !== 'SINK_SCHEMA') throw error;
      const isHeld = this.#options.policy !== 'alert' && row !== null;
      return { error, heldFor: isHeld ? { index, topic, row } : null };
    }
    // There is nothing that a delete could delete.
    if (known === null) return 'skip';
    const error =
      (await this.#enter(work, known, signal)) ?? (await this.#versioned(known, change, signal));
    if (error === 'skip') return 'skip';
    return error === null ? null : { error, heldFor: null };
  }

  #metaFor({ progress }: TopicWork, change: DocumentChange): SinkMeta {
    const generations = new Map([[progress.topic, progress.generation]]);
    return { ...FOREIGN_INDEX, generations, versions: this.#kindOf(change) };
  }

  /**
   * The index has rows of an older generation of the topic: they go first (ruling 3). Several tasks
   * may find that at once, each with partitions of its own. Nobody writes a row of the new
   * generation before the index says that it is in it, and who empties it looks at that once more
   * when it is fixed what is to go: so nobody deletes what another one has written since.
   */
  async #enter(
    { progress }: TopicWork,
    known: KnownIndex,
    signal: AbortSignal,
  ): Promise<TidemarkError | null> {
    const { topic, generation } = progress;
    if (this.#options.dataStream !== null || known.meta.generations.get(topic) === generation)
      return null;
    const { indexes, client, bulk } = this.#parts;
    // Another task may have done it.
    indexes.forget(known.name);
    const now = await indexes.find(known.name, signal);
    if (now === null) return null;
    const before = now.meta.generations.get(topic);
    if (before !== undefined && before > generation) return null;
    if (before !== undefined && before < generation) {
      if (now.meta.generations.size > 1) return sharedIndex(now);
      const unless = async (): Promise<boolean> => {
        indexes.forget(now.name);
        const then = await indexes.find(now.name, signal);
        return (then?.meta.generations.get(topic) ?? 0) >= generation;
      };
      await eraseDocuments(client, bulk, now.target, { upTo: null, unless }, signal);
    }
    await indexes.remember(
      now.name,
      (meta) => ({ ...meta, generations: raised(meta.generations, topic, generation) }),
      signal,
    );
    return null;
  }

  /** Versions of another kind could not be compared: the lower ones would be lost in silence. */
  async #versioned(
    { name }: KnownIndex,
    change: DocumentChange,
    signal: AbortSignal,
  ): Promise<TidemarkError | 'skip' | null> {
    const kind = this.#kindOf(change);
    const known = this.#parts.indexes.known(name);
    if (kind === null || known === null || known.meta.versions === kind) return null;
    // A tombstone does not say where it stands; the delete before it did.
    const isTombstone = change.records.every(({ value }) => value === null);
    if (isTombstone && kind === 'offset') return 'skip';
    if (known.meta.versions === null) {
      const versions = (meta: SinkMeta): SinkMeta => ({ ...meta, versions: meta.versions ?? kind });
      await this.#parts.indexes.remember(name, versions, signal);
      // Another task may have been faster, with the other kind.
      return this.#versioned(known, change, signal);
    }
    const [has, brings] = [known.meta.versions, kind].map((one) => `${one}s`);
    return new TidemarkError('SINK_SCHEMA', `${name} has versions from ${has}, not ${brings}`, {
      cure:
        'They cannot be compared. Keep position.header of the source and document.version as ' +
        'they were, or have a new index written: delete this one, and move the offsets back.',
    });
  }

  /** Null: the document has no version. */
  #kindOf(change: DocumentChange): VersionKind | null {
    return versionKind(change, this.#options);
  }

  async #truncate(work: TopicWork, { truncate }: TopicSegment, signal: AbortSignal): Promise<void> {
    if (truncate === null) return;
    const { record, index } = truncate;
    const { indexes, client, bulk } = this.#parts;
    const known = await indexes.find(index, signal);
    if (known === null) return;
    if (known.meta.generations.size > 1) {
      this.#refusals.stop(work, index, record, sharedIndex(known));
      return;
    }
    const upTo = recordVersion(record, this.#options);
    await eraseDocuments(client, bulk, known.target, { upTo }, signal);
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
      changesOf: (record, { index, former }) =>
        documentChanges(record, index, this.#options).map((one) => ({ ...one, former })),
      write: async (changes) => (await this.#parts.writer.write(changes, signal)).refused,
    });
  }

  async #again(
    record: SinkRecord,
    { index, former }: DocumentChange,
    signal: AbortSignal,
  ): Promise<readonly TidemarkError[]> {
    const changes = documentChanges(record, index, this.#options);
    const { refused } = await this.#parts.writer.write(
      changes.map((one) => ({ ...one, former })),
      signal,
    );
    return refused.slice(0, 1).map(({ error }) => error);
  }
}

/** Of most changes what is known of their index says so: nothing is waited for then. */
export function isReady(
  indexes: Pick<SearchIndexes, 'known'>,
  options: SearchSinkOptions,
  { topic, generation }: SearchTopic,
  change: DocumentChange,
): boolean {
  const known = indexes.known(change.index);
  if (known === null) return false;
  const { fits, meta } = known;
  if (change.rowSchema !== null && !fits.has(change.rowSchema)) return false;
  const isEntered = options.dataStream !== null || meta.generations.get(topic) === generation;
  if (!isEntered) return false;
  const kind = versionKind(change, options);
  return kind === null || kind === meta.versions;
}

/** `schema.table`, of MySQL `database.table`; null: the record does not say. */
function tableOf({ value }: SinkRecord): string | null {
  if (value === null) return null;
  const schema = sourceField(value, 'schema') ?? sourceField(value, 'db');
  const table = sourceField(value, 'table');
  return schema === null || table === null ? null : `${schema}.${table}`;
}

function sharedIndex({ name, meta }: KnownIndex): TidemarkError {
  const topics = [...meta.generations.keys()].join(', ');
  return new TidemarkError('SINK_SCHEMA', `${name} has documents of several topics: ${topics}`, {
    cure:
      'It cannot be emptied for one of them. Give each topic an index of its own, or delete the ' +
      'index and move the offsets of the sink back (truncate.enabled false passes over TRUNCATE).',
  });
}
