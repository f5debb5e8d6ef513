import { expect, test } from 'vitest';
import { SEARCH_INDEX_OPTIONS } from '../../src/config/search-sink-index-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

test('indices of the safest kind are made by themselves', () => {
  const url = { 'connection.url': 'http://localhost:9200' };
  const sink = { name: 'find', 'connector.class': 'elasticsearch', ...url };
  const [found] = parsedPipeline({ sinks: [sink] }).sinks;
  const given = SEARCH_INDEX_OPTIONS.flatMap(({ name, type }) =>
    type.kind === 'boolean' ? [[name, found?.options.boolean(name)]] : [],
  );
  expect(Object.fromEntries(given)).toEqual({
    'create.indices': true,
    'evolve.mappings': true,
    'reindex.keep.replaced': false,
    'schema.ignore': false,
  });
});
