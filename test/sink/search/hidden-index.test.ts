import { expect, test } from 'vitest';
import { hiddenIndex } from '../../../src/sink/search/hidden-index.ts';

test('an index of the sink has the options that were given, and is hidden', () => {
  const mappings = { dynamic: false };
  expect(hiddenIndex({ shards: null, replicas: null }, mappings)).toEqual({
    settings: { 'index.hidden': true },
    mappings,
  });
  expect(hiddenIndex({ shards: 2, replicas: 0 }, mappings)).toEqual({
    settings: { 'index.hidden': true, 'index.number_of_shards': 2, 'index.number_of_replicas': 0 },
    mappings,
  });
});
