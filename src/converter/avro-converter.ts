import { BoundedCache } from '../foundation/bounded-cache.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { compileAvroDecoder } from './avro-decoder.ts';
import type { CompiledAvro } from './avro-decoder.ts';
import { compileAvroEncoder } from './avro-encoder.ts';
import type { AvroEncoder } from './avro-encoder.ts';
import { AvroReader } from './avro-reader.ts';
import { avroSchemaText, CONNECT_NAMESPACE, DEFAULT_RECORD_NAME } from './avro-schema.ts';
import type { Converter, PreparedSchema, SchemaRegistry } from './converter.ts';
import { notStruct } from './not-struct.ts';
import type { SubjectNaming } from './registry/subject-name.ts';
import { subjectNaming } from './registry/subject-name.ts';
import { PREFIX_BYTES, schemaIdOf, schemaIdPrefix } from './schema-id-prefix.ts';

/** What distinguishes one Avro converter from another. */
export interface AvroConverterOptions {
  /** Which of the topic's two subjects. */
  readonly isKey: boolean;
  /** Absent: the subject is named by the topic. */
  readonly subjectOf?: SubjectNaming;
  /** replace.null.with.default; Connect's own default is true and loses nulls (PITFALLS C33). */
  readonly replaceNullWithDefault?: boolean;
}

const EMPTY = Buffer.alloc(0);
/** Schemas that are remembered; others are asked for again. */
const SCHEMAS = 1000;

/** Confluent's AvroConverter: `00`, schema id, Avro binary (PITFALLS C1, C3, C4, C20). */
export class AvroConverter implements Converter {
  readonly #registry: SchemaRegistry;
  readonly #options: AvroConverterOptions;
  readonly #encoders = new WeakMap<ConnectSchema, AvroEncoder>();
  readonly #subjectOf: SubjectNaming;
  readonly #ids = new BoundedCache<string, number>(SCHEMAS);
  readonly #decoders = new BoundedCache<number, CompiledAvro>(SCHEMAS);
  /** Records of one schema come after each other: the cache is not asked for each. */
  #lastId = -1;
  #lastDecoder: CompiledAvro | undefined;
  readonly #writer = new ByteWriter(4096);
  readonly #reader = new AvroReader();

  constructor(registry: SchemaRegistry, options: AvroConverterOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#subjectOf =
      options.subjectOf ??
      subjectNaming('topic', options.isKey, `${CONNECT_NAMESPACE}.${DEFAULT_RECORD_NAME}`);
  }

  async prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    const subject = this.#subjectOf(topic, schema);
    const text = avroSchemaText(schema);
    const known = `${subject}\n${text}`;
    const id = this.#ids.get(known) ?? (await this.#registry.register(subject, text));
    this.#ids.set(known, id);
    return { schema, prefix: schemaIdPrefix(id), suffix: EMPTY };
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    // A tombstone has no prefix (C3); only an optional schema could mean anything else.
    if (value === null) return null;
    // A bare bytes schema stands without Avro's length (C4).
    if (Buffer.isBuffer(value)) return Buffer.concat([prepared.prefix, value]);
    const writer = this.#writer;
    writer.clear();
    writer.raw(prepared.prefix);
    this.#encoderOf(prepared.schema)(writer, value);
    return Buffer.from(writer.written());
  }

  #encoderOf(schema: ConnectSchema): AvroEncoder {
    let encoder = this.#encoders.get(schema);
    if (encoder === undefined) {
      encoder = compileAvroEncoder(schema, this.#options.replaceNullWithDefault ?? false);
      this.#encoders.set(schema, encoder);
    }
    return encoder;
  }

  toConnect(topic: string, bytes: Buffer | null): Promise<Struct | null> | Struct | null {
    const data = this.toData(topic, bytes);
    if (data instanceof Promise) return data.then(({ value }) => structOf(topic, value));
    return structOf(topic, data.value);
  }

  toData(topic: string, bytes: Buffer | null): Promise<ConnectData> | ConnectData {
    if (bytes === null) return { schema: null, value: null };
    const id = schemaIdOf(topic, bytes);
    const decoder = id === this.#lastId ? this.#lastDecoder : this.#decoders.get(id);
    if (decoder === undefined) return this.#fetchAndDecode(id, bytes);
    this.#lastId = id;
    this.#lastDecoder = decoder;
    return this.#decode(decoder, bytes);
  }

  async #fetchAndDecode(id: number, bytes: Buffer): Promise<ConnectData> {
    const compiled = compileAvroDecoder(await this.#registry.schemaById(id));
    this.#decoders.set(id, compiled);
    return this.#decode(compiled, bytes);
  }

  #decode(compiled: CompiledAvro, bytes: Buffer): ConnectData {
    const reader = this.#reader;
    reader.reset(bytes, PREFIX_BYTES);
    const value = compiled.decode(reader);
    reader.finish();
    return { schema: compiled.schema, value };
  }
}

function structOf(topic: string, value: ConnectValue): Struct | null {
  if (value === null || isStruct(value)) return value;
  throw notStruct(topic);
}
