import { expect, test } from 'vitest';
import { documentEncoder } from '../../../dialects/search/search-document.ts';
import {
  mappingChange,
  mappingSettings,
  wantedMapping,
} from '../../../dialects/search/search-mapping.ts';
import type { SearchTarget } from '../../../dialects/search/search-target.ts';
import { lackedType } from '../../../dialects/search/search-target.ts';
import type { JsonNode, JsonObject } from '../../../src/foundation/lossless-json.ts';
import {
  isJsonObject,
  JsonNumber,
  parseLosslessJson,
} from '../../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { searchSamples } from '../../support/search-samples.ts';
import { sharedSearch } from '../../support/search-server.ts';

/*
 * Every type of every source, with values at its ends: no server refuses one, each is read back as
 * it was written, and found.
 */

const search = await sharedSearch();
const product = search.series.startsWith('elastic') ? 'elasticsearch' : 'opensearch';
const samples = searchSamples();
const row: ConnectSchema = {
  type: 'struct',
  optional: true,
  fields: samples.map(({ name, schema }) => ({ name, schema: { ...schema, optional: true } })),
};
const count = Math.max(...samples.map(({ values }) => values.length));

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

async function ask(method: string, path: string, body?: string): Promise<Answer> {
  const type = path.includes('_bulk') ? 'application/x-ndjson' : 'application/json';
  const answer = await fetch(`${search.url}${path}`, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body }),
  });
  const node = parseLosslessJson(await answer.text());
  return { status: answer.status, body: isJsonObject(node) ? node : {} };
}

function at(node: JsonNode | undefined, ...path: readonly (string | number)[]): JsonNode {
  let here: JsonNode = node ?? null;
  for (const step of path) {
    if (Array.isArray(here)) here = (here as readonly JsonNode[])[Number(step)] ?? null;
    else here = isJsonObject(here) ? (here[step] ?? null) : null;
  }
  return here;
}

/** Asks for the index until the server knows every type of its mapping. */
async function makeIndex(index: string): Promise<SearchTarget> {
  const lacks = new Set<string>();
  const target: SearchTarget = { product, lacks };
  for (;;) {
    const mappings = wantedMapping(row, target);
    const body = JSON.stringify({ settings: mappingSettings(mappings), mappings });
    const answer = await ask('PUT', `/${index}`, body);
    if (answer.status === 200) return target;
    const reason = JSON.stringify(at(answer.body, 'error', 'reason'));
    const lacked = lackedType(reason);
    if (lacked === null || lacks.has(lacked)) throw new Error(reason);
    lacks.add(lacked);
  }
}

const index = 'every-type';
const target = await makeIndex(index);
const encode = documentEncoder(row, target);
const documents = Array.from({ length: count }, (_, i) => {
  const values = samples.map((sample) => sample.values[i] ?? null);
  const absent = samples.flatMap(({ name, values: own }) => (i < own.length ? [] : [name]));
  return encode({ schema: row, values }, absent);
});
const lines = documents.map((text, i) => `{"index":{"_id":"${i}"}}\n${text}\n`);

test('no value is refused, and each is read back as it was written (S15, S16, S18)', async () => {
  const answer = await ask('POST', `/${index}/_bulk?refresh=true`, lines.join(''));
  const items = at(answer.body, 'items') as readonly JsonNode[];
  const refused = items.map((item) => at(item, 'index', 'error')).filter((error) => error !== null);
  expect(refused).toEqual([]);
  for (const [i, text] of documents.entries()) {
    const { body } = await ask('GET', `/${index}/_doc/${i}`);
    expect(at(body, '_source')).toEqual(parseLosslessJson(text));
  }
});

test('what the index has is what is wanted of it', async () => {
  const { body } = await ask('GET', `/${index}/_mapping`);
  const actual = at(body, index, 'mappings') as JsonObject;
  expect(mappingChange(actual, wantedMapping(row, target))).toEqual({
    additions: {},
    conflicts: [],
  });
});

/** Texts and numbers that are in a value, for fields that take several. */
function leaves(node: JsonNode): readonly JsonNode[] {
  if (Array.isArray(node)) return (node as readonly JsonNode[]).flatMap(leaves);
  return node === null ? [] : [node];
}

/** The digits as they stand in the document. */
function digits(node: JsonNode): string {
  if (node instanceof JsonNumber) return node.text;
  return typeof node === 'object' ? '' : String(node);
}

const YEAR_OF_INDEX = /^\d{4}-/;

