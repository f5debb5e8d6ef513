import { TidemarkError } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/lossless-json.ts';
import { formatLosslessJson, isJsonObject } from '../../foundation/lossless-json.ts';
import type { BulkWriter } from './bulk-writer.ts';
import { documentPages } from './document-scan.ts';
import type { KnownIndex } from './known-index.ts';
import { stateIndex } from './nest-children.ts';
import type { NestPlace } from './nest-roles.ts';
import type { SearchClient } from './search-client.ts';
import { answerError, answerReason } from './search-errors.ts';
import type { SearchIndexes } from './search-indexes.ts';
import { hiddenIndex } from './hidden-index.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** A row of which something is kept. */
export interface KeptId {
  readonly id: string;
  readonly version: string;
}

type StateOptions = Pick<
  SearchSinkOptions,
  'createIndices' | 'shards' | 'replicas' | 'gcDeletesMs'
>;

/** What scans look for; the states themselves are only kept. */
const STATE_MAPPING: JsonObject = {
  dynamic: false,
  properties: {
    kind: { type: 'keyword' },
    field: { type: 'keyword' },
    has_row: { type: 'boolean' },
    gone_at: { type: 'long' },
  },
};
const PAGE = 1_000;
/** States that are gone are looked for no more often. */
const SWEEP_MS = 60_000;

/** Indices beside those of documents: they have what the documents are made of. */
export class NestIndexes {
  readonly #client: SearchClient;
  readonly #indexes: SearchIndexes;
  readonly #bulk: BulkWriter;
  readonly #options: StateOptions;
  /** By index when its forgotten states were looked for. */
  readonly #sweptAtMs = new Map<string, number>();

  constructor(
    client: SearchClient,
    indexes: SearchIndexes,
    bulk: BulkWriter,
    options: StateOptions,
  ) {
    this.#client = client;
    this.#indexes = indexes;
    this.#bulk = bulk;
    this.#options = options;
  }

  /** Makes it where it is missing. Throws what the server says. */
  async ready(index: string, signal: AbortSignal): Promise<KnownIndex> {
    const name = stateIndex(index);
    const known = this.#indexes.known(name) ?? (await this.#indexes.find(name, signal));
    if (known !== null) return known;
    const body = formatLosslessJson(hiddenIndex(this.#options, STATE_MAPPING));
    if (!this.#options.createIndices) {
      throw new TidemarkError('SINK_SCHEMA', `there is no index ${name}`, {
        cure: `Create it: PUT ${name} ${body}, or switch create.indices on.`,
      });
    }
    const path = `/${encodeURIComponent(name)}`;
    const answer = await this.#client.request('PUT', path, body, signal);
    const isThere = answerReason(answer).type === 'resource_already_exists_exception';
    if (answer.status !== 200 && !isThere) throw answerError(`PUT ${name}`, answer);
    const made = await this.#indexes.find(name, signal);
    if (made !== null) return made;
    throw new TidemarkError('SINK_SERVER', `${name}: the index was made, and is gone`);
  }

  /** Rows of a place that are there, page by page. */
  async forEachRow(
    { index, nest }: NestPlace,
    signal: AbortSignal,
    each: (rows: readonly KeptId[]) => Promise<void>,
  ): Promise<void> {
    const of =
      nest === null
        ? [{ term: { kind: 'parent' } }]
        : [{ term: { kind: 'child' } }, { term: { field: nest.field } }];
    const query = { bool: { filter: [...of, { term: { has_row: true } }] } };
    const search = { size: PAGE, _source: ['id', 'version'], sort: ['_doc'], query };
    const pages = documentPages(this.#client, stateIndex(index), signal, search);
    for await (const hits of pages) await each(hits.map(keptId));
  }

  /** Deletes what is kept of rows that are gone for longer than anything older may come. */
  async sweep(index: string, nowMs: number, signal: AbortSignal): Promise<void> {
    const { gcDeletesMs } = this.#options;
    const beforeMs = this.#sweptAtMs.get(index);
    const waitMs = Math.max(SWEEP_MS, gcDeletesMs);
    if (beforeMs !== undefined && nowMs - beforeMs < waitMs) return;
    this.#sweptAtMs.set(index, nowMs);
    const search = {
      size: PAGE,
      _source: false,
      seq_no_primary_term: true,
      sort: ['_doc'],
      query: { range: { gone_at: { lt: nowMs - gcDeletesMs } } },
    };
    for await (const hits of documentPages(this.#client, stateIndex(index), signal, search)) {
      // Who has changed one since keeps it.
      const deletes = hits.map((hit) => ({ line: deleteLine(hit), document: () => null }));
      await this.#bulk.write(deletes, signal);
    }
  }
}

function keptId({ _source: source }: JsonObject): KeptId {
  const { id, version } = isJsonObject(source) ? source : {};
  if (typeof id === 'string' && typeof version === 'string') return { id, version };
  throw new TidemarkError('SINK_SERVER', '_search: a hit without what was asked');
}

function deleteLine({ _index, _id, _seq_no, _primary_term }: JsonObject): string {
  return JSON.stringify({
    delete: { _index, _id, if_seq_no: _seq_no, if_primary_term: _primary_term },
  });
}
