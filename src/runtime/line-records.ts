import { JsonNumber, isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../foundation/lossless-json.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { schemaFromJson, valueFromJson } from '../model/connect-json.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { NOTHING } from '../transform/record-transform.ts';

/** What a line is: a text, a JSON document, or a record as the file sink writes it. */
export type SourceLineFormat = 'text' | 'value' | 'json';

/** The record of a line. Throws VALUE_CONVERSION for one that is none. */
export type RecordOfLine = (line: string) => ConnectRecord;

/** As Connect's file source has it. */
const LINE: ConnectSchema = { type: 'string', optional: false };
const TEXT: ConnectSchema = { type: 'string', optional: true };
const INTEGER: ConnectSchema = { type: 'int64', optional: true };
const BOOLEAN: ConnectSchema = { type: 'boolean', optional: true };
/** Documents without a schema stay what they are: a type that is guessed would change. */
const DOCUMENT: ConnectSchema = {
  type: 'string',
  optional: true,
  name: 'io.debezium.data.Json',
  version: 1,
};

const INT64_MAX = 2n ** 63n - 1n;
/** Schemas by their text; files have few of them. */
const SCHEMAS_KEPT = 1000;

/** Chooses how lines become records; `topic`: where they go that name none themselves. */
export function recordOfLine(format: SourceLineFormat, topic: string | null): RecordOfLine {
  if (format === 'text') {
    return (line) => lineRecord(topic, line);
  }
  const documents = new Documents();
  if (format === 'value') {
    return (line) => record(topic ?? '', NOTHING, documents.data(parsed(line), line));
  }
  return (line) => wholeRecord(documents, parsed(line), topic);
}

/** The line as it stands, a text. */
export function lineRecord(topic: string | null, line: string): ConnectRecord {
  return record(topic ?? '', NOTHING, { schema: LINE, value: line });
}

function record(topic: string, key: ConnectData, value: ConnectData): ConnectRecord {
  return { topic, key, value, headers: [], timestampMs: null };
}

function parsed(line: string): JsonNode {
  try {
    return parseLosslessJson(line);
  } catch (cause) {
    throw notOne('the line is no JSON document', cause);
  }
}

/** `{"topic":…,"key":…,"value":…,"headers":{…},"timestampMs":…}`; all but `value` may be absent. */
function wholeRecord(documents: Documents, node: JsonNode, chosen: string | null): ConnectRecord {
  if (!isJsonObject(node) || !('value' in node)) {
    throw notOne('the line is no object with a member value');
  }
  const { topic = null, key = null, value = null, headers = {}, timestampMs = null } = node;
  const to = chosen ?? topic;
  if (typeof to !== 'string' || !/^[A-Za-z0-9._-]{1,249}$/.test(to)) {
    throw notOne('the line names no topic, and the property topic neither');
  }
  if (timestampMs !== null && typeof timestampMs !== 'number') {
    throw notOne('timestampMs of the line is no whole number');
  }
  if (!isJsonObject(headers)) throw notOne('headers of the line are no object');
  return {
    topic: to,
    key: documents.data(key),
    value: documents.data(value),
    headers: Object.entries(headers).map(headerOf),
    timestampMs,
  };
}

function headerOf([name, node]: readonly [string, JsonNode]): ConnectHeader {
  if (node !== null && typeof node !== 'string') {
    throw notOne(`the header ${name} of the line is no text`);
  }
  return { name, schema: TEXT, value: node };
}

/** JSON documents as values: typed where they bring their schema, as Connect's JSON has it. */
class Documents {
  /** Converters know schemas by identity: one for each text. */
  readonly #schemas = new Map<string, ConnectSchema>();

  /** `text`: the document as it stood, where it is a whole line. */
  data(node: JsonNode, text?: string): ConnectData {
    switch (typeof node) {
      case 'string':
        return { schema: TEXT, value: node };
      case 'boolean':
        return { schema: BOOLEAN, value: node };
      case 'number':
      case 'bigint':
        return integer(BigInt(node));
      default:
        if (node === null) return NOTHING;
        if (isTyped(node)) return this.#typed(node);
        return { schema: DOCUMENT, value: text ?? jsonText(node) };
    }
  }

  #typed(node: JsonObject): ConnectData {
    const text = jsonText(node['schema'] ?? null);
    let schema = this.#schemas.get(text);
    if (schema === undefined) {
      if (this.#schemas.size >= SCHEMAS_KEPT) this.#schemas.clear();
      schema = schemaFromJson(node['schema']);
      this.#schemas.set(text, schema);
    }
    return { schema, value: valueFromJson(schema, node['payload']) };
  }
}

function integer(value: bigint): ConnectData {
  const fits = value <= INT64_MAX && value >= -INT64_MAX - 1n;
  return fits ? { schema: INTEGER, value } : { schema: DOCUMENT, value: String(value) };
}

function isTyped(node: JsonNode): node is JsonObject {
  if (!isJsonObject(node) || !isJsonObject(node['schema'])) return false;
  return 'payload' in node && Object.keys(node).length === 2;
}

/** Digits stay as they stood. */
function jsonText(node: JsonNode): string {
  if (node === null || typeof node === 'string') return JSON.stringify(node);
  if (node instanceof JsonNumber) return node.text;
  if (typeof node !== 'object') return String(node);
  if (!isJsonObject(node)) return `[${node.map(jsonText).join(',')}]`;
  const members = Object.entries(node).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`,
  );
  return `{${members.join(',')}}`;
}

function notOne(message: string, cause?: unknown): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', message, {
    cause,
    cure: 'Correct the line, or set format: text, which takes any.',
  });
}
