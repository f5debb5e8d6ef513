import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, JsonNumber, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { avroString } from './avro-schema.ts';

/** A parsed Avro schema with names resolved to full names (PITFALLS C13). */
export type AvroType =
  | { readonly kind: AvroPrimitive }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly aliases: readonly string[];
      readonly symbols: readonly string[];
      readonly hasDefault: boolean;
    }
  | {
      readonly kind: 'fixed';
      readonly name: string;
      readonly aliases: readonly string[];
      readonly size: number;
    };

export type AvroPrimitive =
  'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** A record; `name` is the full name. */
export interface AvroRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly aliases: readonly string[];
  /** Filled after the record is known by name: records may contain themselves. */
  readonly fields: AvroField[];
}

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  readonly hasDefault: boolean;
}

/** Names of types that need no definition. */
export const AVRO_PRIMITIVES: ReadonlySet<string> = new Set<AvroPrimitive>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/** Parses and checks a schema. Throws SCHEMA_INVALID. */
export function parseAvroType(text: string): AvroType {
  return new Resolver().type(parseSchemaJson(text), null);
}

/**
 * The schema's text without layout, keys in the order in which Java's Avro prints them: two texts
 * of one schema get one id (PITFALLS C16).
 */
export function normalizedAvroText(text: string): string {
  return print(parseSchemaJson(text));
}

function parseSchemaJson(text: string): JsonNode {
  try {
    return parseLosslessJson(text);
  } catch (error) {
    // A bare primitive name is a schema too, though not JSON.
    if (AVRO_PRIMITIVES.has(text.trim())) return text.trim();
    throw new TidemarkError('SCHEMA_INVALID', 'the schema is not JSON', { cause: error });
  }
}

class Resolver {
  readonly #named = new Map<string, AvroType>();

  type(node: JsonNode, namespace: string | null): AvroType {
    if (Array.isArray(node)) return this.#union(node as readonly JsonNode[], namespace);
    if (typeof node === 'string') return this.#reference(node, namespace);
    if (!isJsonObject(node)) throw invalid('a type is neither a name, an object nor a union');
    const type = node['type'];
    if (typeof type !== 'string') {
      if (type === undefined) throw invalid('a type has no `type`');
      return this.type(type, namespace);
    }
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(node, namespace);
      case 'enum':
        return this.#enum(node, namespace);
      case 'fixed': {
        const size = node['size'];
        if (typeof size !== 'number' || size < 0) throw invalid('a fixed type has no size');
        const { name, aliases } = this.#names(node, namespace);
        return this.#define(name, { kind: 'fixed', name, aliases, size });
      }
      case 'array':
        return { kind: 'array', items: this.type(required(node, 'items'), namespace) };
      case 'map':
        return { kind: 'map', values: this.type(required(node, 'values'), namespace) };
      default:
        return this.#reference(type, namespace);
    }
  }

  #reference(name: string, namespace: string | null): AvroType {
    if (AVRO_PRIMITIVES.has(name)) return { kind: name as AvroPrimitive };
    const qualified = namespace === null ? name : `${namespace}.${name}`;
    const found = name.includes('.')
      ? this.#named.get(name)
      : (this.#named.get(qualified) ?? this.#named.get(name));
    if (found === undefined) throw invalid(`type ${JSON.stringify(name)} is not defined`);
    return found;
  }

  #record(node: JsonObject, namespace: string | null): AvroType {
    const { name, aliases } = this.#names(node, namespace);
    const record: AvroRecord = { kind: 'record', name, aliases, fields: [] };
    this.#define(name, record);
    const fields = node['fields'];
    if (!Array.isArray(fields)) throw invalid(`record ${name} has no fields`);
    const seen = new Set<string>();
    for (const field of fields as readonly JsonNode[]) {
      const resolved = this.#field(field, name);
      if (seen.has(resolved.name)) throw invalid(`field ${resolved.name} stands twice in ${name}`);
      seen.add(resolved.name);
      record.fields.push(resolved);
    }
    return record;
  }

  #field(node: JsonNode, record: string): AvroField {
    if (!isJsonObject(node) || typeof node['name'] !== 'string') {
      throw invalid(`a field of ${record} has no name`);
    }
    checkName(node['name'], `field of ${record}`);
    const type = this.type(required(node, 'type'), namespaceOf(record));
    const hasDefault = node['default'] !== undefined;
    if (hasDefault) checkDefault(type, node['default'] as JsonNode, `${record}.${node['name']}`);
    return { name: node['name'], aliases: strings(node['aliases']), type, hasDefault };
  }

  #enum(node: JsonObject, namespace: string | null): AvroType {
    const { name, aliases } = this.#names(node, namespace);
    const symbols = strings(node['symbols']);
    if (symbols.length === 0) throw invalid(`enum ${name} has no symbols`);
    for (const symbol of symbols) checkName(symbol, `symbol of ${name}`);
    const hasDefault = node['default'] !== undefined;
    return this.#define(name, { kind: 'enum', name, aliases, symbols, hasDefault });
  }

  #union(nodes: readonly JsonNode[], namespace: string | null): AvroType {
    const branches = nodes.map((node) => this.type(node, namespace));
    const seen = new Set<string>();
    for (const branch of branches) {
      if (branch.kind === 'union') throw invalid('a union stands directly in a union');
      const key = 'name' in branch ? branch.name : branch.kind;
      if (seen.has(key)) throw invalid(`a union has ${key} twice`);
      seen.add(key);
    }
    return { kind: 'union', branches };
  }

  #define(name: string, type: AvroType): AvroType {
    if (this.#named.has(name)) throw invalid(`type ${name} is defined twice`);
    this.#named.set(name, type);
    return type;
  }

  #names(node: JsonObject, enclosing: string | null) {
    const given = node['name'];
    if (typeof given !== 'string') throw invalid('a named type has no name');
    const space = typeof node['namespace'] === 'string' ? node['namespace'] || null : enclosing;
    const name = given.includes('.') || space === null ? given : `${space}.${given}`;
    checkName(simpleName(name), name);
    const own = namespaceOf(name);
    const aliases = strings(node['aliases']).map((alias) =>
      alias.includes('.') || own === null ? alias : `${own}.${alias}`,
    );
    return { name, aliases };
  }
}

