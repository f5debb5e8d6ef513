import { ByteWriter } from '../foundation/byte-writer.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { compileAvroDecoder } from './avro-decoder.ts';
import type { CompiledAvro } from './avro-decoder.ts';
import { compileAvroEncoder } from './avro-encoder.ts';
import type { AvroEncoder } from './avro-encoder.ts';
import { AvroReader } from './avro-reader.ts';
import { avroSchemaText } from './avro-schema.ts';
import type { Converter, PreparedSchema, SchemaRegistry } from './converter.ts';

/** What distinguishes one Avro converter from another. */
export interface AvroConverterOptions {
  /** Which of the topic's two subjects. */
  readonly isKey: boolean;
  /** replace.null.with.default; Connect's own default is true and loses nulls (PITFALLS C33). */
  readonly replaceNullWithDefault?: boolean;
}

const MAGIC = 0x00;
const PREFIX_BYTES = 5;
const EMPTY = Buffer.alloc(0);

/** Confluent's AvroConverter: `00`, schema id, Avro binary (PITFALLS C1, C3, C4, C20). */
export class AvroConverter implements Converter {
  readonly #registry: SchemaRegistry;
  readonly #options: AvroConverterOptions;
  readonly #ids = new Map<string, number>();
  readonly #encoders = new WeakMap<ConnectSchema, AvroEncoder>();
  readonly #decoders = new Map<number, CompiledAvro>();
  readonly #writer = new ByteWriter(4096);
  readonly #reader = new AvroReader();

  constructor(registry: SchemaRegistry, options: AvroConverterOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  async prepare(topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    const subject = `${topic}-${this.#options.isKey ? 'key' : 'value'}`;
    const text = avroSchemaText(schema);
    const known = `${subject}\n${text}`;
    const id = this.#ids.get(known) ?? (await this.#registry.register(subject, text));
    this.#ids.set(known, id);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(id, 1);
    return { schema, prefix, suffix: EMPTY };
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
    if (bytes === null) return null;
    if (bytes.length < PREFIX_BYTES || bytes[0] !== MAGIC) throw notAvro(topic, bytes);
    const id = bytes.readUInt32BE(1);
    const decoder = this.#decoders.get(id);
    return decoder === undefined
      ? this.#fetchAndDecode(topic, id, bytes)
      : this.#decode(topic, decoder, bytes);
  }

  async #fetchAndDecode(topic: string, id: number, bytes: Buffer): Promise<Struct | null> {
    const compiled = compileAvroDecoder(await this.#registry.schemaById(id));
    this.#decoders.set(id, compiled);
    return this.#decode(topic, compiled, bytes);
  }

  #decode(topic: string, compiled: CompiledAvro, bytes: Buffer): Struct | null {
    const reader = this.#reader;
    reader.reset(bytes, PREFIX_BYTES);
    const value = compiled.decode(reader);
    reader.finish();
    if (value === null || isStruct(value)) return value;
    throw new TidemarkError('RECORD_FORMAT', `a record of ${topic} is not a struct`);
  }
}

function notAvro(topic: string, bytes: Buffer): TidemarkError {
  const start = bytes.subarray(0, 8).toString('hex');
  return new TidemarkError(
    'RECORD_FORMAT',
    `a record of ${topic} does not begin with a schema id (it begins with ${start || 'nothing'})`,
  );
}