/** A query that finds the leaf in the field; null: the index has no place for it. */
function queryFor(name: string, mapping: JsonObject, leaf: JsonNode): object | null {
  const text = digits(leaf);
  switch (mapping['type']) {
    case 'keyword':
      return text.length > 8191 ? null : { term: { [name]: text } };
    case 'text':
      return text.length > 8191
        ? { match: { [name]: text.slice(0, 4) } }
        : { term: { [`${name}.keyword`]: text } };
    case 'long':
    case 'unsigned_long':
    case 'boolean':
      return { term: { [name]: text } };
    case 'double':
      if (isJsonObject(mapping['fields'])) return { term: { [`${name}.exact`]: text } };
      return /^-?\d/.test(text) ? { range: { [name]: { gte: text, lte: text } } } : null;
    case 'date':
      if (!YEAR_OF_INDEX.test(text) || text.startsWith('0000')) return null;
      return { range: { [name]: { gte: text, lte: text } } };
    case 'ip':
      return { term: { [`${name}.exact`]: text } };
    default:
      return objectQuery(name, mapping, leaf);
  }
}

function objectQuery(
  name: string,
  { type, properties }: JsonObject,
  leaf: JsonNode,
): object | null {
  if (!isJsonObject(leaf)) return null;
  if (type === 'flattened' || type === 'flat_object') {
    const [inner] = Object.entries(leaf).filter(([key]) => /^\w+$/.test(key));
    const found = inner === undefined ? [] : leaves(inner[1]).filter((one) => !isJsonObject(one));
    const [first] = found.filter((one) => typeof one === 'string' || typeof one === 'number');
    return inner === undefined || first === undefined
      ? null
      : { term: { [`${name}.${inner[0]}`]: String(first) } };
  }
  if (!isJsonObject(properties)) return null;
  if (leaf['text'] !== undefined) return { term: { [`${name}.text`]: leaf['text'] } };
  if (leaf['shape'] !== undefined) {
    const isIndexed = at(properties, 'shape', 'type') === 'geo_shape';
    return isIndexed ? { exists: { field: `${name}.shape` } } : null;
  }
  const [x] = Object.entries(leaf).filter(([, one]) => /^-?\d/.test(digits(one)));
  return x === undefined
    ? null
    : { range: { [`${name}.${x[0]}`]: { gte: digits(x[1]), lte: digits(x[1]) } } };
}

/** Kept and not searched. */
const NOT_SEARCHED: ReadonlySet<JsonNode> = new Set([
  'binary',
  'object',
  'dense_vector',
  'knn_vector',
]);

// A thousand questions, which a busy machine takes its time for.
test('each value is found', { timeout: 180_000 }, async () => {
  const properties = at(wantedMapping(row, target), 'properties') as JsonObject;
  const questions = documents.flatMap((text, i) =>
    Object.entries(parseLosslessJson(text) as JsonObject).flatMap(([name, node]) =>
      leaves(node).flatMap((leaf) => {
        const query = queryFor(name, properties[name] as JsonObject, leaf);
        return query === null ? [] : [{ name, id: String(i), query }];
      }),
    ),
  );
  const asked = questions.map(({ id, query }) => {
    const filter = [query, { ids: { values: [id] } }];
    return `{}\n${JSON.stringify({ query: { bool: { filter } } })}\n`;
  });
  const { body } = await ask('POST', `/${index}/_msearch`, asked.join(''));
  const answers = at(body, 'responses') as readonly JsonNode[];
  const lost = questions.filter((_, i) => at(answers[i], 'hits', 'total', 'value') !== 1);
  expect(lost).toEqual([]);
  // Every type has values that are found, but for those that are only kept.
  const found = new Set(questions.map(({ name }) => name));
  const silent = samples.filter(({ name }) => {
    const type = at(properties, name, 'type');
    return !found.has(name) && !NOT_SEARCHED.has(type);
  });
  expect(silent.map(({ name }) => name)).toEqual([]);
});

const name = (type: string): string => `postgres ${type}`;
const nanos = '2020-02-29T06:06:32.000001Z';

test.each<[string, object, number]>([
  [
    'a microsecond is told from the next',
    { range: { [`${name('timestamp with time zone')}.nanos`]: { gte: nanos, lte: nanos } } },
    1,
  ],
  ['a number lies in a range', { term: { [`${name('int4multirange')}.range`]: 6 } }, 2],
  // ::/0 is all of them.
  ['an address lies in a network', { term: { [`${name('cidr')}.range`]: '10.1.2.3' } }, 2],
  ['a network holds an address', { term: { [name('inet')]: '10.0.0.0/8' } }, 1],
  ['a word is in a text', { match: { [name('text')]: 'LONG' } }, 1],
  ['a name is in a document', { term: { [`${name('jsonb')}.a.b`]: 'x' } }, 1],
  ['no number is NaN, but it is told of', { term: { _ignored: name('double precision') } }, 3],
])('%s', async (_title, query, finds) => {
  const answer = await ask('POST', `/${index}/_search`, JSON.stringify({ query }));
  expect(at(answer.body, 'hits', 'total', 'value')).toBe(finds);
});
