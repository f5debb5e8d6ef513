import { expect, test } from 'vitest';
import { checkSearchSink } from '../../src/runtime/search-sink-check.ts';
import { SEARCH_SINK_DEFAULTS } from '../../src/sink/search/search-sink-options.ts';
import { searchConnection } from '../support/search-connection.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();
const signal = new AbortController().signal;
const options = { ...SEARCH_SINK_DEFAULTS, name: 'find' };

test('a server that answers is fine; one that is not there is named with its sink', async () => {
  const connection = searchConnection(search.url);
  const found = await checkSearchSink('find', { options, connection }, ['shop.a'], signal);
  expect(found.problems).toEqual([]);
  // Another index, whose deleted documents are forgotten before what the sink asks for.
  await askSearch(search, 'PUT', '/shop.forgets');
  const { warnings } = await checkSearchSink(
    'find',
    { options, connection },
    ['shop.forgets'],
    signal,
  );
  expect(warnings).toContainEqual(expect.stringMatching(/^sink find: .*gc_deletes/));
  const nowhere = searchConnection('http://127.0.0.1:1');
  const { problems } = await checkSearchSink('find', { options, connection: nowhere }, [], signal);
  expect(problems).toMatchObject([
    { code: 'SINK_CONNECT', message: expect.stringMatching(/^sink find: /) as string },
  ]);
});
