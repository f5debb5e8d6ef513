import {
  formatLosslessJson,
  parseLosslessJson,
  type JsonNode,
} from '../../src/foundation/lossless-json.ts';
import { askSearch, type SearchAddress } from '../support/search-server.ts';
import type { ProcessUsage } from './process-usage.ts';

/** As `bulk.size.bytes` is by default, and `max.in.flight.requests` of Confluent's class. */
const BULK_BYTES = 5 * 1024 * 1024;
const IN_FLIGHT = 5;
const PAGE = 5_000;

/** A document as the server gives it back. */
export interface StoredDocument {
  readonly id: string;
  readonly version: string;
  readonly source: string;
}

/**
 * What a bare client sends of a document beside its source. `same`: what ours sends, in bulks as
 * large as ours: the server's own load of the same documents, with their versions. `plain`: the id
 * alone, in the largest bulks.
 */
export type BareActions = 'same' | 'plain';

/** The lines of one request, and how many documents they are. */
interface Bulk {
  readonly lines: string;
  readonly documents: number;
}

/** What is not taken is an error. */
export async function asked(
  search: SearchAddress,
  method: string,
  target: string,
  body?: unknown,
): Promise<unknown> {
  const reply = await askSearch(search, method, target, body);
  if (reply.status < 300) return reply.body;
  throw new Error(`${method} ${target}: HTTP ${reply.status} ${JSON.stringify(reply.body)}`);
}

export async function expectDocuments(
  search: SearchAddress,
  index: string,
  documents: number,
): Promise<void> {
  await asked(search, 'POST', `/${index}/_refresh`);
  const { count } = (await asked(search, 'GET', `/${index}/_count`)) as { count: number };
  if (count !== documents) throw new Error(`${index} has ${count} documents, not ${documents}`);
}

/** All documents of an index, with every digit of their numbers and versions. */
export async function documentsOf(
  search: SearchAddress,
  index: string,
): Promise<readonly StoredDocument[]> {
  interface Page {
    readonly _scroll_id: string;
    readonly hits: {
      readonly hits: readonly { _id: string; _version: JsonNode; _source: JsonNode }[];
    };
  }
  const page = async (target: string, body: unknown): Promise<Page> => {
    const answer = await fetch(`${search.url}${target}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return parseLosslessJson(await answer.text()) as unknown as Page;
  };
  const found: StoredDocument[] = [];
  const first = { size: PAGE, sort: ['_doc'], version: true };
  let { hits, _scroll_id: scroll } = await page(`/${index}/_search?scroll=1m`, first);
  while (hits.hits.length > 0) {
    for (const { _id, _version, _source } of hits.hits) {
      const version = formatLosslessJson(_version);
      found.push({ id: _id, version, source: formatLosslessJson(_source) });
    }
    ({ hits, _scroll_id: scroll } = await page('/_search/scroll', {
      scroll: '1m',
      scroll_id: scroll,
    }));
  }
  // The server keeps what a scroll reads until it is told, or a minute is over.
  await asked(search, 'DELETE', '/_search/scroll', { scroll_id: scroll });
  return found;
}

/** Requests that write the documents to an index. `bulkDocuments`: as many as ours have. */
function bulksOf(
  documents: readonly StoredDocument[],
  index: string,
  actions: BareActions,
  bulkDocuments: number,
): readonly Bulk[] {
  const bulks: Bulk[] = [];
  const most = actions === 'same' ? bulkDocuments : Number.POSITIVE_INFINITY;
  let lines = '';
  let count = 0;
  const end = (): void => {
    if (count > 0) bulks.push({ lines, documents: count });
    lines = '';
    count = 0;
  };
  for (const { id, version, source } of documents) {
    const names = `"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}`;
    const versioned =
      actions === 'same' ? `,"version":${version},"version_type":"external_gte"` : '';
    lines += `{"index":{${names}${versioned}}}\n${source}\n`;
    count++;
    if (count >= most || lines.length >= BULK_BYTES) end();
  }
  end();
  return bulks;
}

/** The mappings of an index, for others like it. */
export async function mappingsOf(search: SearchAddress, index: string): Promise<unknown> {
  const found = await asked(search, 'GET', `/${index}/_mapping`);
  return (found as Record<string, { mappings: unknown }>)[index]?.mappings;
}

/**
 * Loads documents into a new index with the mapping and settings of ours, by a client that does
 * nothing else: its requests are made before, and several of them are under way. Returns the
 * seconds from the first to the last, and those of the server's CPU within.
 */
export async function bareLoad(
  search: SearchAddress,
  like: {
    readonly mappings: unknown;
    readonly bulkDocuments: number;
    readonly server: Pick<ProcessUsage, 'cpuSeconds'>;
  },
  index: string,
  documents: readonly StoredDocument[],
  actions: BareActions,
): Promise<{ readonly seconds: number; readonly serverSeconds: number }> {
  const bulks = bulksOf(documents, index, actions, like.bulkDocuments);
  const { mappings, server } = like;
  await asked(search, 'PUT', `/${index}`, { settings: { 'index.gc_deletes': '1h' }, mappings });
  const cpuBefore = server.cpuSeconds();
  const startMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let bulk = bulks[next++]; bulk !== undefined; bulk = bulks[next++]) {
      const target = '/_bulk?filter_path=errors,items.*.status,items.*.error';
      const { errors } = (await asked(search, 'POST', target, bulk.lines)) as { errors: boolean };
      if (errors) throw new Error('a document of the bare client was refused');
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, serverSeconds: server.cpuSeconds() - cpuBefore };
}
