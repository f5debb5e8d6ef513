import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { formatLosslessJson, isJsonObject } from '../../foundation/lossless-json.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { indexPath } from './index-maker.ts';
import { readMeta, type SinkMeta, writeMeta } from './index-meta.ts';
import type { SearchAnswer, SearchClient } from './search-client.ts';
import { answerError } from './search-errors.ts';

/** An index as the sink knows it. */
export interface KnownIndex {
  /** What searches ask; an alias, perhaps. */
  readonly name: string;
  /** The index behind it. */
  readonly concrete: string;
  /** Where documents go: by the name, but for an index that is filled and not searched yet. */
  readonly target: string;
  /** The index that searches ask while `concrete` is filled to take its place; null: it has it. */
  readonly former: string | null;
  meta: SinkMeta;
  mappings: JsonObject;
  /** As `GET index` has them. */
  readonly settings: JsonNode;
  /** Rows of these schemas it takes. */
  readonly fits: WeakSet<ConnectSchema>;
}

/** Null: there is none. Throws what the server says. */
export async function readIndex(
  client: SearchClient,
  name: string,
  signal: AbortSignal,
): Promise<KnownIndex | null> {
  const answer = await client.request('GET', indexPath(name), undefined, signal);
  return answer.status === 404 ? null : foundIndex(name, answer);
}

/**
 * Keeps what the sink has to know of an index in the index. It is read before, and once more when
 * it is written: others may keep something there at the same time, and the server takes `_meta` as
 * a whole.
 */
export async function changeMeta(
  client: SearchClient,
  read: () => Promise<KnownIndex | null>,
  change: (meta: SinkMeta) => SinkMeta,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const found = await read();
    if (found === null) return;
    const kept = isJsonObject(found.mappings['_meta']) ? found.mappings['_meta'] : {};
    const _meta = writeMeta(kept, change(found.meta));
    if (formatLosslessJson(_meta) === formatLosslessJson(writeMeta(kept, found.meta))) return;
    const mapping = `${indexPath(found.concrete)}/_mapping`;
    const body = formatLosslessJson({ _meta });
    const answer = await client.request('PUT', mapping, body, signal);
    if (answer.status !== 200) throw answerError(`PUT ${found.concrete}/_mapping`, answer);
  }
}

/** The index that is filled to take the place of `found`; `found` where it is none. */
export function inPlaceOf(found: KnownIndex, next: KnownIndex | null): KnownIndex {
  const filling = next?.meta.filling ?? null;
  if (next === null || filling === null) return found;
  const takesPlace = [filling.of, ...filling.instead].includes(found.concrete);
  if (!takesPlace) return found;
  return { ...next, name: found.name, target: next.concrete, former: found.concrete };
}

/** An alias has the index that it is written to; of several one is marked. */
export function foundIndex(name: string, answer: SearchAnswer): KnownIndex {
  if (answer.status !== 200) throw answerError(`GET ${name}`, answer);
  const indices = isJsonObject(answer.body) ? Object.entries(answer.body) : [];
  const written =
    indices.length === 1 ? indices[0] : indices.find(([, told]) => isWritten(told, name));
  if (written === undefined) {
    throw new TidemarkError('SINK_SCHEMA', `${name} is an alias of several indices`, {
      cure: 'Say which of them is written to: is_write_index of the alias.',
    });
  }
  const [concrete, told] = written;
  const mappings = isJsonObject(told) && isJsonObject(told['mappings']) ? told['mappings'] : {};
  const meta = readMeta(mappings['_meta']);
  const settings = (isJsonObject(told) ? told['settings'] : null) ?? null;
  const fits = new WeakSet<ConnectSchema>();
  return { name, concrete, target: name, former: null, meta, mappings, settings, fits };
}

function isWritten(told: JsonObject[string] | undefined, alias: string): boolean {
  const aliases = isJsonObject(told) ? told['aliases'] : undefined;
  const own = isJsonObject(aliases) ? aliases[alias] : undefined;
  return isJsonObject(own) && own['is_write_index'] === true;
}
