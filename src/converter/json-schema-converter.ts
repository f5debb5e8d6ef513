import { BoundedCache } from '../foundation/bounded-cache.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { parseLosslessJson } from '../foundation/lossless-json.ts';
import { valueFromJson } from '../model/connect-json.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema, SchemaRegistry } from './converter.ts';
import { jsonSchemaText } from './json-schema-text.ts';
import { connectSchemaOf } from './json-schema-to-connect.ts';
import { valueJson } from './json-text.ts';
import type { JsonTextOptions } from './json-text.ts';
import type { SubjectNaming } from './registry/subject-name.ts';
import { PREFIX_BYTES, schemaIdOf, schemaIdPrefix } from './schema-id-prefix.ts';

/** What distinguishes one JSON Schema converter from another. */
export interface JsonSchemaConverterOptions extends Omit<JsonTextOptions, 'mapEntries'> {
  readonly subjectOf: SubjectNaming;
}

const EMPTY = Buffer.alloc(0);
/** Schemas that are remembered; others are asked for again. */
const SCHEMAS = 1000;

/** Confluent's JsonSchemaConverter: `00`, schema id, JSON without a schema (PITFALLS C1, C3). */
export class JsonSchemaConverter implements Converter {
  readonly #registry: SchemaRegistry;
  readonly #subjectOf: SubjectNaming;
  readonly #text: JsonTextOptions;
  readonly #ids = new BoundedCache<string, number>(SCHEMAS);
  readonly #schemas = new BoundedCache<number, ConnectSchema>(SCHEMAS);

  constructor(registry: SchemaRegistry, { subjectOf, ...text }: JsonSchemaConverterOptions) {
    this.#registry = registry;
    this.#subjectOf = subjectOf;
    this.#text = { ...text, mapEntries: 'objects' };
  }

  async prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    const subject = this.#subjectOf(topic, schema);
    const text = jsonSchemaText(schema, this.#text);
    const known = `${subject}\n${text}`;
    const id = this.#ids.get(known) ?? (await this.#registry.register(subject, text, 'JSON'));
    this.#ids.set(known, id);
    return { schema, prefix: schemaIdPrefix(id), suffix: EMPTY };
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    if (value === null) return null;
    const text = valueJson(prepared.schema, value, this.#text);
    return Buffer.concat([prepared.prefix, Buffer.from(text)]);
  }

  toConnect(topic: string, bytes: Buffer | null): Promise<Struct | null> | Struct | null {
    if (bytes === null) return null;
    const id = schemaIdOf(topic, bytes);
    const schema = this.#schemas.get(id);
    return schema === undefined ? this.#fetch(topic, id, bytes) : decode(topic, schema, bytes);
  }

  async #fetch(topic: string, id: number, bytes: Buffer): Promise<Struct | null> {
    const schema = connectSchemaOf(await this.#registry.schemaById(id));
    this.#schemas.set(id, schema);
    return decode(topic, schema, bytes);
  }
}

function decode(topic: string, schema: ConnectSchema, bytes: Buffer): Struct | null {
  const payload = parseLosslessJson(bytes.toString('utf8', PREFIX_BYTES));
  const value = payload === null ? null : valueFromJson(schema, payload);
  if (value === null || isStruct(value)) return value;
  throw new TidemarkError('RECORD_FORMAT', `a record of ${topic} is not a struct`);
}
