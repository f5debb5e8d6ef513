import type { JsonNode } from '../../src/foundation/lossless-json.ts';
import type { SearchAnswer, SearchClient } from '../../src/sink/search/search-client.ts';

/** A request as a client was given it. */
export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly lines: readonly string[];
}

export type ScriptedAnswer = Partial<SearchAnswer>;

/** A client that answers what a test says, and remembers what it was asked. */
export class ScriptedSearch implements SearchClient {
  readonly product = { name: 'elasticsearch', major: 9, minor: 0 } as const;
  readonly requests: ScriptedRequest[] = [];
  readonly #answer: (request: ScriptedRequest, number: number) => ScriptedAnswer;

  constructor(answer: (request: ScriptedRequest, number: number) => ScriptedAnswer) {
    this.#answer = answer;
  }

  request(
    method: string,
    path: string,
    body?: string | Buffer | readonly Buffer[],
  ): Promise<SearchAnswer> {
    const text = Array.isArray(body) ? Buffer.concat(body).toString() : String(body ?? '');
    const lines = text.split('\n').filter((line) => line !== '');
    const request = { method, path, lines };
    this.requests.push(request);
    const answer = this.#answer(request, this.requests.length - 1);
    return Promise.resolve({ status: 200, body: null, retryAfterMs: null, ...answer });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The answer to a bulk, an item for each status; a text is the type of its error. */
export function bulkItems(
  ...items: readonly { readonly action?: string; readonly status: number; readonly type?: string }[]
): { readonly body: JsonNode } {
  return {
    body: {
      errors: items.some(({ status }) => status >= 300),
      items: items.map(({ action = 'index', status, type }) => ({
        [action]: {
          status,
          ...(type === undefined ? {} : { error: { type, reason: `because of ${status}` } }),
        },
      })),
    },
  };
}
