import { fieldRoom } from '../../../dialects/search/field-limit.ts';
import { mappingChange } from '../../../dialects/search/search-mapping.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { formatLosslessJson } from '../../foundation/lossless-json.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { IndexMaker, indexPath } from './index-maker.ts';
import { unfitMapping } from './index-mapping.ts';
import { FOREIGN_INDEX, type SinkMeta } from './index-meta.ts';
import {
  IndexRenewal,
  nextIndexName,
  type RenewalCause,
  type RenewalParts,
  type RenewalState,
} from './index-renewal.ts';
import { changeMeta, inPlaceOf, type KnownIndex, readIndex } from './known-index.ts';
import type { SearchClient } from './search-client.ts';
import { answerError, answerReason } from './search-errors.ts';
import { coversTopic, type SearchSinkOptions } from './search-sink-options.ts';

/** The index that a topic needs, by a row of it. */
export interface WantedIndex {
  readonly index: string;
  readonly topic: string;
  readonly row: ConnectSchema;
}

/** Whom indices tell, and ask. */
export interface IndexEvents extends Pick<RenewalParts, 'tell' | 'fault' | 'reread'> {
  readonly warn: (text: string) => void;
}

/** What the sink would have the server do. */
export interface PlannedIndex {
  readonly exists: boolean;
  /** Null: nothing. */
  readonly request: string | null;
  /** What that does to what is there; null: it makes something. */
  readonly effect: string | null;
}

/**
 * Indices and their mappings: made before the first document, and told of new fields before the
 * documents that have them, so that the server never guesses a type. What it knows of an index is
 * read once; who changes a mapping beside the sink is noticed when a topic is tried again.
 */
export class SearchIndexes {
  readonly #client: SearchClient;
  readonly #options: SearchSinkOptions;
  readonly #known = new Map<string, KnownIndex>();
  readonly #events: IndexEvents;
  readonly #maker: IndexMaker;
  readonly #renewal: IndexRenewal;

  /** How many indices were replaced by this task, or begun to be. */
  renewals = 0;

  constructor(client: SearchClient, options: SearchSinkOptions, events: IndexEvents) {
    this.#client = client;
    this.#options = options;
    this.#events = events;
    this.#maker = new IndexMaker(client, options);
    this.#renewal = new IndexRenewal({ client, options, maker: this.#maker, ...events });
  }

  /** Null: there is none, or nothing is known of it yet. */
  known(index: string): KnownIndex | null {
    return this.#known.get(index) ?? null;
  }

  /** It is read again when it is needed next. */
  forget(index: string): void {
    this.#known.delete(index);
  }

  forgetAll(): void {
    this.#known.clear();
  }

  /** Indices that are filled to take the place of others, as far as they are known. */
  filling(): readonly string[] {
    return [...this.#known.values()].flatMap(({ name, meta }) =>
      meta.filling === null ? [] : [name],
    );
  }

