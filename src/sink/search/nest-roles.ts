import { documentId } from '../../../dialects/search/document-id.ts';
import { NESTED_ROWS } from '../../../dialects/search/search-field-types.ts';
import type { Nest } from '../../config/document-nest.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema, Struct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { type DocumentChange, documentChanges } from './document-change.ts';
import type { IndexNaming } from './index-naming.ts';
import type { SearchSinkOptions } from './search-sink-options.ts';

/** Where rows of a topic go: `nest` null: they are the documents, and others go into them. */
export interface NestPlace {
  readonly index: string;
  readonly nest: Nest | null;
}

/** Which topics are nested, and into which indices. */
export class NestRoles {
  readonly #nests: readonly Nest[];
  readonly #naming: IndexNaming;
  readonly #places = new Map<string, readonly NestPlace[]>();
  readonly #schemas = new WeakMap<ConnectSchema, Map<Nest, ConnectSchema>>();

  constructor({ nests }: Pick<SearchSinkOptions, 'nests'>, naming: IndexNaming) {
    this.#nests = nests;
    this.#naming = naming;
  }

  /** Empty: the topic has nothing to do with any nest. */
  placesOf(topic: string): readonly NestPlace[] {
    let places = this.#places.get(topic);
    if (places === undefined) {
      const isParent = this.#nests.some(({ parent }) => parent === topic);
      const nested = this.#nests.filter(({ child }) => child === topic);
      const own = isParent ? [{ index: this.#indexOf(topic), nest: null }] : [];
      places = [...own, ...nested.map((nest) => ({ index: this.#indexOf(nest.parent), nest }))];
      this.#places.set(topic, places);
    }
    return places;
  }

  /** Fields of the documents of an index that have rows of other topics. */
  fieldsOf(index: string): readonly string[] {
    return this.#nests
      .filter(({ parent }) => this.#indexOf(parent) === index)
      .map(({ field }) => field);
  }

  /** The indices of a topic, each with the schema that its documents have from such rows. */
  rowsOf(topic: string, row: ConnectSchema): readonly { index: string; row: ConnectSchema }[] {
    return this.placesOf(topic).map(({ index, nest }) => {
      return { index, row: nest === null ? row : this.#nestedSchema(row, nest) };
    });
  }

  /** As `documentChanges`, for each place that the row has. */
  changesOf(record: SinkRecord, options: SearchSinkOptions): readonly DocumentChange[] {
    const { topic, destination } = record;
    if (destination !== undefined && destination !== topic) throw routedElsewhere(record);
    return this.placesOf(topic).flatMap(({ index, nest }) =>
      documentChanges(record, index, options).map((change): DocumentChange => {
        if (record.key === null) throw withoutKey(topic);
        if (nest === null) return this.#asParent(change, record.key);
        const { rowSchema } = change;
        if (rowSchema !== null) refuseMissing(rowSchema, nest);
        return { ...change, nest, rowSchema: rowSchema && this.#nestedSchema(rowSchema, nest) };
      }),
    );
  }

  #indexOf(parent: string): string {
    const index = this.#naming.ofTopic(parent);
    if (index !== null) return index;
    throw new TidemarkError('CONFIG_INVALID', `document.nest: the index of ${parent} is not known`);
  }

  #asParent(change: DocumentChange, key: Struct): DocumentChange {
    const names = new Set(change.rowSchema?.fields?.map(({ name }) => name));
    const parts = key.schema.fields?.length ?? 0;
    for (const { parent, field, columns } of this.#nests) {
      if (parent !== change.topic) continue;
      if (names.has(field)) throw takenField(parent, field);
      if (columns.length !== parts) throw otherKey(parent, columns, parts);
    }
    return change;
  }

  /** The schema of a document with such rows and nothing else. */
  #nestedSchema(row: ConnectSchema, nest: Nest): ConnectSchema {
    let known = this.#schemas.get(row);
    if (known === undefined) {
      known = new Map<Nest, ConnectSchema>();
      this.#schemas.set(row, known);
    }
    let schema = known.get(nest);
    if (schema === undefined) {
      const name = nest.kind === 'nested' ? { name: NESTED_ROWS } : {};
      const rows = { type: 'array', optional: true, valueSchema: row, ...name } as const;
      schema = { type: 'struct', optional: false, fields: [{ name: nest.field, schema: rows }] };
      known.set(nest, schema);
    }
    return schema;
  }
}

/** Id of the document that a row belongs to; null: to none; undefined: the row lacks a value. */
export function parentId(
  row: Struct,
  { columns }: Nest,
  absent: readonly string[],
): string | null | undefined {
  if (absent.length > 0 && columns.some((name) => absent.includes(name))) return undefined;
  const all = row.schema.fields ?? [];
  const at = columns.map((name) => all.findIndex((field) => field.name === name));
  const values = at.map((i) => row.values[i] ?? null);
  if (values.includes(null)) return null;
  const fields = at.flatMap((i) => all[i] ?? []);
  return documentId({ schema: { type: 'struct', optional: false, fields }, values });
}

function refuseMissing(row: ConnectSchema, { child, columns }: Nest): void {
  const missing = columns.find((name) => row.fields?.every((field) => field.name !== name));
  if (missing === undefined) return;
  throw new TidemarkError('SINK_RECORD', `document.nest: ${child} has no column ${missing}`, {
    cure: 'Name the column that has the key of the parent behind `by`.',
  });
}

function withoutKey(topic: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', `document.nest: a row of ${topic} has no key`, {
    cure: 'Give the table a key (message.key.columns of the source): by it rows are told apart.',
  });
}

function routedElsewhere({ topic, destination }: SinkRecord): TidemarkError {
  return new TidemarkError(
    'SINK_RECORD',
    `document.nest: a transform sends a record of ${topic} to ${destination}`,
    {
      cure: 'Name the index by topic.index.map, and leave the topics of document.nest as they are.',
    },
  );
}

function takenField(parent: string, field: string): TidemarkError {
  return new TidemarkError('SINK_RECORD', `document.nest: ${parent} has a column ${field} itself`, {
    cure: 'Choose another name behind `as`.',
  });
}

function otherKey(parent: string, columns: readonly string[], parts: number): TidemarkError {
  const by = columns.join(' and ');
  return new TidemarkError(
    'SINK_RECORD',
    `document.nest: the key of ${parent} has ${parts} columns, not ${columns.length} (by ${by})`,
    { cure: 'Name a column for each column of the key of the parent, in the order of that key.' },
  );
}
