import { JsonConverter } from '../converter/json-converter.ts';
import type { PreparedSchema } from '../converter/converter.ts';
import { headerBytes } from '../converter/simple-header.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { JsonNode } from '../foundation/lossless-json.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import { schemaFromJson, valueFromJson } from '../model/connect-json.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { LogRecord, RecordHeader } from '../transport/transport.ts';

/** A record as it was held: without the topic, which the topic that holds it says. */
export interface HeldRecord {
  readonly key: ConnectData;
  readonly value: ConnectData;
  readonly headers: readonly RecordHeader[];
  readonly timestampMs: number;
  /** Chosen by a transform; null: it follows from the key. */
  readonly partition: number | null;
}

const PARTITION_HEADER = '__tidemark.held.partition';
const NOTHING: ConnectData = { schema: null, value: null };

/**
 * Records that no registry has a schema for, as bytes and back: Connect's JSON, where each carries
 * its schema and loses nothing of it.
 */
export class HeldRecords {
  readonly #json = new JsonConverter({ schemasEnable: true });
  /** The text of a schema is longer than most records. */
  readonly #prepared = new WeakMap<ConnectSchema, PreparedSchema>();
  readonly #key = new SideDecoder();
  readonly #value = new SideDecoder();

  /** `more`: headers behind its own, as bytes. Throws before anything is written. */
  write(
    record: Omit<ConnectRecord, 'topic'>,
    topic: number,
    output: RecordOutput,
    nowMs: number,
    more: readonly RecordHeader[] = [],
  ): void {
    const key = this.#bytes(record.key);
    const value = this.#bytes(record.value);
    const headers = record.headers.map((header) => [header.name, headerBytes(header)] as const);
    output.start(topic, record.timestampMs ?? nowMs);
    if (key !== null) output.writer.raw(key);
    output.endKey(key !== null);
    if (value !== null) output.writer.raw(value);
    output.endValue(value !== null);
    for (const [name, bytes] of headers) output.header(name, bytes);
    if (record.partition !== undefined) {
      output.header(PARTITION_HEADER, Buffer.from(String(record.partition)));
    }
    for (const { name, value: bytes } of more) output.header(name, bytes);
    output.end();
  }

  read(record: LogRecord): HeldRecord {
    const chosen = record.headers.find(({ name }) => name === PARTITION_HEADER)?.value ?? null;
    return {
      key: this.#key.decode(record.key),
      value: this.#value.decode(record.value),
      headers: record.headers.filter(({ name }) => name !== PARTITION_HEADER),
      timestampMs: record.timestampMs,
      partition: chosen === null ? null : Number(chosen.toString()),
    };
  }

  #bytes({ schema, value }: ConnectData): Buffer | null {
    if (schema === null) return null;
    let prepared = this.#prepared.get(schema);
    if (prepared === undefined) {
      prepared = this.#json.prepared(schema);
      this.#prepared.set(schema, prepared);
    }
    return value === null ? this.#json.nullOf(prepared) : this.#json.fromConnect(prepared, value);
  }
}

const PAYLOAD_MARK = ',"payload":';

/** Records of one schema come after each other: its object is made once for them. */
class SideDecoder {
  #prefix: Buffer | null = null;
  #schema: ConnectSchema | null = null;

  decode(bytes: Buffer | null): ConnectData {
    if (bytes === null) return NOTHING;
    const prefix = this.#prefix;
    if (prefix !== null && this.#schema !== null && startsWith(bytes, prefix)) {
      const payload = parseLosslessJson(bytes.toString('utf8', prefix.length, bytes.length - 1));
      return { schema: this.#schema, value: valueOf(this.#schema, payload) };
    }
    const document = parseLosslessJson(bytes.toString('utf8'));
    if (!isJsonObject(document)) throw new TidemarkError('RECORD_FORMAT', 'not a held record');
    const schema = schemaFromJson(document['schema']);
    this.#remember(bytes, schema);
    return { schema, value: valueOf(schema, document['payload'] ?? null) };
  }

  /** Only if the text before the payload is the schema as we write it, so no string misleads. */
  #remember(bytes: Buffer, schema: ConnectSchema): void {
    const prefix = new JsonConverter({ schemasEnable: true }).prepared(schema).prefix;
    const isOurs = prefix.toString().endsWith(PAYLOAD_MARK) && startsWith(bytes, prefix);
    this.#prefix = isOurs ? prefix : null;
    this.#schema = schema;
  }
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length > prefix.length && prefix.compare(bytes, 0, prefix.length) === 0;
}

/** A null of a schema that is not optional is one nevertheless, and not the default. */
function valueOf(schema: ConnectSchema, payload: JsonNode): ConnectValue {
  return payload === null ? null : valueFromJson(schema, payload);
}
