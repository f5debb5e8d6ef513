import { TidemarkError } from '../../foundation/errors.ts';
import {
  formatLosslessJson,
  isJsonObject,
  type JsonObject,
} from '../../foundation/lossless-json.ts';
import type { FaultHook } from '../../foundation/fault-points.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { AskReread } from '../../model/table-reread.ts';
import { type IndexMaker, indexPath } from './index-maker.ts';
import type { Filling } from './index-meta.ts';
import { changeMeta, type KnownIndex, readIndex } from './known-index.ts';
import type { SearchClient } from './search-client.ts';
import { answerError } from './search-errors.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** The first record that an index does not take for its shape. */
export interface RenewalCause {
  readonly topic: string;
  /** `schema.table`; null: the record does not say. */
  readonly table: string | null;
  /** Null: documents have no versions. */
  readonly version: string | null;
  readonly row: ConnectSchema;
}

/** What a renewal is done with. */
export interface RenewalParts {
  readonly client: SearchClient;
  readonly options: Pick<SearchSinkOptions, 'keepsReplaced'>;
  readonly maker: IndexMaker;
  readonly tell: (statement: string, effect: string) => void;
  readonly fault: FaultHook;
  /** Null: no source of this pipeline can be asked. */
  readonly reread: AskReread | null;
}

/** How far a renewal is. */
export type RenewalState =
  | { readonly kind: 'none' | 'filling' | 'done' }
  | { readonly kind: 'failed'; readonly topic: string; readonly error: TidemarkError };

/** Names of the longest kind that servers take, in bytes. */
const NAME_MAX = 255;

/**
 * A new index behind the alias, for rows that the mapping of the old one cannot take (DESIGN
 * ruling 8: from the source, since older records of the log have the shape of before).
 *
 * Invariant: new index durable, which says what it is for → old index says so → old index takes no
 * writes → source is asked to read the table → all that was applied → alias moved, at once → old
 * index deleted. From the second step on whoever looks finds the new index and writes there.
 * Why: what the source is asked for is read behind the block, so a row that only the old index got
 * is in what is read, and a row that changed later went to the new one. What breaks otherwise: a
 * task that has not noticed yet writes to the old index alone, and its rows are gone with that.
 *
 * Every step can be done twice, by whichever task, so a crash between two costs nothing but that:
 * what was begun stands in the indices, and `advance` goes on there.
 */
export class IndexRenewal {
  readonly #parts: RenewalParts;
  /** Indices that take no writes, as far as this process has seen to it. */
  readonly #blocked = new Set<string>();

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** Throws `unfit`, with what stands in the way, where there is to be no other index. */
  async begin(
    found: KnownIndex,
    cause: RenewalCause,
    unfit: TidemarkError,
    signal: AbortSignal,
  ): Promise<void> {
    const { maker, tell, fault, client } = this.#parts;
    const { topic, table, version, row } = cause;
    const obstacle = this.#obstacle(found, cause);
    if (obstacle !== null || table === null) throw inItsPlace(unfit, obstacle);
    // The alias was moved, and what it was moved from may still be there.
    if (found.former === null && found.meta.filling !== null) await this.#clean(found, signal);
    const served = found.former ?? found.concrete;
    const earlier = found.former === null ? null : found.meta.filling;
    const instead = earlier === null ? [] : [...earlier.instead, found.concrete];
    const filling: Filling = { of: earlier?.of ?? served, instead, topic, table };
    const name = nextIndexName(found.name, [served, found.concrete]);
    const meta = { ...found.meta, made: true, next: null, filling, since: version };
    if (await maker.create({ name, row, meta, alias: null }, signal)) {
      tell(`PUT ${name}`, `rows of ${table} do not fit into ${found.concrete}: a new index`);
    } else {
      const there = (await readIndex(client, name, signal))?.meta.filling ?? null;
      if (there?.of !== filling.of) throw inTheWay(name, found);
    }
    fault('search.index-made');
    for (const old of new Set([served, found.concrete])) {
      const read = (): Promise<KnownIndex | null> => readIndex(client, old, signal);
      await changeMeta(client, read, (before) => ({ ...before, next: name }), signal);
    }
    fault('search.index-told');
    await this.#block([served, ...instead], signal);
    fault('search.index-blocked');
  }

  /** What `begin` would ask for, for rows of a topic that tell their table and their place. */
  plan(found: KnownIndex, topic: string, row: ConnectSchema, unfit: TidemarkError): string {
    const obstacle = this.#obstacle(found, { topic, table: '', version: '', row });
    if (obstacle !== null) throw inItsPlace(unfit, obstacle);
    const name = nextIndexName(found.name, [found.former ?? found.concrete, found.concrete]);
    const body = this.#parts.maker.body({ row, meta: null, alias: null });
    return `PUT ${name} ${formatLosslessJson(body)}`;
  }

  /** Goes on with what was begun, by whomever; `known` as it is now. */
  async advance(known: KnownIndex, signal: AbortSignal): Promise<RenewalState> {
    const { reread } = this.#parts;
    const { filling } = known.meta;
    if (filling === null) return { kind: 'none' };
    if (known.former === null) {
      await this.#clean(known, signal);
      return { kind: 'done' };
    }
    await this.#block([known.former, filling.of, ...filling.instead], signal);
    const { topic, table } = filling;
    const id = `tidemark-${known.concrete}`;
    const state = await (reread?.({ id, topic, table }) ?? NOBODY);
    if (state.kind === 'failed') {
      return { kind: 'failed', topic, error: unread(known, state.reason) };
    }
    if (state.kind === 'waiting') return { kind: 'filling' };
    await this.#moveAlias(known, known.former, signal);
    await this.#clean({ ...known, former: null }, signal);
    return { kind: 'done' };
  }

