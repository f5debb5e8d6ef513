import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import { isJsonObject } from '../../foundation/lossless-json.ts';
import type { SearchAnswer, SearchClient } from './search-client.ts';
import { answerError } from './search-errors.ts';

/** Documents of one page; only their ids and versions come. */
const PLACES = { size: 5_000, version: true, _source: false, sort: ['_doc'] };
/** How long the server keeps what a scan sees between two pages. */
const KEEP_ALIVE = '15m';

/**
 * All documents that an index has now, page by page: `_id`, `_version` and, where they are routed,
 * `_routing`; or what another `search` asks for. What is written meanwhile is not among them, and
 * what is deleted meanwhile is.
 */
export async function* documentPages(
  client: SearchClient,
  index: string,
  signal: AbortSignal,
  search: object = PLACES,
): AsyncGenerator<readonly JsonObject[], void, undefined> {
  const name = encodeURIComponent(index);
  // A search sees what was written before the last refresh.
  await asked(client, `/${name}/_refresh`, undefined, signal);
  const body = JSON.stringify(search);
  let answer = await asked(client, `/${name}/_search?scroll=${KEEP_ALIVE}`, body, signal);
  let scroll: string | null = null;
  try {
    for (;;) {
      scroll = scrollOf(answer) ?? scroll;
      const hits = hitsOf(answer);
      if (hits.length === 0 || scroll === null) return;
      yield hits.filter((hit) => isJsonObject(hit));
      const next = JSON.stringify({ scroll: KEEP_ALIVE, scroll_id: scroll });
      answer = await asked(client, '/_search/scroll', next, signal);
    }
  } finally {
    const ended = JSON.stringify({ scroll_id: scroll });
    // The server forgets it by itself after a while.
    if (scroll !== null) await client.request('DELETE', '/_search/scroll', ended).catch(() => null);
  }
}

async function asked(
  client: SearchClient,
  path: string,
  body: string | undefined,
  signal: AbortSignal,
): Promise<SearchAnswer> {
  const answer = await client.request('POST', path, body, signal);
  if (answer.status >= 300) throw answerError(`POST ${path}`, answer);
  return answer;
}

function scrollOf({ body }: SearchAnswer): string | null {
  const id = isJsonObject(body) ? body['_scroll_id'] : undefined;
  return typeof id === 'string' ? id : null;
}

function hitsOf({ body }: SearchAnswer): readonly JsonNode[] {
  const outer = isJsonObject(body) ? body['hits'] : undefined;
  const hits = isJsonObject(outer) ? outer['hits'] : undefined;
  if (Array.isArray(hits)) return hits as readonly JsonNode[];
  throw new TidemarkError('SINK_SERVER', '_search: the answer has no hits');
}
