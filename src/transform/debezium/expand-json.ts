import { isJsonObject, JsonNumber, parseLosslessJson } from '../../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../../foundation/lossless-json.ts';
import type { ConnectData } from '../../model/connect-record.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';

/** What of a JSON document gets a field although its type is not known. */
export interface JsonExpansion {
  /** table.json.payload.null.behavior: `optional_bytes` makes nulls optional bytes. */
  readonly nullFields: 'ignore' | 'optional_bytes';
  /** table.json.payload.empty.array.behavior: elements of an empty array. */
  readonly emptyArrays: 'ignore' | 'optional_bytes';
  /** Name of the outer struct, which the inner ones build theirs on; null: they get their path. */
  readonly name: string | null;
  /** field.name.adjustment.mode */
  readonly adjust: (name: string) => string;
}

const UNKNOWN: ConnectSchema = { type: 'bytes', optional: true };

/** Thrown where the original gives up: the text is then passed on as it is. */
class NotExpandable extends Error {}

/** A JSON object as a struct with a schema of its own; null for anything that cannot be one. */
export function expandJson(text: string, options: JsonExpansion): ConnectData | null {
  if (!/^[{[]/.test(text)) return null;
  try {
    const node = parseLosslessJson(text);
    const schema = schemaOf(node, options.name, options);
    // The original cannot make a value of an array that is the whole payload.
    if (schema === null || schema.type !== 'struct') return null;
    return { schema, value: valueOf(node, schema, options) };
  } catch {
    return null;
  }
}

function schemaOf(
  node: JsonNode,
  name: string | null,
  options: JsonExpansion,
): ConnectSchema | null {
  if (node === null) return options.nullFields === 'ignore' ? null : UNKNOWN;
  if (typeof node === 'string') return { type: 'string', optional: true };
  if (typeof node === 'boolean') return { type: 'boolean', optional: true };
  if (typeof node === 'number' || typeof node === 'bigint') return numberSchema(node);
  if (node instanceof JsonNumber) return { type: 'float64', optional: true };
  if (isJsonObject(node)) return structSchema(node, name, options);
  return arraySchema(node, name, options);
}

/** Whole numbers beyond 64 bits are doubles. */
function numberSchema(node: number | bigint): ConnectSchema {
  const whole = BigInt(node);
  if (BigInt.asIntN(32, whole) === whole) return { type: 'int32', optional: true };
  const type = BigInt.asIntN(64, whole) === whole ? 'int64' : 'float64';
  return { type, optional: true };
}

function structSchema(
  node: JsonObject,
  name: string | null,
  options: JsonExpansion,
): ConnectSchema {
  const fields: ConnectField[] = [];
  for (const [key, child] of Object.entries(node)) {
    const field = options.adjust(key);
    const schema = schemaOf(child, name === null ? field : `${name}.${field}`, options);
    if (schema === null || fields.some((known) => known.name === field)) continue;
    fields.push({ name: field, schema });
  }
  return { type: 'struct', optional: true, ...(name === null ? {} : { name }), fields };
}

/** One schema for all elements: structs get the fields of all of them. */
function arraySchema(
  nodes: readonly JsonNode[],
  name: string | null,
  options: JsonExpansion,
): ConnectSchema | null {
  if (nodes.length === 0) {
    if (options.emptyArrays === 'ignore') return null;
    return { type: 'array', optional: true, valueSchema: UNKNOWN };
  }
  const items = nodes.filter((node) => node !== null);
  const [first] = items;
  if (first === undefined) return unknownItems(options);
  if (isJsonObject(first)) {
    const schemas = items.map((item) => {
      if (!isJsonObject(item)) throw new NotExpandable();
      return structSchema(item, name, options);
    });
    const valueSchema = schemas.reduce(merged);
    // Merged structs are no longer optional, as in the original.
    const isOne = schemas.every((schema) => JSON.stringify(schema) === JSON.stringify(schemas[0]));
    return {
      type: 'array',
      optional: true,
      valueSchema: isOne ? valueSchema : { ...valueSchema, optional: false },
    };
  }
  const valueSchema = schemaOf(first, null, options);
  if (valueSchema === null) throw new NotExpandable();
  for (const item of items) {
    if (schemaOf(item, null, options)?.type !== valueSchema.type) throw new NotExpandable();
  }
  return { type: 'array', optional: true, valueSchema };
}

function unknownItems(options: JsonExpansion): ConnectSchema {
  if (options.nullFields === 'ignore') throw new NotExpandable();
  return { type: 'array', optional: true, valueSchema: UNKNOWN };
}

/** Fields of the left one come first; one that is only known as bytes takes the other's type. */
function merged(a: ConnectSchema, b: ConnectSchema): ConnectSchema {
  const fields = [...(a.fields ?? [])];
  for (const field of b.fields ?? []) {
    const at = fields.findIndex(({ name }) => name === field.name);
    if (at < 0) fields.push(field);
    else if (fields[at]?.schema.type === 'bytes') fields[at] = field;
  }
  return { ...a, fields };
}

function valueOf(node: JsonNode, schema: ConnectSchema, options: JsonExpansion): ConnectValue {
  if (node === null) return null;
  switch (schema.type) {
    case 'struct': {
      if (!isJsonObject(node)) throw new NotExpandable();
      const byName = new Map(
        Object.entries(node).map(([key, child]) => [options.adjust(key), child]),
      );
      const values = (schema.fields ?? []).map((field) =>
        valueOf(byName.get(field.name) ?? null, field.schema, options),
      );
      return { schema, values };
    }
    case 'array': {
      if (!Array.isArray(node)) throw new NotExpandable();
      const items = schema.valueSchema ?? UNKNOWN;
      return (node as readonly JsonNode[]).map((item) => valueOf(item, items, options));
    }
    case 'string':
      if (typeof node !== 'string') throw new NotExpandable();
      return node;
    case 'boolean':
      if (typeof node !== 'boolean') throw new NotExpandable();
      return node;
    default:
      return numberOf(node, schema);
  }
}

/** A number of another width than its field's has no place in it. */
function numberOf(node: JsonNode, schema: ConnectSchema): ConnectValue {
  if (node instanceof JsonNumber) {
    if (schema.type === 'float64') return Number(node.text);
  } else if (typeof node === 'number' || typeof node === 'bigint') {
    if (numberSchema(node).type === schema.type) {
      return schema.type === 'int64' ? BigInt(node) : Number(node);
    }
  }
  throw new NotExpandable();
}
