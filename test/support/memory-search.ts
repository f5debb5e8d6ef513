import type { JsonNode, JsonObject } from '../../src/foundation/lossless-json.ts';
import {
  formatLosslessJson,
  isJsonObject,
  parseLosslessJson,
} from '../../src/foundation/lossless-json.ts';
import type { SearchAnswer, SearchClient } from '../../src/sink/search/search-client.ts';

interface Kept {
  /** Null: it was deleted. */
  source: JsonObject | null;
  version: number;
  seqNo: number;
}

/** Throws for a request that is to fail, before or after it is done. */
export type MemoryFault = (request: string) => 'before' | 'after' | null;

/**
 * Indices in memory: versions, compare-and-set, meta and scrolls as both products have them, and
 * nothing else. Deletes are never forgotten. Each request takes a turn of the event loop, so that
 * tasks get in each other's way.
 */
export class MemorySearch {
  readonly #indices = new Map<string, { meta: JsonNode; documents: Map<string, Kept> }>();
  #seqNo = 0;
  #scrolls = 0;
  readonly #pages = new Map<string, JsonNode[]>();
  /** Why a document does not fit; null: it does. */
  refuses: (source: JsonObject) => string | null = () => null;

  /** One of those who ask it. */
  client(fault: MemoryFault = () => null): SearchClient {
    return {
      product: { name: 'elasticsearch', major: 9, minor: 0 },
      request: async (method, path, body) => {
        const text = Array.isArray(body) ? Buffer.concat(body).toString() : String(body ?? '');
        const when = fault(`${method} ${path}`);
        await new Promise(setImmediate);
        if (when === 'before') throw new Error('cut off');
        const answer = this.#answer(method, path, text);
        await new Promise(setImmediate);
        if (when === 'after') throw new Error('cut off');
        return { status: 200, body: null, retryAfterMs: null, ...answer };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** The documents of an index, by id. */
  documents(index: string): Readonly<Record<string, JsonNode>> {
    const all = [...(this.#indices.get(index)?.documents ?? [])];
    return Object.fromEntries(all.flatMap(([id, { source }]) => (source ? [[id, source]] : [])));
  }

  #answer(method: string, path: string, text: string): Partial<SearchAnswer> {
    const [, first = '', second = ''] = (path.split('?')[0] ?? '').split('/');
    const name = decodeURIComponent(first);
    switch (name) {
      case '_mget':
        return { body: { docs: this.#asked(text).map((doc) => this.#got(doc)) } };
      case '_bulk':
        return { body: { items: this.#bulk(text.split('\n').filter((line) => line !== '')) } };
      case '_search':
        return method === 'DELETE' ? {} : this.#page(this.#object(text)['scroll_id'] as string);
      default:
        return this.#ofIndex(method, name, second, text);
    }
  }

  #ofIndex(method: string, name: string, what: string, text: string): Partial<SearchAnswer> {
    const index = this.#indices.get(name);
    if (what === '_search') return this.#search(name, this.#object(text));
    if (what === '_refresh') return {};
    if (what === '_mapping' && index !== undefined) {
      index.meta = this.#object(text)['_meta'] ?? index.meta;
      return {};
    }
    if (method === 'GET') {
      if (index === undefined) return { status: 404 };
      // It fits whatever comes: mappings are tested elsewhere.
      const mappings = { dynamic: 'false', _meta: index.meta, properties: {} };
      return { body: { [name]: { mappings, settings: {} } } };
    }
    if (index !== undefined) {
      const error = { type: 'resource_already_exists_exception', reason: name };
      return { status: 400, body: { error } };
    }
    const { mappings } = this.#object(text);
    const meta = (isJsonObject(mappings) ? mappings['_meta'] : null) ?? {};
    this.#indices.set(name, { meta, documents: new Map() });
    return {};
  }

  #asked(text: string): readonly JsonObject[] {
    return this.#object(text)['docs'] as readonly JsonObject[];
  }

  #object(text: string): JsonObject {
    const node = parseLosslessJson(text);
    if (isJsonObject(node)) return node;
    throw new Error(`no object: ${text}`);
  }

  #got({ _index, _id }: JsonObject): JsonNode {
    const kept = this.#indices.get(textOf(_index))?.documents.get(textOf(_id));
    if (kept === undefined || kept.source === null) return { _index: _index ?? null, found: false };
    const { source, version, seqNo } = kept;
    return { found: true, _source: source, _version: version, _seq_no: seqNo, _primary_term: 1 };
  }

  #bulk(lines: readonly string[]): JsonNode[] {
    const items: JsonNode[] = [];
    for (let i = 0; i < lines.length; i++) {
      const [action = '', place] = Object.entries(this.#object(lines[i] as string))[0] ?? [];
      const document = action === 'delete' ? null : this.#object(lines[++i] as string);
      const reason = document === null ? null : this.refuses(document);
      items.push({
        [action]:
          reason === null
            ? { status: this.#write(action, place as JsonObject, document) }
            : { status: 400, error: { type: 'mapper_parsing_exception', reason } },
      });
    }
    return items;
  }

  #write(action: string, place: JsonObject, source: JsonObject | null): number {
    const documents = this.#indices.get(textOf(place['_index']))?.documents;
    if (documents === undefined) throw new Error(`no index ${formatLosslessJson(place)}`);
    const id = textOf(place['_id']);
    const before = documents.get(id);
    const isThere = before !== undefined && before.source !== null;
    const { version, if_seq_no: expected } = place;
    if (action === 'create' && isThere) return 409;
    if (expected !== undefined && (!isThere || before.seqNo !== expected)) return 409;
    if (version !== undefined && before !== undefined && before.version > Number(version)) {
      return 409;
    }
    const next = version === undefined ? (before?.version ?? 0) + 1 : Number(version);
    documents.set(id, { source, version: next, seqNo: this.#seqNo++ });
    return action === 'delete' && !isThere ? 404 : 200;
  }

  /** The filters that the sink has: equal, and below. */
  #search(name: string, { query, size }: JsonObject): Partial<SearchAnswer> {
    const hits = [...(this.#indices.get(name)?.documents ?? [])].flatMap(([id, kept]) => {
      const { source, version, seqNo } = kept;
      if (source === null || (query !== undefined && !matches(query, source))) return [];
      const place = { _index: name, _id: id, _version: version };
      return [{ ...place, _seq_no: seqNo, _primary_term: 1, _source: source }];
    });
    const scroll = String(this.#scrolls++);
    const pages: JsonNode[] = [];
    for (let at = 0; at < hits.length; at += Number(size)) {
      pages.push(hits.slice(at, at + Number(size)));
    }
    this.#pages.set(scroll, pages);
    return this.#page(scroll);
  }

  #page(scroll: string): Partial<SearchAnswer> {
    const hits = this.#pages.get(scroll)?.shift() ?? [];
    return { body: { _scroll_id: scroll, hits: { hits } } };
  }
}

function matches(query: JsonNode, source: JsonObject): boolean {
  if (!isJsonObject(query)) throw new Error('no query');
  const { bool, term, range } = query;
  if (isJsonObject(bool)) {
    return (bool['filter'] as readonly JsonNode[]).every((one) => matches(one, source));
  }
  const [field = '', wanted] = Object.entries((term ?? range) as JsonObject)[0] ?? [];
  const value = source[field];
  if (term !== undefined) return value === wanted;
  return typeof value === 'number' && value < Number((wanted as JsonObject)['lt']);
}

function textOf(node: JsonNode | undefined): string {
  if (typeof node === 'string') return node;
  throw new Error('no text');
}
