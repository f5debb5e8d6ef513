import { lackedType } from '../../../dialects/search/search-target.ts';
import { formatLosslessJson, type JsonObject } from '../../foundation/lossless-json.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { documentMapping, indexSettings } from './index-mapping.ts';
import { type SinkMeta, writeMeta } from './index-meta.ts';
import type { SearchAnswer, SearchClient } from './search-client.ts';
import { answerError, answerReason } from './search-errors.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** An index that is to be made. */
export interface NewIndex {
  readonly name: string;
  /** Its rows; null: the server guesses its mapping. */
  readonly row: ConnectSchema | null;
  /** Null: to be shown, not to be made. */
  readonly meta: SinkMeta | null;
  /** By which it is written to and searched; null: by its name. */
  readonly alias: string | null;
}

/** Makes indices and their mappings, of the field types that the server has. */
export class IndexMaker {
  readonly #client: SearchClient;
  readonly #options: SearchSinkOptions;
  /** Field types that the server turned out not to have. */
  readonly #lacks = new Set<string>();

  constructor(client: SearchClient, options: SearchSinkOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** The mapping that rows need. */
  wanted(row: ConnectSchema): JsonObject {
    const { compactMaps } = this.#options;
    const target = { product: this.#client.product.name, compactMaps, lacks: this.#lacks };
    return documentMapping(row, target, this.#options);
  }

  /** False: it is there already. Throws what the server says. */
  async create(index: NewIndex, signal: AbortSignal): Promise<boolean> {
    const answer = await this.put(indexPath(index.name), signal, () => this.body(index));
    if (answerReason(answer).type === 'resource_already_exists_exception') return false;
    if (answer.status !== 200) throw answerError(`PUT ${index.name}`, answer);
    return true;
  }

  /** What `create` sends. */
  body({ row, meta, alias }: Omit<NewIndex, 'name'>): JsonObject {
    const mappings = row === null ? {} : this.wanted(row);
    return {
      settings: indexSettings(mappings, this.#options),
      mappings: meta === null ? mappings : { ...mappings, _meta: writeMeta({}, meta) },
      ...(alias === null ? {} : { aliases: { [alias]: {} } }),
    };
  }

  /** Sends a mapping, and again without a field type that the server turns out not to have. */
  async put(path: string, signal: AbortSignal, body: () => JsonObject): Promise<SearchAnswer> {
    for (;;) {
      const text = formatLosslessJson(body());
      const answer = await this.#client.request('PUT', path, text, signal);
      const lacked = answer.status === 400 ? lackedType(answerReason(answer).text) : null;
      if (lacked === null || this.#lacks.has(lacked)) return answer;
      this.#lacks.add(lacked);
    }
  }
}

/** Of requests about an index. */
export function indexPath(index: string): string {
  return `/${encodeURIComponent(index)}`;
}
