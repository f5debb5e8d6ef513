import { must } from '../foundation/assert.ts';
import type { JsonObject } from '../foundation/lossless-json.ts';
import {
  formatLosslessJson,
  isJsonObject,
  parseLosslessJson,
} from '../foundation/lossless-json.ts';
import type { Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { documentPages } from '../sink/search/document-scan.ts';
import { IndexNaming } from '../sink/search/index-naming.ts';
import { stateIndex } from '../sink/search/nest-children.ts';
import { NestRoles, parentId } from '../sink/search/nest-roles.ts';
import { readChild } from '../sink/search/nest-state.ts';
import type { SearchSinkOptions } from '../sink/search/search-sink-options.ts';
import { readStates, stateId } from '../sink/search/state-store.ts';
import { keyText } from './deletable-keys.ts';
import { changedKeys, DocumentKeys } from './document-keys.ts';
import { DocumentRows } from './document-rows.ts';
import type { NestedRows } from './nested-documents.ts';
import { NestedDocuments } from './nested-documents.ts';
import type { NestedPlace, NestedTargetParts } from './nested-places.ts';
import { checkPlaces, nestedPlaces, placeColumn, seenId } from './nested-places.ts';
import { notCompared } from './not-compared.ts';
import { SeenIds } from './seen-ids.ts';
import { keyOfDocuments } from './verified-index.ts';
import type {
  ColumnDifference,
  CompareScope,
  KeyDifference,
  KeyTexts,
  LogPositions,
  OtherRows,
  TargetTable,
} from './verify-ports.ts';

interface ComparedRow {
  readonly key: Struct;
  readonly row: Struct;
  /** Its id as the sink knows it. */
  readonly id: string;
  readonly mark: string;
  readonly json: JsonObject;
}

/** How a row stands in one field. */
interface Standing {
  readonly place: NestedPlace;
  /** The document that it belongs to; null: to none. */
  readonly belongs: string | null;
  /** Those that it stands in. */
  readonly stands: string[];
  isMissing: boolean;
  columns: readonly ColumnDifference[];
}

/** What is known of a key that differed. */
interface Remembered {
  readonly mark: string;
  /** Documents that it stood in too much; with their keys, where they can be told. */
  readonly documents: Map<NestedPlace, Map<string, KeyTexts | null>>;
}

const STATES_AT_ONCE = 500;

/**
 * Rows that stand in the documents of others (`document.nest`), in one index or several.
 *
 * A row has to stand in the document that its columns name, once, and in no other one. Where that
 * document is not there, which is for its own table to say, the row waits beside the index, and is
 * compared with what waits: so nothing that happens to the parent makes a row differ. Rows that are
 * in a document too much are found by a scan when the source was read.
 */
export class NestedTargetTable implements TargetTable {
  /** The documents come first, and then the group's offset. */
  readonly isAtomic = false;
  /** Documents have an order of their own. */
  readonly isOrdered = false;
  readonly name: string;
  readonly keyFields: readonly string[];
  readonly keyColumns: readonly string[];
  readonly #parts: NestedTargetParts;
  readonly #topic: string;
  readonly #options: SearchSinkOptions;
  readonly #places: readonly NestedPlace[];
  readonly #roles: NestRoles;
  readonly #keys: DocumentKeys;
  readonly #rows: DocumentRows;
  readonly #documents: NestedDocuments;
  /** By key those that differed when they were looked at last. */
  readonly #remembered = new Map<string, Remembered>();

  private constructor(
    parts: NestedTargetParts,
    topic: string,
    roles: NestRoles,
    places: readonly NestedPlace[],
    keys: DocumentKeys,
  ) {
    const { client, options } = parts;
    this.#parts = parts;
    this.#topic = topic;
    this.#roles = roles;
    this.#places = places;
    this.#keys = keys;
    // A row of the source does not say what it has for a version.
    this.#options = { ...options, versions: 'offset', versionHeader: null };
    this.#rows = new DocumentRows(client.product.name, options);
    this.#documents = new NestedDocuments(client, keys.names);
    this.name = places.map(({ index, field }) => `${index}.${field}`).join(', ');
    this.keyFields = keys.names;
    this.keyColumns = keys.names;
  }

  /** Throws SINK_SCHEMA where there is no such index, CONFIG_UNSUPPORTED. */
  static async open(
    parts: NestedTargetParts,
    sample: SinkRecord,
    signal: AbortSignal,
  ): Promise<NestedTargetTable> {
    const { options, valueOf } = parts;
    const key = keyOfDocuments(sample, options);
    const roles = new NestRoles(options, new IndexNaming(options));
    const places = await nestedPlaces(parts, sample.topic, roles, signal);
    const keys = new DocumentKeys(key.schema, valueOf);
    if (keys.untold !== null) throw notCompared(`a key with ${keys.untold}, which no id tells`);
    return new NestedTargetTable(parts, sample.topic, roles, places, keys);
  }

  begin(): Promise<void> {
    for (const place of this.#places) place.seen = new SeenIds();
    this.#remembered.clear();
    return Promise.resolve();
  }

  async compare(
    records: readonly SinkRecord[],
    scope: CompareScope,
    signal: AbortSignal,
  ): Promise<readonly KeyDifference[]> {
    const rows = records.map((record) => this.#rowOf(record));
    const keys = scope.kind === 'keys' ? scope.keys : [];
    const strange = keys.flatMap((key) => {
      const known = this.#remembered.get(keyText(key));
      return known === undefined ? [] : [{ key, known, stands: new Map<NestedPlace, string[]>() }];
    });
    const standings = rows.map((): Standing[] => []);
    for (const place of this.#places) {
      const ofPlace = rows.map(({ row, mark }) => {
        const belongs = parentId(row, place.nest, []) ?? null;
        if (scope.kind === 'next' && belongs !== null) place.seen.add(seenId(belongs, mark));
        return { place, belongs, stands: [], isMissing: false, columns: [] };
      });
      await this.#look(place, rows, ofPlace, strange, signal);
      ofPlace.forEach((standing, i) => standings[i]?.push(standing));
    }
    const byMark = new Map(strange.map((one) => [one.known.mark, one]));
    const found = rows.flatMap((row, number): readonly KeyDifference[] => {
      const all = standings[number] ?? [];
      const elsewhere = byMark.get(row.mark)?.stands;
      for (const { place, stands } of all) stands.push(...(elsewhere?.get(place) ?? []));
      byMark.delete(row.mark);
      return this.#differenceOf(row, all, number);
    });
    for (const { key, stands } of byMark.values()) {
      const columns = [...stands].map(([place, ids]) => placeColumn(place, null, ids));
      if (columns.length > 0) found.push({ kind: 'surplus', key, row: null, columns });
    }
    if (scope.kind === 'keys') await this.#looked(keys, found, signal);
    return found;
  }

  /** Rows in documents that they do not belong to, and what is no row at all. */
  async *rest(signal: AbortSignal): AsyncGenerator<readonly KeyDifference[], void, undefined> {
    for (const place of this.#places) {
      for await (const hits of documentPages(this.#parts.client, place.index, signal)) {
        const ids = hits.flatMap(({ _id: id }) => (typeof id === 'string' ? [id] : []));
        for await (const some of this.#documents.read(place, ids, signal)) {
          yield some.flatMap(([id, nested]) => this.#strangeIn(place, id, nested));
        }
      }
    }
  }

  keysOf(records: readonly SinkRecord[]): Promise<readonly KeyTexts[] | null> {
    return Promise.resolve(changedKeys(records, this.#keys));
  }

  applied(_signal: AbortSignal, topic = this.#topic): Promise<LogPositions> {
    return this.#parts.applied(topic);
  }

  /** A document is written anew, from what the sink knows of it, when its own row is. */
  alsoToRepair(keys: readonly KeyTexts[]): readonly OtherRows[] {
    return this.#places.flatMap((place): readonly OtherRows[] => {
      const { owners, nest } = place;
      if (owners === null) return [];
      const documents = new Map<string, KeyTexts>();
      for (const key of keys) {
        const known = this.#remembered.get(keyText(key))?.documents.get(place);
        for (const [id, owner] of known ?? []) if (owner !== null) documents.set(id, owner);
      }
      if (documents.size === 0) return [];
      return [{ topic: nest.parent, table: owners.table, keys: [...documents.values()] }];
    });
  }

  #rowOf(record: SinkRecord): ComparedRow {
    const [change] = this.#roles.changesOf(record, this.#options);
    const { key } = record;
    if (change?.effect !== 'write' || change.row === null || key === null) {
      throw notCompared('a row that becomes no document');
    }
    const json = this.#rows.documentOf(change.row);
    const mark = this.#documents.markOf(json);
    if (mark === null) throw notCompared('nested rows without the columns of their key');
    return { key, row: change.row, id: must(change.id, 'keyed rows have ids'), mark, json };
  }

  /** Reads each document that any of the rows may stand in once. */
  async #look(
    place: NestedPlace,
    rows: readonly ComparedRow[],
    standings: readonly Standing[],
    strange: readonly { readonly known: Remembered; readonly stands: Map<NestedPlace, string[]> }[],
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map<string, number[]>();
    const hidden: number[] = [];
    standings.forEach(({ belongs }, i) => {
      const members = belongs === null ? hidden : wanted.get(belongs);
      if (members !== undefined) members.push(i);
      else if (belongs !== null) wanted.set(belongs, [i]);
    });
    for (const { known } of strange) {
      for (const id of known.documents.get(place)?.keys() ?? []) {
        if (!wanted.has(id)) wanted.set(id, []);
      }
    }
    for await (const some of this.#documents.read(place, [...wanted.keys()], signal)) {
      for (const [id, nested] of some) {
        const members = wanted.get(id) ?? [];
        if (nested === null) hidden.push(...members);
        else this.#standIn(id, nested, members, { rows, standings });
        const own = new Set(members.map((i) => rows[i]?.mark));
        for (const { known, stands } of strange) {
          const isThere = known.documents.get(place)?.has(id) === true;
          if (!isThere || own.has(known.mark) || nested?.byMark.has(known.mark) !== true) continue;
          stands.set(place, [...(stands.get(place) ?? []), id]);
        }
      }
    }
    await this.#waitBeside(place, hidden, { rows, standings }, signal);
  }

  #standIn(
    id: string,
    nested: NestedRows,
    members: readonly number[],
    { rows, standings }: Looked,
  ): void {
    for (const i of members) {
      const [row, standing] = [at(rows, i), at(standings, i)];
      const same = nested.byMark.get(row.mark) ?? [];
      standing.stands.push(...same.map(() => id));
      standing.isMissing = same.length === 0;
      const [first] = same;
      if (first !== undefined) {
        standing.columns = this.#rows.differences(row.row, first, row.json);
      }
    }
  }

  /** Rows whose document is not there: the sink keeps them until it is. */
  async #waitBeside(
    { named, field }: NestedPlace,
    hidden: readonly number[],
    { rows, standings }: Looked,
    signal: AbortSignal,
  ): Promise<void> {
    for (let from = 0; from < hidden.length; from += STATES_AT_ONCE) {
      const some = hidden.slice(from, from + STATES_AT_ONCE);
      const places = some.map((i) => ({
        index: stateIndex(named),
        id: stateId(field, at(rows, i).id),
      }));
      const stored = await readStates(this.#parts.client, places, signal);
      some.forEach((i, n) => {
        const [row, standing] = [at(rows, i), at(standings, i)];
        const state = stored[n] ?? null;
        const kept = state === null ? null : readChild(state.source);
        const json = kept === null || kept.row === null ? null : parseLosslessJson(kept.row);
        standing.isMissing = kept === null || !isJsonObject(json ?? undefined);
        if (kept === null || !isJsonObject(json ?? undefined)) return;
        if (kept.parent !== null) standing.stands.push(kept.parent);
        standing.columns = this.#rows.differences(row.row, json as JsonObject, row.json);
      });
    }
  }

  #differenceOf(
    { key, mark }: ComparedRow,
    standings: readonly Standing[],
    row: number,
  ): readonly KeyDifference[] {
    const wrong = standings.filter(
      ({ belongs, stands, isMissing, columns }) =>
        isMissing || columns.length > 0 || stands.join('\0') !== (belongs ?? ''),
    );
    if (wrong.length === 0) return [];
    const isNowhere = standings.every(({ stands }) => stands.length === 0);
    const texts = this.#keys.textsOf(key);
    this.#remember(texts, mark);
    const kind = isNowhere ? 'missing' : 'different';
    const columns = wrong.flatMap(({ place, belongs, stands, columns: own }) => [
      placeColumn(place, belongs, stands),
      ...own,
    ]);
    return [{ kind, key: texts, row, columns }];
  }

  #strangeIn(place: NestedPlace, id: string, nested: NestedRows | null): readonly KeyDifference[] {
    if (nested === null) return [];
    const columns = [placeColumn(place, null, [id])];
    const found: KeyDifference[] = nested.others.map((other) => {
      const key = this.#keys.names.map((_, i) => (i === 0 ? formatLosslessJson(other) : ''));
      return { kind: 'surplus', key, row: null, columns, owner: 'none' };
    });
    for (const [mark, [first, ...more]] of nested.byMark) {
      if (first === undefined || (more.length === 0 && place.seen.has(seenId(id, mark)))) continue;
      const { kind, key } = this.#keys.ofElement(first);
      const difference = { kind: 'surplus', key, row: null, columns } as const;
      if (kind === 'row') {
        const { documents } = this.#remember(key, mark);
        const ofPlace = documents.get(place) ?? new Map<string, KeyTexts | null>();
        const owner = place.owners?.keys.ofDocument(id, nested.document);
        documents.set(place, ofPlace.set(id, owner?.kind === 'row' ? owner.key : null));
      }
      found.push(kind === 'row' ? difference : { ...difference, owner: kind });
    }
    return found;
  }

  #remember(key: KeyTexts, mark: string): Remembered {
    const text = keyText(key);
    let known = this.#remembered.get(text);
    if (known === undefined) {
      known = { mark, documents: new Map<NestedPlace, Map<string, KeyTexts | null>>() };
      this.#remembered.set(text, known);
    }
    return known;
  }

  /** Forgets those that are equal by now. What was read is what the sink writes to. */
  async #looked(
    keys: readonly KeyTexts[],
    found: readonly KeyDifference[],
    signal: AbortSignal,
  ): Promise<void> {
    const differ = new Set(found.map(({ key }) => keyText(key)));
    for (const key of keys.map(keyText)) if (!differ.has(key)) this.#remembered.delete(key);
    if (found.length === 0) return;
    await checkPlaces(this.#parts.client, this.#places, signal);
  }
}

interface Looked {
  readonly rows: readonly ComparedRow[];
  readonly standings: readonly Standing[];
}

function at<T>(all: readonly T[], i: number): T {
  return must(all[i], 'it is one of them');
}
