import { readdirSync, readFileSync } from 'node:fs';
import {
  isJsonObject,
  JsonNumber,
  type JsonNode,
  type JsonObject,
  parseLosslessJson,
} from '../../src/foundation/lossless-json.ts';

/** The recordings: a folder of `test/golden` each. */
export type GoldenFamily = 'postgres' | 'mysql' | 'mariadb';

/**
 * What Debezium and Connect recorded under `test/golden/<family>`, with what differs from run to
 * run masked. README.md there tells where it comes from and how it is stored.
 */
export interface GoldenScenario {
  readonly family: GoldenFamily;
  readonly name: string;
  /** The connector's configuration as it stood. */
  readonly connector: Readonly<Record<string, string>>;
  /** Records by topic, in their order; the prefix of the topics is `PREFIX`. */
  readonly topics: ReadonlyMap<string, readonly MaskedRecord[]>;
}

/** A record without what differs from run to run; parts as documents. */
export interface MaskedRecord {
  readonly key: JsonNode;
  readonly value: JsonNode;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

function folderOf(family: GoldenFamily): URL {
  return new URL(`../golden/${family}/`, import.meta.url);
}

/** The text of one of a recording's SQL files. */
export function goldenSql(
  family: GoldenFamily,
  name: '01_schema' | '02_seed' | '03_stream',
): string {
  return readFileSync(new URL(`sql/${name}.sql`, folderOf(family)), 'utf8');
}

/** All recorded scenarios, by name. */
export function goldenScenarios(family: GoldenFamily): readonly GoldenScenario[] {
  const folder = folderOf(family);
  const schemas = linesOf(new URL('schemas.jsonl', folder));
  const lines = linesOf(new URL('records.jsonl', folder));
  const records = lines.map((line) => recordOf(object(line), schemas));
  const files = readdirSync(new URL('scenarios/', folder)).toSorted();
  return files.map((file) => {
    const text = readFileSync(new URL(`scenarios/${file}`, folder), 'utf8');
    const document = JSON.parse(text) as {
      connector: Record<string, string>;
      topics: Record<string, { snapshot?: number[]; streaming?: number[] }>;
    };
    const topics = Object.entries(document.topics).map(([topic, phases]) => {
      const indexes = [...(phases.snapshot ?? []), ...(phases.streaming ?? [])];
      return [topic, indexes.map((index) => found(records[index]))] as const;
    });
    const { connector } = document;
    return { family, name: file.replace('.json', ''), connector, topics: new Map(topics) };
  });
}

function linesOf(file: URL): JsonNode[] {
  const text = readFileSync(file, 'utf8');
  return text.trimEnd().split('\n').map(parseLosslessJson);
}

function recordOf(line: JsonObject, schemas: readonly JsonNode[]): MaskedRecord {
  return {
    key: partOf(line['key'] ?? null, schemas),
    value: partOf(line['value'] ?? null, schemas),
    headers: line['headers'] as [string, string | null][],
  };
}

/** `[schema, payload]`; the schema is a number, a document, or null where none was written. */
function partOf(part: JsonNode, schemas: readonly JsonNode[]): JsonNode {
  if (!Array.isArray(part)) return null;
  const [schema, payload] = (part as readonly JsonNode[]).map((node) => node);
  const data = withoutTransactionId(unfold(payload ?? null));
  if (schema === null || schema === undefined) return data;
  const whole = typeof schema === 'number' ? found(schemas[schema]) : schema;
  return { schema: resolve(whole, schemas), payload: data };
}

/** Puts the schemas back that stand as `{"$": number, "field": name}`. */
function resolve(node: JsonNode, schemas: readonly JsonNode[]): JsonNode {
  if (Array.isArray(node)) return (node as readonly JsonNode[]).map((n) => resolve(n, schemas));
  if (!isJsonObject(node)) return node;
  const reference = node['$'];
  if (typeof reference !== 'number') return mapObject(node, (child) => resolve(child, schemas));
  const { $: _number, ...rest } = node;
  return { ...object(resolve(found(schemas[reference]), schemas)), ...rest };
}

/** Long repetitive values stand as `{"$repeat": […]}` and `{"$range": […]}`. */
function unfold(node: JsonNode): JsonNode {
  if (Array.isArray(node)) return (node as readonly JsonNode[]).map(unfold);
  if (!isJsonObject(node)) return node;
  const { $repeat: repeat, $range: range } = node;
  if (Array.isArray(repeat)) {
    const [text, times, before = '', after = ''] = repeat as [string, number, string?, string?];
    return before + text.repeat(times) + after;
  }
  if (Array.isArray(range)) {
    const [first, count] = range as [number, number];
    return Array.from({ length: count }, (_, i) => first + i);
  }
  return mapObject(node, unfold);
}

const POSITIONS = ['lsn', 'txId', 'xmin', 'sequence', 'pos', 'file', 'gtid', 'thread'];
const TIMES = new Set(['ts_ms', 'ts_us', 'ts_ns']);
const SOURCE_FIELDS = new Set([...TIMES, ...POSITIONS, 'server_id', 'version']);
const UNWRAPPED = new Set(['__lsn', '__source_ts_ms', '__ts_ms', 'm_ts_ms']);

/** Masks a record's key or value as the recording is masked. */
export function maskPart(text: string | null, prefix: string): JsonNode {
  if (text === null) return null;
  const document = parsed(text.replaceAll(prefix, 'PREFIX'));
  if (!isJsonObject(document)) return document;
  const { schema, payload } = document;
  if (schema === undefined || payload === undefined || Object.keys(document).length !== 2) {
    return withoutTransactionId(mask(document, []));
  }
  return { schema, payload: withoutTransactionId(mask(payload, [])) };
}

function parsed(text: string): JsonNode {
  try {
    return parseLosslessJson(text);
  } catch {
    return text;
  }
}

function mask(node: JsonNode, path: readonly string[]): JsonNode {
  if (Array.isArray(node)) {
    return (node as readonly JsonNode[]).map((item) => mask(item, [...path, '[]']));
  }
  if (!isJsonObject(node)) return node;
  const entries = Object.entries(node).map(([name, value]) => {
    const known = value !== null;
    const isTime = TIMES.has(name) && (typeof value === 'number' || typeof value === 'bigint');
    const hidden =
      (path.at(-1) === 'source' && SOURCE_FIELDS.has(name) && known) ||
      isTime ||
      (name === 'id' && path.includes('transaction') && known) ||
      (UNWRAPPED.has(name) && known);
    return [name, hidden ? '*' : mask(value, [...path, name])] as const;
  });
  return Object.fromEntries(entries);
}

/** A record of the transaction topic. */
function withoutTransactionId(payload: JsonNode): JsonNode {
  if (!isJsonObject(payload)) return payload;
  const isMarker = ['status', 'id', 'event_count'].every((name) => name in payload);
  if (!isMarker) return payload;
  const collections = withoutMessageIds(payload['data_collections'] ?? null);
  return { ...payload, id: '*', data_collections: collections };
}

/** A logical message counts under a Java object's address, which decides about the order, too. */
function withoutMessageIds(node: JsonNode): JsonNode {
  if (!Array.isArray(node)) return node;
  const texts = (node as readonly JsonNode[]).map((item) =>
    documentText(item).replace(/(LogicalDecodingMessageId)@[0-9a-f]+/, '$1@*'),
  );
  return (texts.some((text) => text.includes('@*')) ? texts.toSorted() : texts).map(
    parseLosslessJson,
  );
}

/** The document's text: order of fields and digits of numbers count. */
export function documentText(node: JsonNode): string {
  if (typeof node === 'bigint') return node.toString();
  if (node instanceof JsonNumber) return node.text;
  if (Array.isArray(node)) return `[${(node as readonly JsonNode[]).map(documentText).join(',')}]`;
  if (!isJsonObject(node)) return JSON.stringify(node);
  const fields = Object.entries(node).map(
    ([name, value]) => `${JSON.stringify(name)}:${documentText(value)}`,
  );
  return `{${fields.join(',')}}`;
}

function mapObject(node: JsonObject, change: (child: JsonNode) => JsonNode): JsonObject {
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, change(value)]));
}

function object(node: JsonNode): JsonObject {
  if (!isJsonObject(node)) throw new TypeError('an object expected in the golden files');
  return node;
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new RangeError('the golden files name something they lack');
  return value;
}
