import { expect, test } from 'vitest';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('refresh: a document is found as soon as it is written', async () => {
  const { topic, index } = namedTopic('refreshed');
  const count = async (): Promise<unknown> =>
    (await askSearch(search, 'GET', `/${index}/_count`)).body;
  await searchSinkInto(search, { refresh: 'true' }).put(placed(topic.insert(named(1, 'a'))));
  expect(await count()).toMatchObject({ count: 1 });
  await searchSinkInto(search, { refresh: 'wait_for' }).put(placed(topic.insert(named(2, 'b'))));
  expect(await count()).toMatchObject({ count: 2 });
});

test('pipeline: documents go through it; one that is not there is told by its name', async () => {
  const { topic, index } = namedTopic('through');
  const strange = searchSinkInto(search, { pipeline: 'nobody', park: 'table' });
  await strange.put(placed(topic.insert(named(1, 'a'))));
  const [parked] = strange.sink.status().parked;
  expect(parked?.message).toContain('pipeline with id [nobody] does not exist');
  // What is packed of Elasticsearch for tests has no processors.
  const processors = search.series.startsWith('opensearch')
    ? [{ set: { field: 'stamped', value: true } }]
    : [];
  const made = await askSearch(search, 'PUT', '/_ingest/pipeline/tidemark-stamp', { processors });
  expect(made.status).toBe(200);
  const sink = searchSinkInto(search, { pipeline: 'tidemark-stamp' });
  await sink.put(placed(topic.insert(named(2, 'b'))));
  const stamp = processors.length === 0 ? {} : { stamped: true };
  expect((await scanIndex(search, index))['2']).toEqual({ ...named(2, 'b'), ...stamp });
});
