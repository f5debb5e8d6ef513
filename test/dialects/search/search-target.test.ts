import { expect, test } from 'vitest';
import { KEPT, KEYWORD, lackedType, orElse } from '../../../dialects/search/search-target.ts';

test('a server that lacks a type says so, each product in its words', () => {
  // As Elasticsearch 9.5.3 and OpenSearch 2.19.1 and 3.8.0 answered.
  const elastic =
    'Failed to parse mapping: The mapper type [unsigned_long] declared on field [f] does not ' +
    'exist. It might have been created within a future version or requires a plugin';
  expect(lackedType(elastic)).toBe('unsigned_long');
  const open =
    'Failed to parse mapping [_doc]: No handler for type [knn_vector] declared on field [f]';
  expect(lackedType(open)).toBe('knn_vector');
  const setting =
    'unknown setting [index.knn] please check that any required plugins are installed';
  expect(lackedType(setting)).toBe('knn_vector');
  expect(lackedType('failed to parse field [f] of type [long]')).toBeNull();
});

test('what a server lacks is kept', () => {
  const target = { product: 'opensearch', lacks: new Set(['knn_vector']) } as const;
  expect(orElse(target, { type: 'knn_vector', dimension: 3 }, KEPT)).toBe(KEPT);
  expect(orElse(target, KEYWORD, KEPT)).toBe(KEYWORD);
  expect(orElse({ product: 'opensearch' }, KEYWORD, KEPT)).toBe(KEYWORD);
});
