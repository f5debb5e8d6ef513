import { isJsonObject, JsonNumber, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';

/** What of a JSON document gets a field although its type is not known. */
export interface JsonExpansion {
  /** table.json.payload.null.behavior: `optional_bytes` makes nulls optional bytes. */
  readonly nullFields: 'ignore' | 'optional_bytes';
  /** table.json.payload.empty.array.behavior: elements of an empty array. */
  readonly emptyArrays: 'ignore' | 'optional_bytes';
}

const UNKNOWN: ConnectSchema = { type: 'bytes', optional: true };

/** A JSON object or array as struct or array with a schema of its own; null for anything else. */
export function expandJson(text: string, options: JsonExpansion): ConnectData | null {
  const node = parsed(text);
  if (node === null) return null;
  const schema = schemaOf(node, options);
  return schema === null ? null : { schema, value: valueOf(node, schema) };
}

function parsed(text: string): JsonNode {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    return parseLosslessJson(text);
  } catch {
    return null;
  }
}

function schemaOf(node: JsonNode, options: JsonExpansion): ConnectSchema | null {
  if (node === null) return options.nullFields === 'ignore' ? null : UNKNOWN;
  if (typeof node === 'string') return { type: 'string', optional: true };
  if (typeof node === 'boolean') return { type: 'boolean', optional: true };
  if (typeof node === 'bigint') return { type: 'int64', optional: true };
  if (typeof node === 'number') {
    const isInt = node >= -0x80000000 && node <= 0x7fffffff;
    return { type: isInt ? 'int32' : 'int64', optional: true };
  }
  if (node instanceof JsonNumber) return { type: 'float64', optional: true };
  if (isJsonObject(node)) return structSchema(node, options);
  return arraySchema(node, options);
}

function structSchema(node: JsonObject, options: JsonExpansion): ConnectSchema {
  const fields = Object.entries(node).flatMap(([name, child]) => {
    const schema = schemaOf(child, options);
    return schema === null ? [] : [{ name, schema }];
  });
  return { type: 'struct', optional: true, fields };
}

/** One schema for all elements: structs get the fields of all of them. */
function arraySchema(nodes: readonly JsonNode[], options: JsonExpansion): ConnectSchema | null {
  const known = nodes
    .filter((node) => node !== null)
    .map((node) => schemaOf(node, options))
    .filter((schema) => schema !== null);
  const [first] = known;
  if (first === undefined) {
    return options.emptyArrays === 'ignore'
      ? null
      : { type: 'array', optional: true, valueSchema: UNKNOWN };
  }
  return { type: 'array', optional: true, valueSchema: known.reduce(merged, first) };
}

function merged(a: ConnectSchema, b: ConnectSchema): ConnectSchema {
  if (a.type === 'struct' && b.type === 'struct') {
    const fields = [...(a.fields ?? [])];
    for (const field of b.fields ?? []) {
      const at = fields.findIndex(({ name }) => name === field.name);
      if (at < 0) fields.push(field);
      else fields[at] = { name: field.name, schema: merged(at0(fields, at), field.schema) };
    }
    return { ...a, fields };
  }
  if (a.type === b.type) return a;
  const numbers = ['int32', 'int64', 'float64'];
  const widest = Math.max(numbers.indexOf(a.type), numbers.indexOf(b.type));
  const bothNumbers = numbers.includes(a.type) && numbers.includes(b.type);
  return { type: bothNumbers ? (numbers[widest] as 'int64') : 'string', optional: true };
}

function at0(fields: readonly { readonly schema: ConnectSchema }[], at: number): ConnectSchema {
  return (fields[at] as { readonly schema: ConnectSchema }).schema;
}

function valueOf(node: JsonNode, schema: ConnectSchema): ConnectValue {
  if (node === null) return null;
  switch (schema.type) {
    case 'struct': {
      const object = isJsonObject(node) ? node : {};
      const values = (schema.fields ?? []).map((field) =>
        valueOf(object[field.name] ?? null, field.schema),
      );
      return { schema, values };
    }
    case 'array': {
      const items = schema.valueSchema ?? UNKNOWN;
      return (node as readonly JsonNode[]).map((item) => valueOf(item, items));
    }
    case 'string':
      return typeof node === 'string' ? node : plainText(node);
    case 'int64':
      return BigInt(node as number | bigint);
    case 'float64':
      return node instanceof JsonNumber ? Number(node.text) : Number(node);
    case 'boolean':
      return node === true;
    case 'int32':
      return node as number;
    default:
      return null;
  }
}

/** Elements of several types become their JSON text. */
function plainText(node: JsonNode): string {
  if (node instanceof JsonNumber) return node.text;
  if (typeof node === 'bigint') return node.toString();
  return JSON.stringify(node, (_key, value: unknown) =>
    value instanceof JsonNumber
      ? Number(value.text)
      : typeof value === 'bigint'
        ? Number(value)
        : value,
  );
}
