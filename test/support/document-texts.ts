import type { JsonNode } from '../../src/foundation/lossless-json.ts';
import {
  formatLosslessJson,
  isJsonObject,
  JsonNumber,
  parseLosslessJson,
} from '../../src/foundation/lossless-json.ts';
import type { SearchAddress } from './search-server.ts';
import { askSearch } from './search-server.ts';
import type { ValueKind } from './value-texts.ts';

/*
 * Values of documents as the source would print them: what the docs say of each form, the other way
 * round.
 */

/** A value, or null where it is null. */
export function documentText(kind: ValueKind, node: JsonNode | undefined): string | null {
  if (node === undefined || node === null) return null;
  if (node instanceof JsonNumber) return node.text;
  if (kind === 'json') return jsonText(node);
  if (typeof node === 'string') {
    return kind === 'bytes' ? `\\x${Buffer.from(node, 'base64').toString('hex')}` : node;
  }
  if (isJsonObject(node)) return objectText(kind, node);
  return typeof node === 'object' ? listText(kind, node) : String(node);
}

/** Of an array its elements as JSON of their texts. */
export function elementTexts(kind: ValueKind, node: JsonNode | undefined): string | null {
  if (!Array.isArray(node)) return null;
  const items = node as readonly JsonNode[];
  return JSON.stringify(items.map((item) => documentText(kind, item)));
}

function jsonText(node: JsonNode): string {
  if (!isJsonObject(node)) return formatLosslessJson(node);
  const { _json, _text } = node;
  if (Array.isArray(_text)) return (_text as readonly string[]).join('');
  return formatLosslessJson(_json === undefined ? node : _json);
}

/** Members of a set have no commas; vectors and arrays are JSON. */
function listText(kind: ValueKind, items: readonly JsonNode[]): string {
  return kind === 'text'
    ? items.map((item) => documentText(kind, item)).join(',')
    : formatLosslessJson(items);
}

function objectText(kind: ValueKind, node: Readonly<Record<string, JsonNode>>): string {
  const { text, wkb, srid = 0, x = null, y = null } = node;
  if (typeof text === 'string') return text;
  const [left, right] = [Number(documentText('double', x)), Number(documentText('double', y))];
  if (kind === 'shape') return `(${shown(left)},${shown(right)})`;
  const bytes = typeof wkb === 'string' ? Buffer.from(wkb, 'base64') : pointBytes(left, right);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(Number(srid));
  return Buffer.concat([head, bytes]).toString('hex');
}

function shown(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

function pointBytes(x: number, y: number): Buffer {
  const bytes = Buffer.alloc(21);
  bytes[0] = 1;
  bytes[1] = 1;
  bytes.writeDoubleLE(x, 5);
  bytes.writeDoubleLE(y, 13);
  return bytes;
}

/** All documents of an index by their ids, with the digits of their numbers. */
export async function exactDocuments(
  search: SearchAddress,
  index: string,
): Promise<ReadonlyMap<string, Readonly<Record<string, JsonNode>>>> {
  await askSearch(search, 'POST', `/${index}/_refresh`);
  const answer = await fetch(`${search.url}/${index}/_search?size=10000`);
  const body = parseLosslessJson(await answer.text());
  const hits = isJsonObject(body) && isJsonObject(body['hits']) ? body['hits']['hits'] : [];
  const found = Array.isArray(hits) ? (hits as readonly JsonNode[]) : [];
  return new Map(
    found.flatMap((hit) => {
      if (!isJsonObject(hit)) return [];
      const { _id: id, _source: source } = hit;
      return typeof id === 'string' && isJsonObject(source) ? [[id, source] as const] : [];
    }),
  );
}