/** The name without its namespace. */
export function simpleName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1);
}

function namespaceOf(fullName: string): string | null {
  const dot = fullName.lastIndexOf('.');
  return dot < 0 ? null : fullName.slice(0, dot);
}

function checkName(name: string, where: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw invalid(`${JSON.stringify(name)} (${where}) is not a valid name`);
  }
}

/** A default has to match the type; of a union, the first branch (PITFALLS C6). */
function checkDefault(type: AvroType, node: JsonNode, where: string): void {
  if (!defaultFits(type, node)) throw invalid(`the default of ${where} does not fit its type`);
}

function defaultFits(type: AvroType, node: JsonNode): boolean {
  switch (type.kind) {
    case 'null':
      return node === null;
    case 'boolean':
      return typeof node === 'boolean';
    case 'int':
    case 'long':
      return typeof node === 'number' || typeof node === 'bigint';
    case 'float':
    case 'double':
      return isNumber(node) || node === 'NaN' || node === 'Infinity' || node === '-Infinity';
    case 'bytes':
    case 'string':
    case 'fixed':
    case 'enum':
      return typeof node === 'string';
    case 'array':
      return (
        Array.isArray(node) &&
        (node as readonly JsonNode[]).every((item) => defaultFits(type.items, item))
      );
    case 'map':
      return (
        isJsonObject(node) && Object.values(node).every((item) => defaultFits(type.values, item))
      );
    case 'union':
      return type.branches[0] !== undefined && defaultFits(type.branches[0], node);
    case 'record':
      return (
        isJsonObject(node) &&
        type.fields.every((field) => {
          const value = node[field.name];
          return value === undefined ? field.hasDefault : defaultFits(field.type, value);
        })
      );
  }
}

function isNumber(node: JsonNode): boolean {
  return typeof node === 'number' || typeof node === 'bigint' || node instanceof JsonNumber;
}

function strings(node: JsonNode | undefined): readonly string[] {
  if (!Array.isArray(node)) return [];
  return (node as readonly JsonNode[]).filter((item) => typeof item === 'string');
}

function required(node: JsonObject, key: string): JsonNode {
  const value = node[key];
  if (value === undefined) throw invalid(`a type has no \`${key}\``);
  return value;
}

const KEY_ORDER = ['type', 'name', 'namespace', 'doc', 'fields', 'symbols', 'items', 'values'];
const FIELD_KEY_ORDER = ['name', 'type', 'doc', 'default'];

function print(node: JsonNode): string {
  if (Array.isArray(node)) return `[${(node as readonly JsonNode[]).map(print).join(',')}]`;
  if (!isJsonObject(node)) return scalar(node);
  const keys = Object.keys(node);
  if (keys.length === 1 && typeof node['type'] === 'string') return avroString(node['type']);
  const isField = 'type' in node && 'name' in node && !isNamedType(node['type']);
  const order = isField ? FIELD_KEY_ORDER : KEY_ORDER;
  const known = order.filter((key) => key in node);
  const others = keys.filter((key) => !order.includes(key));
  const members = [...known, ...others].map((key) => {
    const value = node[key] as JsonNode;
    return `${avroString(key)}:${isSchemaKey(key) ? print(value) : literal(value)}`;
  });
  return `{${members.join(',')}}`;
}

function isNamedType(type: JsonNode | undefined): boolean {
  return type === 'record' || type === 'error' || type === 'enum' || type === 'fixed';
}

function isSchemaKey(key: string): boolean {
  return key === 'type' || key === 'fields' || key === 'items' || key === 'values';
}

/** Values that are not schemas (defaults, properties) keep their order. */
function literal(node: JsonNode): string {
  if (Array.isArray(node)) return `[${(node as readonly JsonNode[]).map(literal).join(',')}]`;
  if (!isJsonObject(node)) return scalar(node);
  const members = Object.entries(node).map(
    ([key, value]) => `${avroString(key)}:${literal(value)}`,
  );
  return `{${members.join(',')}}`;
}

function scalar(node: JsonNode): string {
  if (typeof node === 'string') return avroString(node);
  if (node instanceof JsonNumber) return node.text;
  return typeof node === 'bigint' ? node.toString() : JSON.stringify(node);
}

function invalid(message: string): TidemarkError {
  return new TidemarkError('SCHEMA_INVALID', `not a valid Avro schema: ${message}`);
}
