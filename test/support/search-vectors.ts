import { expect } from 'vitest';
import { placed, searchSinkInto } from './search-sink.ts';
import { askSearch, type SearchAddress } from './search-server.ts';
import { column, SinkTopic } from './sink-records.ts';

/** What became of a column `vector(3)` of pgvector. */
export interface IndexedVectors {
  /** By id. */
  readonly documents: Readonly<Record<string, unknown>>;
  /** Of the field in the index. */
  readonly type: string;
  /** Ids of the one nearest to [8, 9, 9]; null: the index does not look for neighbours. */
  readonly nearest: readonly string[] | null;
}

interface Mappings {
  readonly mappings: { readonly properties: { readonly v: { readonly type: string } } };
}
interface Hits {
  readonly hits: { readonly hits: readonly { readonly _id: string }[] };
}

/** Rows of a topic, changed once, by the sink, and searched by no part of it. */
export async function vectorsInto(search: SearchAddress, table: string): Promise<IndexedVectors> {
  const topic = new SinkTopic({
    table,
    columns: [
      column('id', 'integer', { type: 'int32', optional: false }),
      column('v', 'vector(3)', {
        type: 'array',
        name: 'io.debezium.data.DoubleVector',
        valueSchema: { type: 'float64', optional: true },
      }),
    ],
    key: ['id'],
  });
  const records = [
    topic.read({ id: 1, v: [1, 2, 3] }),
    topic.insert({ id: 2, v: [9, 9, 9] }),
    topic.insert({ id: 3, v: null }),
    topic.update({ id: 1, v: [1, 2.5, -0.1] }),
  ];
  await searchSinkInto(search).put(...records.map(placed));
  const index = `shop.public.${table}`;
  const documents: Record<string, unknown> = {};
  // From 9.2 on Elasticsearch leaves them out unless asked; before, it does not know the question.
  const asking = search.series === 'elasticsearch-9' ? '?_source_exclude_vectors=false' : '';
  for (const id of [1, 2, 3]) {
    const { body: found } = await askSearch(search, 'GET', `/${index}/_doc/${id}${asking}`);
    // It leaves those that are null out anyway.
    documents[id] = { v: null, ...(found as { _source?: object })._source };
  }
  await askSearch(search, 'POST', `/${index}/_refresh`);
  const { body } = await askSearch(search, 'GET', `/${index}/_mapping`);
  const { type } = (body as Record<string, Mappings>)[index]?.mappings.properties.v ?? {};
  return { documents, type: String(type), nearest: await nearestIn(search, index, type) };
}

async function nearestIn(
  search: SearchAddress,
  index: string,
  type: string | undefined,
): Promise<readonly string[] | null> {
  const near = [8, 9, 9];
  const queries: Readonly<Record<string, object>> = {
    dense_vector: { knn: { field: 'v', query_vector: near, k: 1, num_candidates: 10 } },
    knn_vector: { query: { knn: { v: { vector: near, k: 1 } } } },
  };
  const query = queries[type ?? ''];
  if (query === undefined) return null;
  const { status, body } = await askSearch(search, 'POST', `/${index}/_search`, query);
  expect({ status, body }).toMatchObject({ status: 200 });
  return (body as Hits).hits.hits.map(({ _id }) => _id);
}
