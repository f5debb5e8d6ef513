import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { valueFromJson } from '../model/connect-json.ts';
import type { ConnectField, ConnectSchema, ConnectType } from '../model/connect-schema.ts';
import { NUMBER_TYPES } from '../model/connect-schema.ts';

type Draft = { -readonly [K in keyof ConnectSchema]: ConnectSchema[K] };

/** Numbers without `connect.type`, as others write them. */
const WIDEST: Readonly<Record<string, ConnectType>> = { integer: 'int64', number: 'float64' };

/** Types that JSON Schema has no names for. */
const TOLD_BY_CONNECT: ReadonlySet<string> = new Set<ConnectType>([...NUMBER_TYPES, 'bytes']);

/** The Connect schema that a JSON Schema stands for. Throws SCHEMA_INVALID. */
export function connectSchemaOf(text: string): ConnectSchema {
  let node: JsonNode;
  try {
    node = parseLosslessJson(text);
  } catch (cause) {
    throw new TidemarkError('SCHEMA_INVALID', 'the JSON Schema is not JSON', { cause });
  }
  return schemaOf(node, 'the record');
}

function schemaOf(node: JsonNode | undefined, where: string): ConnectSchema {
  if (!isJsonObject(node)) throw invalid(where, 'is no object');
  const choices = node['oneOf'] ?? node['anyOf'];
  if (choices !== undefined) return choiceOf(choices, where);
  const type = node['type'];
  if (Array.isArray(type)) return typesOf(node, type as readonly JsonNode[], where);
  const draft: Draft = { ...typeOf(node, where), optional: false };
  const { title, description, default: value } = node;
  if (typeof title === 'string') draft.name = title;
  const version = node['connect.version'];
  if (typeof version === 'number') draft.version = version;
  if (typeof description === 'string') draft.doc = description;
  const parameters = node['connect.parameters'];
  if (isJsonObject(parameters)) draft.parameters = textsOf(parameters);
  if (value !== undefined && value !== null) draft.default = valueFromJson(draft, value);
  return draft;
}

/** One thing or null; no other choice has a schema in Connect. */
function choiceOf(choices: JsonNode, where: string): ConnectSchema {
  const all = Array.isArray(choices) ? (choices as readonly JsonNode[]) : [];
  const others = all.filter((choice) => !(isJsonObject(choice) && choice['type'] === 'null'));
  if (others.length !== 1) throw invalid(where, `is one of ${others.length} types`);
  const schema = schemaOf(others[0], where);
  return others.length < all.length ? { ...schema, optional: true } : schema;
}

/** `"type":["null","string"]` */
function typesOf(node: JsonObject, types: readonly JsonNode[], where: string): ConnectSchema {
  const others = types.filter((type) => type !== 'null');
  const [type] = others;
  if (others.length !== 1 || type === undefined) {
    throw invalid(where, `is one of ${others.length} types`);
  }
  return { ...schemaOf({ ...node, type }, where), optional: others.length < types.length };
}

function typeOf(node: JsonObject, where: string): Pick<ConnectSchema, 'type'> {
  const { type } = node;
  const connectType = node['connect.type'];
  if (type === 'object') return objectOf(node, where);
  if (type === 'array') return arrayOf(node, where);
  if (typeof connectType === 'string' && TOLD_BY_CONNECT.has(connectType)) {
    return { type: connectType as ConnectType };
  }
  if (type === 'string' || type === 'boolean') return { type };
  // An enumeration needs no type: its values are texts.
  if (type === undefined && node['enum'] !== undefined) return { type: 'string' };
  const widest = typeof type === 'string' ? WIDEST[type] : undefined;
  if (widest !== undefined) return { type: widest };
  throw invalid(where, node['$ref'] === undefined ? 'has no known type' : 'is a $ref');
}

function objectOf(node: JsonObject, where: string): Pick<ConnectSchema, 'type'> {
  const { properties, additionalProperties } = node;
  const isMap = node['connect.type'] === 'map' || properties === undefined;
  if (isMap && isJsonObject(additionalProperties)) {
    const valueSchema = schemaOf(additionalProperties, where);
    const map: Omit<ConnectSchema, 'optional'> = {
      type: 'map',
      keySchema: { type: 'string', optional: false },
      valueSchema,
    };
    return map;
  }
  const struct: Omit<ConnectSchema, 'optional'> = {
    type: 'struct',
    fields: fieldsOf(properties, where),
  };
  return struct;
}

/** In the order of `connect.index`; what others wrote has none and stands as it is. */
function fieldsOf(properties: JsonNode | undefined, where: string): readonly ConnectField[] {
  if (properties === undefined) return [];
  if (!isJsonObject(properties)) throw invalid(where, 'has properties that are no object');
  return Object.entries(properties)
    .map(([name, node], at) => ({
      place: indexOf(node) ?? at,
      field: { name, schema: schemaOf(node, where === 'the record' ? name : `${where}.${name}`) },
    }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ field }) => field);
}

function arrayOf(node: JsonObject, where: string): Pick<ConnectSchema, 'type'> {
  const items = node['items'];
  if (node['connect.type'] !== 'map') {
    const array: Omit<ConnectSchema, 'optional'> = {
      type: 'array',
      valueSchema: schemaOf(items, `${where}[]`),
    };
    return array;
  }
  const [keys, values] = schemaOf(items, where).fields ?? [];
  if (keys === undefined || values === undefined) throw invalid(where, 'is a map without entries');
  const map: Omit<ConnectSchema, 'optional'> = {
    type: 'map',
    keySchema: keys.schema,
    valueSchema: values.schema,
  };
  return map;
}

function indexOf(node: JsonNode): number | null {
  const index = isJsonObject(node) ? node['connect.index'] : undefined;
  return typeof index === 'number' ? index : null;
}

/** Connect's parameters are texts. */
function textsOf(node: JsonObject): Readonly<Record<string, string>> {
  const texts = Object.entries(node).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Readonly<Record<string, string>>;
}

function invalid(where: string, what: string): TidemarkError {
  return new TidemarkError('SCHEMA_INVALID', `not a JSON Schema of a record: ${where} ${what}`);
}
