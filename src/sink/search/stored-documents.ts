import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { DocumentChange } from './document-change.ts';
import type { SearchClient, SearchProduct } from './search-client.ts';
import { answerError, serverReason, versionNumber } from './search-errors.ts';

/** A document as the index has it now. */
export interface StoredDocument {
  readonly source: JsonObject;
  readonly version: bigint;
}

/** What the index has for a change: its own document, and the one that it builds on. */
export interface StoredPair {
  readonly own: StoredDocument | null;
  readonly base: StoredDocument | null;
}

/** Asked for in one request. */
const AT_ONCE = 500;

/** Where a document is asked for, and the one that it builds on. */
export type DocumentPlace = Pick<DocumentChange, 'index' | 'id' | 'routing' | 'base'> &
  Partial<Pick<DocumentChange, 'former'>>;

/** Whether a change can only be written with what the index has. */
export function needsStored({ effect, absent }: DocumentChange): boolean {
  return effect === 'move' || effect === 'mark' || absent.length > 0;
}

/**
 * What the index has for each change, by GET, which sees what was written a moment ago (a search
 * does not). Throws what the server says.
 */
export async function storedPairs(
  client: SearchClient,
  changes: readonly DocumentPlace[],
  isRoutedByKey: boolean,
  signal: AbortSignal,
): Promise<readonly StoredPair[]> {
  const pairs: StoredPair[] = [];
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const some = changes.slice(at, at + AT_ONCE);
    const asked = some.flatMap((change) => {
      const own = { change, id: change.id };
      return change.base === null ? [own] : [own, { change, id: change.base }];
    });
    const found = await storedPlaces(client, asked, isRoutedByKey, signal);
    let next = 0;
    for (const { base } of some) {
      const own = found[next++] ?? null;
      pairs.push({ own, base: base === null ? null : (found[next++] ?? null) });
    }
  }
  return pairs;
}

interface Asked {
  readonly change: DocumentPlace;
  readonly id: string | null;
}

/** What an index that is filled lacks, the one has that it is to replace. */
async function storedPlaces(
  client: SearchClient,
  asked: readonly Asked[],
  isRoutedByKey: boolean,
  signal: AbortSignal,
): Promise<readonly (StoredDocument | null)[]> {
  const get = async (places: readonly object[]): Promise<readonly (StoredDocument | null)[]> => {
    const body = JSON.stringify({ docs: places });
    const answer = await client.request('POST', pathFor(client.product), body, signal);
    const docs = isJsonObject(answer.body) ? answer.body['docs'] : null;
    if (answer.status !== 200) throw answerError('_mget', answer);
    const found = Array.isArray(docs) ? (docs as readonly JsonNode[]).map(storedOf) : [];
    if (found.length !== places.length) throw shortAnswer();
    return found;
  };
  const found = await get(asked.map(({ change, id }) => place(change, id, isRoutedByKey)));
  const lacking = asked.flatMap(({ change, id }, i) => {
    const { former = null } = change;
    if (found[i] !== null || former === null) return [];
    return [{ i, at: place({ ...change, index: former }, id, isRoutedByKey) }];
  });
  if (lacking.length === 0) return found;
  const former = await get(lacking.map(({ at }) => at));
  const all = [...found];
  lacking.forEach(({ i }, n) => (all[i] = former[n] ?? null));
  return all;
}

/** From 9.2 on Elasticsearch leaves vectors out of a document, unless it is told not to. */
function pathFor({ name, major, minor }: SearchProduct): string {
  const leavesOut = name === 'elasticsearch' && (major > 9 || (major === 9 && minor >= 2));
  return leavesOut ? '/_mget?_source_exclude_vectors=false' : '/_mget';
}

function place(
  { index, routing }: DocumentPlace,
  id: string | null,
  isRoutedByKey: boolean,
): object {
  const own = { _index: index, _id: id };
  return routing === null ? own : { ...own, routing: isRoutedByKey ? id : routing };
}

function storedOf(doc: JsonNode): StoredDocument | null {
  if (!isJsonObject(doc)) throw shortAnswer();
  const { found, error, _version: version, _source: source } = doc;
  if (error !== undefined) {
    const reason = serverReason(error);
    // Nobody has written it yet.
    if (reason.type === 'index_not_found_exception') return null;
    throw new TidemarkError('SINK_SERVER', `_mget: ${reason.text}`);
  }
  if (found !== true) return null;
  if (!isJsonObject(source)) {
    throw new TidemarkError('SINK_SCHEMA', '_mget: the index keeps no _source', {
      cure: 'Changes without all values of a row need it: do not disable _source in the mapping.',
    });
  }
  return { source, version: versionNumber(version) };
}

function shortAnswer(): TidemarkError {
  return new TidemarkError('SINK_SERVER', '_mget: the answer does not have what was asked');
}
