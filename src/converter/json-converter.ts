import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import { schemaFromJson, valueFromJson } from '../model/connect-json.ts';
import type { ConnectData } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { Converter, PreparedSchema } from './converter.ts';
import { notStruct } from './not-struct.ts';
import { compileJsonDecoder, OtherLayout } from './json-payload-decoder.ts';
import type { JsonDecode } from './json-payload-decoder.ts';
import { schemaJson, valueJson } from './json-text.ts';
import type { JsonTextOptions } from './json-text.ts';

/** JsonConverter's own properties. */
export interface JsonConverterOptions extends JsonTextOptions {
  /** schemas.enable: every record carries its schema. */
  readonly schemasEnable: boolean;
}

interface KnownSchema {
  readonly prefix: Buffer;
  readonly schema: ConnectSchema;
  readonly decode: JsonDecode;
}

const NOTHING: ConnectData = { schema: null, value: null };
const EMPTY: Buffer = Buffer.alloc(0);
const PAYLOAD_MARK = Buffer.from(',"payload":');
const SCHEMA_MARK = Buffer.from('{"schema":');

/** Connect's JsonConverter, byte for byte (PITFALLS C30 to C35). */
export class JsonConverter implements Converter {
  readonly #options: JsonConverterOptions;
  /** Schemas by the very bytes before their payloads: a topic writes the same ones for long. */
  readonly #schemas = new Map<string, KnownSchema>();
  readonly #cursor = { bytes: EMPTY, at: 0 };

  constructor(options: Partial<JsonConverterOptions> = {}) {
    this.#options = {
      schemasEnable: true,
      decimalFormat: 'BASE64',
      replaceNullWithDefault: false,
      ...options,
    };
  }

  prepare(_topic: string, schema: ConnectSchema): Promise<PreparedSchema> {
    return Promise.resolve(this.prepared(schema));
  }

  /** JSON needs no registry, so a schema can be prepared without waiting. */
  prepared(schema: ConnectSchema): PreparedSchema {
    if (!this.#options.schemasEnable) return { schema, prefix: EMPTY, suffix: EMPTY };
    const text = schemaJson(schema, this.#options);
    const prefix = Buffer.from(`{"schema":${text},"payload":`);
    return { schema, prefix, suffix: Buffer.from('}') };
  }

  fromConnect(prepared: PreparedSchema, value: ConnectValue): Buffer | null {
    if (value === null) return null;
    const text = valueJson(prepared.schema, value, this.#options);
    return Buffer.concat([prepared.prefix, Buffer.from(text), prepared.suffix]);
  }

  /** As in the original, also without schemas: then the text is `null`. */
  nullOf(prepared: PreparedSchema): Buffer {
    return Buffer.concat([prepared.prefix, Buffer.from('null'), prepared.suffix]);
  }

  toConnect(topic: string, bytes: Buffer | null): Struct | null {
    return asStruct(topic, this.toData(topic, bytes).value);
  }

  toData(topic: string, bytes: Buffer | null): ConnectData {
    if (bytes === null) return NOTHING;
    if (!this.#options.schemasEnable) throw schemaless(topic, 'schemas.enable is false');
    const known = this.#schemas.get(topic);
    if (known !== undefined && startsWith(bytes, known.prefix)) {
      return { schema: known.schema, value: this.#payload(known, bytes) };
    }
    return this.#withNewSchema(topic, bytes);
  }

  #payload(known: KnownSchema, bytes: Buffer): ConnectValue {
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.at = known.prefix.length;
    try {
      const value = known.decode(cursor);
      if (cursor.at === bytes.length - 1) return value;
    } catch (error) {
      if (!(error instanceof OtherLayout)) throw error;
    }
    const payload = bytes.toString('utf8', known.prefix.length, bytes.length - 1);
    return valueFromJson(known.schema, parseLosslessJson(payload));
  }

  #withNewSchema(topic: string, bytes: Buffer): ConnectData {
    const document = parseLosslessJson(bytes.toString('utf8'));
    if (!isJsonObject(document) || !('schema' in document) || !('payload' in document)) {
      throw schemaless(topic, 'the record has no schema and payload');
    }
    if (document['schema'] === null && document['payload'] === null) return NOTHING;
    const schema = schemaFromJson(document['schema']);
    this.#remember(topic, bytes, schema);
    return { schema, value: valueFromJson(schema, document['payload']) };
  }

  #remember(topic: string, bytes: Buffer, schema: ConnectSchema): void {
    // Only the layout that this converter writes is cut by bytes; and only if the text before the
    // mark is the schema as we would write it, so a mark inside a string cannot mislead.
    if (!startsWith(bytes, SCHEMA_MARK)) return;
    const prefix = this.prepared(schema).prefix;
    if (prefix.subarray(-PAYLOAD_MARK.length).equals(PAYLOAD_MARK) && startsWith(bytes, prefix)) {
      this.#schemas.set(topic, { prefix, schema, decode: compileJsonDecoder(schema) });
    }
  }
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return (
    bytes.length > prefix.length &&
    bytes[bytes.length - 1] === 0x7d &&
    prefix.compare(bytes, 0, prefix.length) === 0
  );
}

function asStruct(topic: string, value: ConnectValue): Struct | null {
  if (value === null || isStruct(value)) return value;
  throw notStruct(topic);
}

function schemaless(topic: string, why: string): TidemarkError {
  return new TidemarkError(
    'RECORD_FORMAT',
    `records of ${topic} cannot become rows: ${why}, so their types are not known`,
    { cure: 'Set schemas.enable to true for source and sink, or use the Avro converter.' },
  );
}
