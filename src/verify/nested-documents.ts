import { fieldName } from '../../dialects/search/field-name.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { formatLosslessJson, isJsonObject } from '../foundation/lossless-json.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import { storedPairs } from '../sink/search/stored-documents.ts';
import { digitsOf, plainNumber } from './same-json.ts';

/** Rows of others in one field of a document. */
export interface NestedRows {
  readonly document: JsonObject;
  /** By their marks; a mark with several stands there more than once. */
  readonly byMark: ReadonlyMap<string, readonly JsonObject[]>;
  /** Without a key: nobody's rows. */
  readonly others: readonly JsonNode[];
}

const FIRST_AT_ONCE = 32;
const MOST_AT_ONCE = 500;
/** Rows of documents that are in memory at once, about. */
const ROWS_AT_ONCE = 20_000;

/** Documents with the rows of others that stand in them. */
export class NestedDocuments {
  readonly #client: SearchClient;
  readonly #fields: readonly string[];
  /** So many documents that their rows fit. */
  #atOnce = FIRST_AT_ONCE;

  /** `keyFields`: what tells the rows apart. */
  constructor(client: SearchClient, keyFields: readonly string[]) {
    this.#client = client;
    this.#fields = keyFields.map(fieldName);
  }

  /** The key of a nested row as its JSON tells it; null: it tells none. */
  markOf(row: JsonNode): string | null {
    if (!isJsonObject(row)) return null;
    const parts = this.#fields.map((name) => row[name] ?? null);
    return parts.includes(null) ? null : JSON.stringify(parts.map(partText));
  }

  /** Documents of an index, some at a time, as they are now; null: there is none. */
  async *read(
    { index, field }: { readonly index: string; readonly field: string },
    ids: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly (readonly [string, NestedRows | null])[], void, undefined> {
    for (let at = 0; at < ids.length;) {
      const some = ids.slice(at, at + this.#atOnce);
      const places = some.map((id) => ({ index, id, routing: null, base: null }));
      const stored = await storedPairs(this.#client, places, false, signal);
      let rows = 0;
      const found = some.map((id, i) => {
        const document = stored[i]?.own?.source ?? null;
        const nested = document === null ? null : this.#rowsOf(document, field);
        rows += nested?.byMark.size ?? 0;
        return [id, nested] as const;
      });
      yield found;
      at += some.length;
      const fitting = Math.floor((ROWS_AT_ONCE * some.length) / Math.max(1, rows));
      this.#atOnce = Math.max(1, Math.min(MOST_AT_ONCE, this.#atOnce * 2, fitting));
    }
  }

  #rowsOf(document: JsonObject, field: string): NestedRows {
    const value = document[field] ?? [];
    // For the server one object is a list of one.
    const all = Array.isArray(value) ? (value as readonly JsonNode[]) : [value];
    const byMark = new Map<string, JsonObject[]>();
    const others: JsonNode[] = [];
    for (const row of all) {
      const mark = this.markOf(row);
      if (mark === null || !isJsonObject(row)) {
        others.push(row);
        continue;
      }
      const same = byMark.get(mark);
      if (same === undefined) byMark.set(mark, [row]);
      else same.push(row);
    }
    return { document, byMark, others };
  }
}

/** Numbers by what they are worth; a number is never a text. */
function partText(node: JsonNode): string {
  const digits = digitsOf(node);
  return digits === null ? formatLosslessJson(node) : plainNumber(digits);
}
