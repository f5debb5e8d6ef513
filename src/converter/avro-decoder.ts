import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { DECIMAL } from '../model/connect-schema.ts';
import type { ConnectField, ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { CONNECT_NAMESPACE, DEFAULT_RECORD_NAME, MAP_ENTRY_NAME } from './avro-schema.ts';
import { annotated, defaultFromAvro, plainSchema } from './avro-to-connect.ts';
import type { AvroDecode, AvroReader, AvroSkip } from './avro-reader.ts';
import { skipArray, skipLeaf, skipMap, skipNullable, skipRecord } from './avro-skip.ts';
import { LateEnvelope, type EnvelopeFields } from './late-envelope.ts';
import { LateStruct, type RecordFields } from './late-struct.ts';
import { AVRO_PRIMITIVES } from './avro-type.ts';
import { StringPosition } from '../foundation/string-position.ts';

/** What a writer's schema compiles to: the Connect schema and a reader of its values. */
export interface CompiledAvro {
  readonly schema: ConnectSchema;
  readonly decode: AvroDecode;
  readonly skip: AvroSkip;
  /** Of records: reads a struct whose values wait until somebody asks. */
  readonly late?: AvroDecode;
}

/** Fields of an envelope that few ask for, or only once. */
const LATE_FIELDS = new Set(['before', 'after', 'source']);

/** Compiles a writer's schema once per schema id. Throws SCHEMA_INVALID. */
export function compileAvroDecoder(schemaText: string): CompiledAvro {
  return new Compiler().compile(parseLosslessJson(schemaText), null);
}

class Compiler {
  readonly #named = new Map<string, JsonObject>();
  /** Full names of the records around the current type: Connect has no recursive schemas. */
  readonly #open = new Set<string>();

  compile(node: JsonNode, namespace: string | null): CompiledAvro {
    if (Array.isArray(node)) return this.#union(node as readonly JsonNode[], namespace);
    if (typeof node === 'string') return this.#byName(node, namespace);
    if (!isJsonObject(node)) throw invalid('a schema is neither a name, an object nor a union');
    const type = node['type'];
    if (typeof type !== 'string') return this.compile(type ?? null, namespace);
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(node, namespace);
      case 'enum':
      case 'fixed':
        this.#define(node, namespace);
        return this.#leaf(type, node);
      case 'array':
        return this.#array(node, namespace);
      case 'map': {
        const values = this.compile(node['values'] ?? null, namespace);
        const schema = annotated(node, {
          type: 'map',
          optional: false,
          keySchema: { type: 'string', optional: false },
          valueSchema: values.schema,
        });
        return {
          schema,
          decode: mapDecoder(readString(), values.decode),
          skip: skipMap(values.skip),
        };
      }
      default:
        return AVRO_PRIMITIVES.has(type) ? this.#leaf(type, node) : this.#byName(type, namespace);
    }
  }

  #byName(name: string, namespace: string | null): CompiledAvro {
    if (AVRO_PRIMITIVES.has(name)) return this.#leaf(name, { type: name });
    const full = name.includes('.') || namespace === null ? name : `${namespace}.${name}`;
    const definition = this.#named.get(full) ?? this.#named.get(name);
    if (definition === undefined) throw invalid(`type ${name} is not defined`);
    if (definition['type'] === 'enum' || definition['type'] === 'fixed') {
      return this.#leaf(definition['type'], definition);
    }
    return this.#record(definition, namespaceOf(full));
  }

  #define(node: JsonObject, enclosing: string | null): string {
    const name = node['name'];
    if (typeof name !== 'string') throw invalid('a named type has no name');
    const given = node['namespace'];
    const namespace = typeof given === 'string' ? given || null : enclosing;
    const full = name.includes('.') || namespace === null ? name : `${namespace}.${name}`;
    this.#named.set(full, node);
    return full;
  }

  #leaf(type: string, node: JsonObject): CompiledAvro {
    const schema = annotated(node, plainSchema(type, node));
    return { schema, decode: leafDecoder(type, node, schema), skip: skipLeaf(type, node) };
  }

  #array(node: JsonObject, namespace: string | null): CompiledAvro {
    const items = this.compile(node['items'] ?? null, namespace);
    const entry = isMapEntry(node['items'], items.schema) ? items.schema.fields : undefined;
    if (entry !== undefined) {
      const [key, value] = entry as readonly [ConnectField, ConnectField];
      const schema = annotated(node, {
        type: 'map',
        optional: false,
        keySchema: key.schema,
        valueSchema: value.schema,
      });
      return { schema, decode: entriesDecoder(items.decode), skip: skipArray(items.skip) };
    }
    const schema = annotated(node, { type: 'array', optional: false, valueSchema: items.schema });
    return { schema, decode: arrayDecoder(items.decode), skip: skipArray(items.skip) };
  }

  #record(node: JsonObject, enclosing: string | null): CompiledAvro {
    const full = this.#define(node, enclosing);
    if (this.#open.has(full)) throw invalid(`record ${full} contains itself`);
    this.#open.add(full);
    const fieldNodes = node['fields'];
    if (!Array.isArray(fieldNodes)) throw invalid(`record ${full} has no fields`);
    const fields: ConnectField[] = [];
    const decoders: AvroDecode[] = [];
    const skips: AvroSkip[] = [];
    const isOutermost = this.#open.size === 1;
    for (const field of fieldNodes as readonly JsonNode[]) {
      if (!isJsonObject(field) || typeof field['name'] !== 'string') {
        throw invalid(`a field of ${full} has no name`);
      }
      const compiled = this.compile(field['type'] ?? null, namespaceOf(full));
      const fieldSchema = withFieldDefault(field, annotated(field, compiled.schema));
      fields.push({ name: field['name'], schema: fieldSchema });
      const isLate = isOutermost && LATE_FIELDS.has(field['name']);
      decoders.push(isLate ? (compiled.late ?? compiled.decode) : compiled.decode);
      skips.push(compiled.skip);
    }
    this.#open.delete(full);
    const isDefault = full === `${CONNECT_NAMESPACE}.${DEFAULT_RECORD_NAME}`;
    const schema = annotated(node, {
      type: 'struct',
      optional: false,
      fields,
      ...(isDefault ? {} : { name: full }),
    });
    const skip = skipRecord(skips);
    const late = lateDecoder(schema, { decoders, skips }, skip);
    const place = (name: string): number => fields.findIndex((field) => field.name === name);
    const [op, before, after] = [place('op'), place('before'), place('after')];
    const decode =
      isOutermost && op >= 0 && after >= 0
        ? envelopeDecoder(schema, { decoders, skips, op, before, after })
        : recordDecoder(schema, decoders);
    return { schema, decode, skip, late };
  }

  #union(branches: readonly JsonNode[], namespace: string | null): CompiledAvro {
    const nullAt = branches.indexOf('null');
    if (branches.length !== 2 || nullAt < 0) {
      throw invalid('only unions of null and one type are supported');
    }
    const value = this.compile(branches[1 - nullAt] ?? null, namespace);
    return {
      schema: { ...value.schema, optional: true },
      decode: nullableDecoder(value.decode, nullAt),
      skip: skipNullable(value.skip, nullAt),
      ...(value.late === undefined ? {} : { late: nullableDecoder(value.late, nullAt) }),
    };
  }
}