  /** Why an index cannot be replaced; null: it can. */
  #obstacle({ name, concrete, meta }: KnownIndex, cause: RenewalCause): string | null {
    if (!meta.made) return `${concrete} was made by somebody else`;
    if (meta.versions !== 'position' || cause.version === null) {
      return 'the records do not say where in the source they stand (position.header)';
    }
    if (cause.table === null) return 'the records do not name their table';
    if ([...meta.generations.keys()].some((topic) => topic !== cause.topic)) {
      return `${concrete} has documents of several topics`;
    }
    if (concrete === name && this.#parts.options.keepsReplaced) {
      return `${name} is no alias, so that the index of that name cannot be kept`;
    }
    return this.#parts.reread === null ? 'no source of this pipeline can read the table' : null;
  }

  /** Resolves when no write to them is under way any more. */
  async #block(indices: readonly string[], signal: AbortSignal): Promise<void> {
    for (const index of indices) {
      if (this.#blocked.has(index)) continue;
      const what = `${indexPath(index)}/_block/write`;
      const answer = await this.#parts.client.request('PUT', what, undefined, signal);
      if (answer.status !== 200 && answer.status !== 404) throw answerError(`PUT ${what}`, answer);
      this.#blocked.add(index);
    }
  }

  /** Searches find the one index, and from one moment on the other. */
  async #moveAlias({ name, concrete }: KnownIndex, from: string, signal: AbortSignal) {
    const { client, tell, fault } = this.#parts;
    const gone =
      from === name
        ? { remove_index: { index: from } }
        : { remove: { index: from, alias: name, must_exist: true } };
    // Somebody may have given it more names, with filters of their own.
    const others = [...(await aliasesOf(client, from, signal))].filter(([one]) => one !== name);
    const body = formatLosslessJson({
      actions: [
        gone,
        { add: { index: concrete, alias: name } },
        ...others.map(([alias, told]) => ({ add: { ...told, index: concrete, alias } })),
        ...(from === name
          ? []
          : others.map(([alias]) => ({ remove: { index: from, alias, must_exist: false } }))),
      ],
    });
    const answer = await client.request('POST', '/_aliases', body, signal);
    // Another task may have been faster.
    const now = await readIndex(client, name, signal);
    if (answer.status !== 200 && now?.concrete !== concrete) {
      throw answerError('POST _aliases', answer);
    }
    tell(`POST _aliases ${body}`, `${name} is ${concrete} from now on`);
    fault('search.alias-moved');
  }

  async #clean({ name, concrete, meta }: KnownIndex, signal: AbortSignal): Promise<void> {
    const { client, options, tell, fault } = this.#parts;
    const { filling } = meta;
    if (filling === null) return;
    const left = options.keepsReplaced ? filling.instead : [filling.of, ...filling.instead];
    // The alias may have the name of the first of them.
    for (const index of left.filter((old) => old !== concrete && old !== name)) {
      const answer = await client.request('DELETE', indexPath(index), undefined, signal);
      if (answer.status !== 200 && answer.status !== 404) {
        throw answerError(`DELETE ${index}`, answer);
      }
      if (answer.status === 200) tell(`DELETE ${index}`, `${concrete} has taken its place`);
    }
    fault('search.replaced-deleted');
    const read = (): Promise<KnownIndex | null> => readIndex(client, concrete, signal);
    await changeMeta(client, read, (before) => ({ ...before, filling: null }), signal);
  }
}

function inItsPlace(unfit: TidemarkError, obstacle: string | null): TidemarkError {
  const message = `${unfit.message}; no other index is made: ${obstacle ?? 'no table'}`;
  return new TidemarkError('SINK_SCHEMA', message, { cure: unfit.cure });
}

/** By the name of each alias of an index what it has beside that. */
async function aliasesOf(
  client: SearchClient,
  index: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, JsonObject>> {
  const answer = await client.request('GET', `${indexPath(index)}/_alias`, undefined, signal);
  const told = isJsonObject(answer.body) ? answer.body[index] : undefined;
  const aliases = isJsonObject(told) ? told['aliases'] : undefined;
  const found = isJsonObject(aliases) ? Object.entries(aliases) : [];
  return new Map(found.map(([name, alias]) => [name, isJsonObject(alias) ? alias : {}]));
}

const NOBODY = { kind: 'failed', reason: 'no source of this pipeline can read the table' } as const;

/** Behind the highest of `taken`. Throws SINK_SCHEMA for a name that is too long. */
export function nextIndexName(alias: string, taken: readonly string[]): string {
  const numbers = taken.map((name) => {
    const rest = name.startsWith(`${alias}-`) ? name.slice(alias.length + 1) : '';
    return /^\d{6,9}$/.test(rest) ? Number(rest) : 0;
  });
  const name = `${alias}-${String(Math.max(...numbers, 0) + 1).padStart(6, '0')}`;
  if (Buffer.byteLength(name) <= NAME_MAX) return name;
  throw new TidemarkError('SINK_SCHEMA', `${alias} is too long for an index ${name} behind it`, {
    cure: 'Name it otherwise: index.name.format, topic.index.map.',
  });
}

function inTheWay(name: string, { concrete }: KnownIndex): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `${concrete} is to be replaced by ${name}, which is another index`,
    { cure: `Nobody of us made it: move it away, or DELETE ${name}.` },
  );
}

function unread({ concrete, former }: KnownIndex, reason: string): TidemarkError {
  return new TidemarkError('SINK_SCHEMA', `${concrete} cannot be filled: ${reason}`, {
    cure:
      `Searches find ${former ?? ''} as it was. Mend that, and start the sink again; or fill the ` +
      `index yourself (tidemark snapshot) and move the alias.`,
  });
}
