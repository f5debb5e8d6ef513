import { expect, test } from 'vitest';
import { sharedSearch } from '../../support/search-server.ts';
import { vectorsInto } from '../../support/search-vectors.ts';

const search = await sharedSearch();

test('vectors keep their digits, and neighbours are found where the server can', async () => {
  const { documents, nearest, type } = await vectorsInto(search, 'vectors');
  expect(documents).toEqual({
    1: { id: 1, v: [1, 2.5, -0.1] },
    2: { id: 2, v: [9, 9, 9] },
    3: { id: 3, v: null },
  });
  // OpenSearch has them by its plug-in k-NN, which this server lacks.
  const isElastic = search.series.startsWith('elastic');
  expect(type).toBe(isElastic ? 'dense_vector' : 'object');
  expect(nearest).toEqual(isElastic ? ['2'] : null);
});