function namespaceOf(fullName: string): string | null {
  const dot = fullName.lastIndexOf('.');
  return dot < 0 ? null : fullName.slice(0, dot);
}

function isMapEntry(node: JsonNode | undefined, schema: ConnectSchema): boolean {
  const marked =
    schema.name === `${CONNECT_NAMESPACE}.${MAP_ENTRY_NAME}` ||
    (isJsonObject(node) && node['connect.internal.type'] === MAP_ENTRY_NAME);
  return marked && schema.type === 'struct' && schema.fields?.length === 2;
}

/** Avro keeps defaults at the field, Connect at the schema; the annotation wins. */
function withFieldDefault(field: JsonObject, schema: ConnectSchema): ConnectSchema {
  const node = field['default'];
  if (node === undefined || node === null || schema.default !== undefined) return schema;
  return { ...schema, default: defaultFromAvro(schema, node) };
}

function leafDecoder(type: string, node: JsonObject, schema: ConnectSchema): AvroDecode {
  switch (type) {
    case 'boolean':
      return (reader) => reader.boolean();
    case 'int':
      return (reader) => reader.int();
    case 'long':
      return (reader) => reader.long();
    case 'float':
      return (reader) => reader.float();
    case 'double':
      return (reader) => reader.double();
    case 'string':
      return readString();
    case 'enum':
      return enumDecoder(node);
    case 'fixed': {
      const size = Number(node['size']);
      return bytesDecoder(schema, () => size);
    }
    default:
      return bytesDecoder(schema, (reader) => reader.length());
  }
}