  /** Null: there is none. Throws what the server says. */
  async find(index: string, signal: AbortSignal): Promise<KnownIndex | null> {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const read = await readIndex(this.#client, index, signal);
    if (read === null) return null;
    const { next } = read.meta;
    const found =
      next === null ? read : inPlaceOf(read, await readIndex(this.#client, next, signal));
    this.#known.set(index, found);
    return found;
  }

  /**
   * Makes what is missing. Null: the record is older than its index, and has nothing to say. Throws
   * SINK_SCHEMA for what does not fit, and what the server says.
   */
  async ready(
    wanted: WantedIndex,
    meta: SinkMeta,
    cause: Pick<RenewalCause, 'table' | 'version'>,
    signal: AbortSignal,
  ): Promise<KnownIndex | null> {
    const { index, topic, row } = wanted;
    if (this.#options.dataStream !== null) return this.#readyStream(index, signal);
    const found = (await this.find(index, signal)) ?? (await this.#create(wanted, meta, signal));
    if (found.fits.has(row)) return found;
    if (!coversTopic(this.#options.schemaIgnored, topic)) {
      const unfit = await this.#widen(found, row, signal);
      if (unfit !== null) {
        if (this.#options.policy !== 'reindex') throw unfit;
        if (isOlder(cause.version, found.meta.since)) return null;
        await this.#renewal.begin(found, { ...cause, topic, row }, unfit, signal);
        this.renewals++;
        this.forget(index);
        return this.ready(wanted, meta, cause, signal);
      }
    }
    found.fits.add(row);
    return found;
  }

  /** Goes on with an index that is filled to take the place of another one. */
  async renew(index: string, signal: AbortSignal): Promise<RenewalState> {
    this.forget(index);
    const found = await this.find(index, signal);
    if (found === null) return { kind: 'none' };
    const state = await this.#renewal.advance(found, signal);
    if (state.kind === 'done') this.forget(index);
    return state;
  }

  /** Whether the index takes such rows as it is now, or with new fields. */
  async takes({ index, row }: WantedIndex, signal: AbortSignal): Promise<boolean> {
    const found = await this.find(index, signal);
    if (found === null) return true;
    const { additions, conflicts } = mappingChange(found.mappings, this.#maker.wanted(row));
    if (conflicts.length > 0) return false;
    return fieldRoom(found.mappings, additions, found.settings).state !== 'over';
  }

  /** Keeps what the sink has to know of the index in the index. */
  async remember(
    index: string,
    change: (meta: SinkMeta) => SinkMeta,
    signal: AbortSignal,
  ): Promise<void> {
    const read = (): Promise<KnownIndex | null> => {
      this.forget(index);
      return this.find(index, signal);
    };
    await changeMeta(this.#client, read, change, signal);
  }

  /** What `ready` would ask of the server; changes nothing. Throws what `ready` throws. */
  async plan({ index, topic, row }: WantedIndex, signal: AbortSignal): Promise<PlannedIndex> {
    const isGuessed = coversTopic(this.#options.schemaIgnored, topic);
    const found = await this.find(index, signal);
    if (found === null) {
      const { name, alias } = this.#newName(index);
      const body = this.#maker.body({ row: isGuessed ? null : row, alias, meta: null });
      const request = `PUT ${name} ${formatLosslessJson(body)}`;
      return { exists: false, request, effect: null };
    }
    if (isGuessed) return { exists: true, request: null, effect: null };
    const { additions, conflicts } = mappingChange(found.mappings, this.#maker.wanted(row));
    if (conflicts.length > 0) {
      const unfit = unfitMapping(found.concrete, found.name, conflicts);
      if (this.#options.policy !== 'reindex') throw unfit;
      const request = this.#renewal.plan(found, topic, row, unfit);
      return { exists: true, request, effect: 'another index behind the alias' };
    }
    this.#refuseCrowded(found, additions);
    const isFit = Object.keys(additions).length === 0;
    const request = `PUT ${found.concrete}/_mapping ${formatLosslessJson(additions)}`;
    return { exists: true, request: isFit ? null : request, effect: 'new fields' };
  }

  async #create(wanted: WantedIndex, meta: SinkMeta, signal: AbortSignal): Promise<KnownIndex> {
    const { index, topic, row } = wanted;
    if (!this.#options.createIndices) {
      throw new TidemarkError('SINK_SCHEMA', `there is no index ${index}`, {
        cure: 'Create it, or switch create.indices on.',
      });
    }
    const isGuessed = coversTopic(this.#options.schemaIgnored, topic);
    const { name, alias } = this.#newName(index);
    const made = { name, alias, meta: { ...meta, made: true }, row: isGuessed ? null : row };
    const isNew = await this.#maker.create(made, signal);
    if (isNew) this.#events.tell(`PUT ${name}`, 'an index was made');
    const found = await this.find(index, signal);
    if (found !== null) return found;
    if (isNew || alias === null) {
      throw new TidemarkError('SINK_SERVER', `${index}: the index was made, and is gone`);
    }
    throw new TidemarkError('SINK_SCHEMA', `there is an index ${name}, and no alias ${alias}`, {
      cure: `Give it the alias, or DELETE ${name}.`,
    });
  }

  /** An index that is to be replaced some day is only ever named by an alias. */
  #newName(index: string): { readonly name: string; readonly alias: string | null } {
    if (this.#options.policy !== 'reindex') return { name: index, alias: null };
    return { name: nextIndexName(index, []), alias: index };
  }

  /** A data stream takes its mapping from a template, which somebody else looks after. */
  async #readyStream(name: string, signal: AbortSignal): Promise<KnownIndex> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const stream = `/_data_stream/${encodeURIComponent(name)}`;
    let answer = await this.#client.request('GET', stream, undefined, signal);
    if (answer.status === 404 && this.#options.createIndices) {
      answer = await this.#client.request('PUT', stream, undefined, signal);
      const isThere = answerReason(answer).type === 'resource_already_exists_exception';
      if (isThere) answer = { ...answer, status: 200 };
    }
    if (answer.status !== 200) {
      const { message } = answerError(`data stream ${name}`, answer);
      throw new TidemarkError('SINK_SCHEMA', message, {
        cure: 'Make an index template with "data_stream": {} whose index_patterns has its name.',
      });
    }
    const found = {
      name,
      concrete: name,
      target: name,
      former: null,
      meta: FOREIGN_INDEX,
      mappings: {},
      settings: null,
      fits: new WeakSet<ConnectSchema>(),
    };
    this.#known.set(name, found);
    return found;
  }

  /** What stands in the way; null: it takes such rows now. */
  async #widen(
    found: KnownIndex,
    row: ConnectSchema,
    signal: AbortSignal,
  ): Promise<TidemarkError | null> {
    const { additions, conflicts } = mappingChange(found.mappings, this.#maker.wanted(row));
    if (conflicts.length > 0) return unfitMapping(found.concrete, found.name, conflicts);
    if (Object.keys(additions).length === 0) return null;
    this.#refuseCrowded(found, additions);
    const what = `PUT ${found.concrete}/_mapping`;
    const fields = formatLosslessJson(additions);
    if (!this.#options.evolve) {
      throw new TidemarkError('SINK_SCHEMA', `the mapping of ${found.concrete} lacks fields`, {
        cure: `${what} ${fields}, or switch evolve.mappings on.`,
      });
    }
    const answer = await this.#maker.put(`${indexPath(found.concrete)}/_mapping`, signal, () => {
      return mappingChange(found.mappings, this.#maker.wanted(row)).additions;
    });
    if (answer.status !== 200) throw answerError(what, answer);
    this.#events.tell(`${what} ${fields}`, 'new fields');
    this.#known.delete(found.name);
    const again = await this.find(found.name, signal);
    if (again !== null) found.mappings = again.mappings;
    this.#known.set(found.name, found);
    return null;
  }

  /**
   * More fields than the index may have are not sent, and few that are left are told: the limit is
   * a setting, which may be changed at any time.
   */
  #refuseCrowded({ concrete, mappings, settings }: KnownIndex, additions: JsonObject): void {
    const { fields, limit, state } = fieldRoom(mappings, additions, settings);
    if (state === 'free' || Object.keys(additions).length === 0) return;
    const cure =
      `PUT ${concrete}/_settings {"index.mapping.total_fields.limit": ${fields * 2}}, or leave ` +
      'columns out (column.exclude.list of the source).';
    const told = `index.mapping.total_fields.limit of ${concrete} is ${limit}`;
    if (state === 'over') {
      throw new TidemarkError('SINK_SCHEMA', `${told}, and it needs ${fields} fields`, { cure });
    }
    this.#events.warn(`${told}, and it has ${fields} fields now: ${cure}`);
  }
}

/** Versions are decimals without zeros in front. */
function isOlder(version: string | null, since: string | null): boolean {
  return version !== null && since !== null && BigInt(version) <= BigInt(since);
}
