import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { asNumber, asStruct, mismatch } from '../connect-values.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { fieldName, refuseAmbiguous } from './field-name.ts';
import { flatMapping } from './search-json.ts';
import { doubleJson } from './search-numbers.ts';
import { scalarField, unknownSchema } from './search-scalars.ts';
import type { SearchField, SearchTarget } from './search-target.ts';
import { KEPT, orElse } from './search-target.ts';

/**
 * The field for values of a schema, and their JSON. Every value that a source can have is taken by
 * the field: what an index has no place for stands in the document and is left out of the index.
 * Throws SINK_SCHEMA for a schema of which nothing is known.
 */
export function searchField(schema: ConnectSchema, target: SearchTarget): SearchField {
  if (isVector(schema)) return vectorField(schema, target);
  switch (schema.type) {
    case 'array':
      return listField(schema, target);
    case 'map':
      return mapField(schema, target);
    default:
      return scalarField(schema, target) ?? structField(schema, target);
  }
}

/** `null`, or what the field makes of it. */
export function jsonOf(field: SearchField, value: ConnectValue): string {
  return value === null ? 'null' : field.encode(value);
}

const ARRAY_BRACKETS = /(?:\[\])+$/;

/** An element's schema has no parameters: what its column says of its source counts. */
function elementOf(schema: ConnectSchema): ConnectSchema {
  const { valueSchema, parameters } = schema;
  if (valueSchema === undefined) throw unknownSchema(schema);
  if (parameters === undefined) return valueSchema;
  const source = parameters[POSTGRES_SOURCE_TYPE];
  const own = source === undefined ? {} : { [POSTGRES_SOURCE_TYPE]: withoutBrackets(source) };
  return { ...valueSchema, parameters: { ...parameters, ...own, ...valueSchema.parameters } };
}

function withoutBrackets(type: string): string {
  return type.replace(ARRAY_BRACKETS, '');
}

function list(value: ConnectValue): readonly ConnectValue[] {
  if (Array.isArray(value)) return value as readonly ConnectValue[];
  throw mismatch('an array', value);
}

/** The name of an array whose rows are found each by itself. */
export const NESTED_ROWS = 'tidemark.NestedRows';

/** Every field takes several values, whatever nests them; only vectors do not. */
function listField(schema: ConnectSchema, target: SearchTarget): SearchField {
  const element = elementOf(schema);
  const field = searchField(element, target);
  return {
    mapping: listMapping(schema, isVector(element) ? KEPT : field.mapping),
    encode: (value) =>
      `[${list(value)
        .map((item) => jsonOf(field, item))
        .join(',')}]`,
  };
}

function listMapping({ name }: ConnectSchema, element: JsonObject): JsonObject {
  return name === NESTED_ROWS ? { type: 'nested', ...element } : element;
}

/** Names are data and may be any, so a map is one field, as JSON is; or a list of its entries. */
function mapField(schema: ConnectSchema, target: SearchTarget): SearchField {
  const field = searchField(elementOf(schema), target);
  const entries = (value: ConnectValue): readonly (readonly [string, string])[] => {
    if (!(value instanceof Map)) throw mismatch('a map', value);
    const map = value as ReadonlyMap<string | number, ConnectValue>;
    return [...map].map(([key, item]) => [JSON.stringify(String(key)), jsonOf(field, item)]);
  };
  if (target.compactMaps === false) {
    const key = scalarField({ type: 'string', optional: false }, target)?.mapping ?? KEPT;
    return {
      mapping: { type: 'nested', properties: { key, value: field.mapping } },
      encode: (value) =>
        `[${entries(value)
          .map(([name, item]) => `{"key":${name},"value":${item}}`)
          .join(',')}]`,
    };
  }
  return {
    mapping: flatMapping(target),
    encode: (value) =>
      `{${entries(value)
        .map(([name, item]) => `${name}:${item}`)
        .join(',')}}`,
  };
}

/** A struct that a transform or another program made. */
function structField(schema: ConnectSchema, target: SearchTarget): SearchField {
  if (schema.type !== 'struct') throw unknownSchema(schema);
  const fields = (schema.fields ?? []).map((field) => ({
    name: fieldName(field.name),
    field: searchField(field.schema, target),
  }));
  refuseAmbiguous(fields.map(({ name }) => name));
  const properties: JsonObject = Object.fromEntries(
    fields.map(({ name, field }) => [name, field.mapping]),
  );
  const members = fields.map(({ name, field }) => ({ begin: `${JSON.stringify(name)}:`, field }));
  return {
    mapping: { properties },
    encode: (value) => {
      const { values } = asStruct(value);
      return `{${members
        .map(({ begin, field }, i) => begin + jsonOf(field, values[i] ?? null))
        .join(',')}}`;
    },
  };
}

const VECTOR = /^io\.debezium\.data\.(?:Double|Float)Vector$/;

function isVector({ name = '' }: ConnectSchema): boolean {
  return VECTOR.test(name);
}

/** `dims` of a dense_vector (docs, from 8.11 on), `dimension` of a knn_vector. */
const DIMENSIONS_MAX = { elasticsearch: 4096, opensearch: 16_000 } as const;

function dimensionsOf(schema: ConnectSchema): number | null {
  const source = schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '';
  const told = /^(?:\w+\.)?(?:vector|halfvec)\((\d+)\)$/.exec(source)?.[1];
  return told === undefined ? null : Number(told);
}

/**
 * Nearest neighbours by Euclidean distance, the one of these measures that takes every vector: the
 * cosine of both products refuses zeros. (It is what a knn_vector has by default; before 2.17 its
 * name stands elsewhere.) Only a column that says how many numbers its vectors have
 * can be indexed; a VECTOR of MySQL says the most it takes, and so do those of columns without.
 */
function vectorField(schema: ConnectSchema, target: SearchTarget): SearchField {
  const isSingle = schema.valueSchema?.type === 'float32';
  const field = scalarField({ type: isSingle ? 'float32' : 'float64', optional: false }, target);
  const json = field?.encode ?? doubleJson;
  return {
    mapping: vectorMapping(dimensionsOf(schema), target),
    encode: (value) =>
      `[${list(value)
        .map((item) => json(asNumber(item)))
        .join(',')}]`,
  };
}

function vectorMapping(dimensions: number | null, target: SearchTarget): JsonObject {
  const { product } = target;
  if (dimensions === null || dimensions < 1 || dimensions > DIMENSIONS_MAX[product]) return KEPT;
  const mapping: JsonObject =
    product === 'elasticsearch'
      ? { type: 'dense_vector', dims: dimensions, index: true, similarity: 'l2_norm' }
      : { type: 'knn_vector', dimension: dimensions };
  return orElse(target, mapping, KEPT);
}
