import { expect, test } from 'vitest';
import { askSearch, startSearch } from '../../support/search-server.ts';
import { vectorsInto } from '../../support/search-vectors.ts';

test('k-NN of OpenSearch: vectors in an index of somebody, with a method', async () => {
  await using own = await startSearch('opensearch-2', { knn: true });
  // The engine of a knn_vector without a method is none of Java, and in no public package.
  const method = { name: 'hnsw', engine: 'lucene', space_type: 'l2' };
  const v = { type: 'knn_vector', dimension: 3, method };
  const made = await askSearch(own, 'PUT', '/shop.public.neighbours', {
    settings: { 'index.knn': true },
    mappings: { dynamic: false, properties: { v } },
  });
  expect(made).toMatchObject({ status: 200 });
  expect(await vectorsInto(own, 'neighbours')).toEqual({
    documents: {
      1: { id: 1, v: [1, 2.5, -0.1] },
      2: { id: 2, v: [9, 9, 9] },
      3: { id: 3, v: null },
    },
    type: 'knn_vector',
    nearest: ['2'],
  });
  const { body } = await askSearch(own, 'GET', '/shop.public.neighbours/_mapping');
  expect(body).toMatchObject({
    'shop.public.neighbours': { mappings: { properties: { id: { type: 'long' }, v } } },
  });
});
