import type { JsonNode } from '../../foundation/lossless-json.ts';

/** What answers: `elasticsearch` 9.5, `opensearch` 2.19. */
export interface SearchProduct {
  readonly name: 'elasticsearch' | 'opensearch';
  readonly major: number;
  readonly minor: number;
  /** The cluster does not tell its version (no right to ask, or a managed one): the oldest. */
  readonly assumed?: true;
}

export type SearchMethod = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

/** What a cluster said. */
export interface SearchAnswer {
  readonly status: number;
  /** Null where there is none; `{error: <text>}` where a failure is no JSON, as of a gateway. */
  readonly body: JsonNode | null;
  /** How long the server asks us to wait. */
  readonly retryAfterMs: number | null;
}

/** A cluster of Elasticsearch or OpenSearch. */
export interface SearchClient extends AsyncDisposable {
  readonly product: SearchProduct;
  /**
   * Any HTTP status is an answer. Throws SINK_CONNECT or SINK_TLS when no node can be reached,
   * SINK_SERVER when what answers is no search server, and the signal's reason. A node that fails
   * is followed by the next: what was on its way may be done twice, so that requests have to be
   * such that it does not matter. `path` goes out as it stands, so that ids have to be escaped.
   */
  request(
    method: SearchMethod,
    path: string,
    body?: string | Buffer | readonly Buffer[],
    signal?: AbortSignal,
  ): Promise<SearchAnswer>;
}
