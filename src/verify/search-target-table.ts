import { documentId } from '../../dialects/search/document-id.ts';
import type { JsonObject } from '../foundation/lossless-json.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { documentChanges } from '../sink/search/document-change.ts';
import { documentPages } from '../sink/search/document-scan.ts';
import { DELETED_FIELD } from '../sink/search/document-text.ts';
import { IndexNaming } from '../sink/search/index-naming.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import type { SearchSinkOptions } from '../sink/search/search-sink-options.ts';
import type { DocumentPlace, StoredDocument } from '../sink/search/stored-documents.ts';
import { storedPairs } from '../sink/search/stored-documents.ts';
import type { ValueOfText } from './document-keys.ts';
import { changedKeys, DocumentKeys } from './document-keys.ts';
import { DocumentRows } from './document-rows.ts';
import { SeenIds } from './seen-ids.ts';
import type { VerifiedIndex } from './verified-index.ts';
import { keyOfDocuments, renewed, verifiedIndex } from './verified-index.ts';
import type {
  CompareScope,
  KeyDifference,
  KeyTexts,
  LogPositions,
  TargetTable,
} from './verify-ports.ts';
import { notCompared } from './not-compared.ts';

/** What a comparison with an index is made with. */
export interface SearchTargetParts {
  readonly client: SearchClient;
  /** Of the sink. */
  readonly options: SearchSinkOptions;
  readonly valueOf: ValueOfText;
  /** How far the sink's group is in a topic. */
  readonly applied: (topic: string) => Promise<LogPositions>;
}

/**
 * An index: one document a row. What the sink would write is compared with what the index has, by
 * `_mget`, which sees a document as soon as it is written. Documents of no row are found when the
 * source was read, by a scan; of its rows only a digest of the id is kept.
 */
export class SearchTargetTable implements TargetTable {
  /** The documents come first, and then the group's offset. */
  readonly isAtomic = false;
  readonly keyFields: readonly string[];
  readonly keyColumns: readonly string[];
  readonly #parts: SearchTargetParts;
  readonly #options: SearchSinkOptions;
  readonly #topic: string;
  readonly #index: string;
  readonly #concrete: string;
  /** As the sink names it. */
  readonly #named: string;
  readonly #naming: IndexNaming;
  readonly #keys: DocumentKeys;
  readonly #rows: DocumentRows;
  /** Of documents that differ, by their ids: what finds their shard. */
  readonly #routing = new Map<string, string>();
  #seen = new SeenIds();

  private constructor(
    parts: SearchTargetParts,
    sample: SinkRecord,
    key: Struct,
    index: VerifiedIndex,
    named: string,
  ) {
    const { client, options, valueOf } = parts;
    this.#parts = parts;
    // A row of the source does not say what its document has for a version.
    this.#options = { ...options, versions: 'offset', versionHeader: null };
    this.#topic = sample.topic;
    this.#index = index.name;
    this.#concrete = index.concrete;
    this.#named = named;
    this.#naming = new IndexNaming(options);
    this.#keys = new DocumentKeys(key.schema, valueOf);
    this.#rows = new DocumentRows(client.product.name, options);
    this.keyFields = this.#keys.names;
    this.keyColumns = this.#keys.names;
  }

  /** Throws SINK_SCHEMA where there is no such index, CONFIG_UNSUPPORTED. */
  static async open(
    parts: SearchTargetParts,
    sample: SinkRecord,
    signal: AbortSignal,
  ): Promise<SearchTargetTable> {
    const key = keyOfDocuments(sample, parts.options);
    const named = new IndexNaming(parts.options).of(sample);
    if (named === null) throw notCompared('a table whose rows do not name their index');
    const index = await verifiedIndex(parts.client, named, signal);
    const table = new SearchTargetTable(parts, sample, key, index, named);
    const { untold } = table.#keys;
    if (untold !== null) throw notCompared(`a key with ${untold}, which the id does not tell`);
    return table;
  }

  /** Ids have an order of their own. */
  readonly isOrdered = false;

  get name(): string {
    return this.#index;
  }

  begin(): Promise<void> {
    this.#seen = new SeenIds();
    this.#routing.clear();
    return Promise.resolve();
  }

