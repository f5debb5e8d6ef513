import type { JsonNode, JsonObject } from '../../src/foundation/lossless-json.ts';
import { isJsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { limitFor } from './field-limit.ts';
import { fieldName, refuseAmbiguous } from './field-name.ts';
import { searchField } from './search-field-types.ts';
import type { SearchTarget } from './search-target.ts';

/**
 * The mapping for documents of a row's schema. A field that it does not have stands in the document
 * and is not searched (`dynamic`): the products would guess its type from the first value. Throws
 * SINK_SCHEMA.
 */
export function wantedMapping(row: ConnectSchema, target: SearchTarget): JsonObject {
  const fields = (row.fields ?? []).map(({ name, schema }) => ({
    name: fieldName(name),
    mapping: searchField(schema, target).mapping,
  }));
  refuseAmbiguous(fields.map(({ name }) => name));
  return {
    dynamic: false,
    properties: Object.fromEntries(fields.map(({ name, mapping }) => [name, mapping])),
  };
}

/** The settings that a mapping needs in a new index. */
export function mappingSettings(mapping: JsonObject): JsonObject {
  const limit = limitFor(mapping);
  return {
    ...(limit === null ? {} : { 'index.mapping.total_fields.limit': limit }),
    // Without it a knn_vector is kept, but no neighbours are found.
    ...(hasType(mapping, 'knn_vector') ? { 'index.knn': true } : {}),
  };
}

function hasType(node: JsonNode, type: string): boolean {
  if (!isJsonObject(node)) return false;
  return node['type'] === type || Object.values(node).some((part) => hasType(part, type));
}

/*
 * What an index lacks for documents of a schema. No product changes the type of a field that is
 * there ("Update mapping" in the docs); new fields and new sub-fields can be added. An index may
 * be somebody's own, so a field need not be what we would make it: it is a conflict only where
 * values of the schema would be refused, or stand in the index as something else.
 */

/** A field that cannot take the values which the schema has now. */
export interface MappingConflict {
  /** With the objects that it is in: `address.city`. */
  readonly field: string;
  readonly actual: string;
  readonly wanted: string;
  readonly reason: string;
}

/** What is to be added to a mapping (body of `PUT index/_mapping`), and what cannot be. */
export interface MappingChange {
  /** `{}`: nothing. */
  readonly additions: JsonObject;
  readonly conflicts: readonly MappingConflict[];
}

/** Compares `mappings` of an index, as `GET index/_mapping` has them, with what is wanted. */
export function mappingChange(actual: JsonObject, wanted: JsonObject): MappingChange {
  const conflicts: MappingConflict[] = [];
  const additions = missingIn(propertiesOf(actual), propertiesOf(wanted), '', conflicts);
  return { additions: additions === null ? {} : { properties: additions }, conflicts };
}

function propertiesOf(mapping: JsonObject): JsonObject {
  const { properties } = mapping;
  return isJsonObject(properties) ? properties : {};
}

/** A name with dots is the way through objects, in a mapping that was sent and in what is told. */
function find(properties: JsonObject, name: string): JsonNode | undefined {
  const own = properties[name];
  if (own !== undefined) return own;
  const dot = name.indexOf('.');
  const object = dot < 0 ? undefined : properties[name.slice(0, dot)];
  return isJsonObject(object) ? find(propertiesOf(object), name.slice(dot + 1)) : undefined;
}

function missingIn(
  actual: JsonObject,
  wanted: JsonObject,
  path: string,
  conflicts: MappingConflict[],
): JsonObject | null {
  const missing: Record<string, JsonNode> = {};
  for (const [name, field] of Object.entries(wanted)) {
    if (!isJsonObject(field)) continue;
    const present = find(actual, name);
    const addition = isJsonObject(present)
      ? additionTo(present, field, `${path}${name}`, conflicts)
      : field;
    if (addition !== null) missing[name] = addition;
  }
  return Object.keys(missing).length === 0 ? null : missing;
}

/** What to add to a field that is there; null: nothing. */
function additionTo(
  actual: JsonObject,
  wanted: JsonObject,
  field: string,
  conflicts: MappingConflict[],
): JsonObject | null {
  const [have, want] = [typeOf(actual), typeOf(wanted)];
  if (isKept(actual)) return null;
  const reason = obstacle(actual, wanted);
  if (reason !== null) {
    conflicts.push({ field, actual: have, wanted: want, reason });
    return null;
  }
  if (want === 'object' || want === 'nested') {
    const inner = missingIn(propertiesOf(actual), propertiesOf(wanted), `${field}.`, conflicts);
    if (inner === null) return null;
    return have === 'object' ? { properties: inner } : { type: have, properties: inner };
  }
  return have === want ? missingSubFields(actual, wanted) : null;
}

/** The definition that is there has to be sent along with what is new in it. */
function missingSubFields(actual: JsonObject, wanted: JsonObject): JsonObject | null {
  const have = isJsonObject(actual['fields']) ? actual['fields'] : {};
  const want = isJsonObject(wanted['fields']) ? wanted['fields'] : {};
  const missing = Object.entries(want).filter(([name]) => have[name] === undefined);
  return missing.length === 0
    ? null
    : { ...actual, fields: { ...have, ...Object.fromEntries(missing) } };
}

function typeOf(mapping: JsonObject): string {
  const { type } = mapping;
  return typeof type === 'string' ? type : 'object';
}

/** `enabled: false`, which servers tell as either. */
function isKept(mapping: JsonObject): boolean {
  return mapping['enabled'] === false || mapping['enabled'] === 'false';
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  whole: ['long', 'integer', 'short', 'byte', 'unsigned_long'],
  number: ['double', 'float', 'half_float', 'scaled_float'],
  text: ['text', 'keyword', 'wildcard', 'match_only_text', 'search_as_you_type'],
  time: ['date', 'date_nanos'],
  flat: ['flattened', 'flat_object'],
  object: ['object', 'nested'],
  geometry: ['geo_shape', 'geo_point'],
};

/** Of other types the kind is the type. */
function kindOf(type: string): string {
  return Object.entries(KINDS).find(([, types]) => types.includes(type))?.[0] ?? type;
}

/** Kinds that take the values of a kind, each of them as itself. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  whole: ['number', 'text'],
  number: ['text'],
  time: ['text'],
  boolean: ['text'],
  ip: ['text'],
  binary: ['text'],
};

/** Why values of the wanted field cannot go into the one that is there; null: they can. */
function obstacle(actual: JsonObject, wanted: JsonObject): string | null {
  const [have, want] = [typeOf(actual), typeOf(wanted)];
  const [haveKind, wantKind] = [kindOf(have), kindOf(want)];
  if (have === 'alias') return 'an alias of a field takes no values';
  if (isKept(wanted)) return `a ${have} does not take any JSON`;
  if (haveKind !== wantKind) {
    return TAKES[wantKind]?.includes(haveKind) === true ? null : `a ${have} does not take them all`;
  }
  if ((have === 'unsigned_long') !== (want === 'unsigned_long') && wantKind === 'whole') {
    return `a ${have} has another range`;
  }
  return dimensionsOf(actual) === dimensionsOf(wanted) ? null : 'it has other dimensions';
}

function dimensionsOf(mapping: JsonObject): string {
  const { dims = null, dimension = null } = mapping;
  return JSON.stringify(dims ?? dimension);
}