function readString(): AvroDecode {
  const position = new StringPosition();
  return (reader) => {
    const length = reader.length();
    const start = reader.position;
    reader.position = start + length;
    return position.read(reader.bytes, start, length);
  };
}

function enumDecoder(node: JsonObject): AvroDecode {
  const symbols = node['symbols'] as readonly string[];
  return (reader) => symbols[reader.int()] ?? reader.fail('no such enum symbol');
}

function bytesDecoder(schema: ConnectSchema, size: (reader: AvroReader) => number): AvroDecode {
  if (schema.name !== DECIMAL) return (reader) => reader.take(size(reader));
  const scale = Number(schema.parameters?.['scale'] ?? 0);
  return (reader) => ({ unscaled: reader.bigInt(size(reader)), scale });
}

function nullableDecoder(decode: AvroDecode, nullIndex: number): AvroDecode {
  return (reader) => {
    const branch = reader.int();
    if (branch === nullIndex) return null;
    if (branch !== 1 - nullIndex) reader.fail(`no union branch ${branch}`);
    return decode(reader);
  };
}

function recordDecoder(schema: ConnectSchema, decoders: readonly AvroDecode[]): AvroDecode {
  const count = decoders.length;
  return (reader) => {
    const values: ConnectValue[] = [];
    values.length = count;
    for (let i = 0; i < count; i++) values[i] = (decoders[i] as AvroDecode)(reader);
    return { schema, values };
  };
}

function envelopeDecoder(schema: ConnectSchema, fields: EnvelopeFields): AvroDecode {
  return (reader) => new LateEnvelope(schema, fields, reader);
}

function lateDecoder(schema: ConnectSchema, fields: RecordFields, skip: AvroSkip): AvroDecode {
  return (reader) => {
    const { bytes, position } = reader;
    skip(reader);
    return new LateStruct(schema, fields, bytes, position);
  };
}

function arrayDecoder(item: AvroDecode): AvroDecode {
  return (reader) => {
    const values: ConnectValue[] = [];
    for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
      for (let i = 0; i < count; i++) values.push(item(reader));
    }
    return values;
  };
}

function mapDecoder(key: AvroDecode, item: AvroDecode): AvroDecode {
  return (reader) => {
    const map = new Map<string, ConnectValue>();
    for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
      for (let i = 0; i < count; i++) map.set(key(reader) as string, item(reader));
    }
    return map;
  };
}

function entriesDecoder(entry: AvroDecode): AvroDecode {
  const array = arrayDecoder(entry);
  return (reader) => {
    const map = new Map<string | number, ConnectValue>();
    for (const item of array(reader) as readonly { values: readonly ConnectValue[] }[]) {
      map.set(item.values[0] as string | number, item.values[1] ?? null);
    }
    return map;
  };
}

function invalid(message: string): TidemarkError {
  return new TidemarkError('SCHEMA_INVALID', `Avro schema: ${message}`);
}