  async compare(
    records: readonly SinkRecord[],
    scope: CompareScope,
    signal: AbortSignal,
  ): Promise<readonly KeyDifference[]> {
    const changes = records.map((record) => this.#changeOf(record));
    const ids = new Set(changes.map(({ id }) => id));
    if (scope.kind === 'next') for (const { id } of changes) this.#seen.add(id);
    const stored = await this.#stored(changes, signal);
    const found = changes.flatMap((change, number): readonly KeyDifference[] => {
      const document = stored[number] ?? null;
      const columns = document === null ? [] : this.#rows.differences(change.row, document);
      if (document !== null && columns.length === 0) return [];
      this.#rememberRoute(change);
      const kind = document === null ? 'missing' : 'different';
      return [{ kind, key: this.#keys.textsOf(change.key), row: number, columns }];
    });
    if (scope.kind !== 'keys') return found;
    found.push(...(await this.#surplusAmong(scope.keys, ids, signal)));
    if (found.length > 0) await this.#checkIndex(signal);
    return found;
  }

  /** What was read is what the sink writes to: nothing has begun to take its place before. */
  async #checkIndex(signal: AbortSignal): Promise<void> {
    const { concrete } = await verifiedIndex(this.#parts.client, this.#named, signal);
    if (concrete !== this.#concrete) throw renewed(this.#named);
  }

  /** Documents of no row that was compared; of each page of them those that are there. */
  async *rest(signal: AbortSignal): AsyncGenerator<readonly KeyDifference[], void, undefined> {
    for await (const hits of documentPages(this.#parts.client, this.#index, signal)) {
      const places = hits.flatMap((hit) => this.#placeOf(hit));
      const strange = places.filter(({ id }) => !this.#seen.has(id));
      const stored = await this.#stored(strange, signal);
      yield strange.flatMap((place, i): readonly KeyDifference[] => {
        const document = stored[i] ?? null;
        if (document === null) return [];
        const { kind, key } = this.#keys.ofDocument(place.id, document);
        this.#rememberRoute(place);
        const difference = { kind: 'surplus', key, row: null, columns: [] } as const;
        return [kind === 'row' ? difference : { ...difference, owner: kind }];
      });
    }
  }

  keysOf(records: readonly SinkRecord[]): Promise<readonly KeyTexts[] | null> {
    return Promise.resolve(changedKeys(records, this.#keys));
  }

  applied(): Promise<LogPositions> {
    return this.#parts.applied(this.#topic);
  }

  #rememberRoute({ id, routing }: { readonly id: string; readonly routing: string | null }): void {
    if (routing !== null && this.#options.routing?.kind === 'value') this.#routing.set(id, routing);
  }

  #placeOf({ _id: id, _routing: routing }: JsonObject): readonly (DocumentPlace & PlacedId)[] {
    if (typeof id !== 'string') return [];
    const index = this.#index;
    return [{ index, id, routing: typeof routing === 'string' ? routing : null, base: null }];
  }

  /** Of these keys the documents that are there, and of no record. */
  async #surplusAmong(
    keys: readonly KeyTexts[],
    ids: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly KeyDifference[]> {
    const others = keys.flatMap((key) => {
      const id = this.#keys.idOf(key);
      if (id === null || ids.has(id)) return [];
      const isByKey = this.#options.routing?.kind === 'key';
      const routing = isByKey ? id : (this.#routing.get(id) ?? null);
      return [{ key, place: { index: this.#index, id, routing, base: null } }];
    });
    const stored = await this.#stored(
      others.map(({ place }) => place),
      signal,
    );
    return others.flatMap(({ key }, i): readonly KeyDifference[] =>
      (stored[i] ?? null) === null ? [] : [{ kind: 'surplus', key, row: null, columns: [] }],
    );
  }

  /** Documents that stand for rows; null: there is none, or its row is marked as deleted. */
  async #stored(
    places: readonly DocumentPlace[],
    signal: AbortSignal,
  ): Promise<readonly (JsonObject | null)[]> {
    const { client, options } = this.#parts;
    const isRoutedByKey = options.routing?.kind === 'key';
    const pairs = await storedPairs(client, places, isRoutedByKey, signal);
    const isSoft = options.deleteMode === 'soft';
    return pairs.map(({ own }: { readonly own: StoredDocument | null }) =>
      own === null || (isSoft && own.source[DELETED_FIELD] === true) ? null : own.source,
    );
  }

  #changeOf(record: SinkRecord): DocumentPlace & PlacedId & ComparedRow {
    if (this.#naming.of(record) !== this.#named) {
      throw notCompared('rows of one table in several indices');
    }
    const [change] = documentChanges(record, this.#index, this.#options);
    const { key } = record;
    if (change?.effect !== 'write' || change.row === null || key === null) {
      throw notCompared('a row that becomes no document');
    }
    const { index, routing, row } = change;
    return { index, id: documentId(key), routing, base: null, key, row };
  }
}

interface PlacedId {
  readonly id: string;
}

interface ComparedRow {
  readonly key: Struct;
  readonly row: Struct;
}
