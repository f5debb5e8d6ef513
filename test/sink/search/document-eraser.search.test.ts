import { expect, test } from 'vitest';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { placed, scanIndex, searchSinkInto, TestedSearchSink } from '../../support/search-sink.ts';
import { sharedSearch } from '../../support/search-server.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('a truncate deletes what is older, also when it comes again (S21)', async () => {
  const { topic, index } = namedTopic('truncated');
  const tested = searchSinkInto(search);
  const before = [topic.insert(named(1, 'a')), topic.insert(named(2, 'b'))].map(placed);
  const truncate = placed(topic.truncate());
  const after = placed(topic.insert(named(3, 'c')));
  await tested.put(...before, truncate, after);
  const expected = { 3: named(3, 'c') };
  expect(await scanIndex(search, index)).toEqual(expected);
  await tested.put(truncate);
  await tested.put(...before);
  expect(await scanIndex(search, index)).toEqual(expected);
});

test('a new generation empties the index, in whichever partition (ruling 3)', async () => {
  const { topic, index } = namedTopic('generations');
  await searchSinkInto(search).put(
    placed(topic.read(named(1, 'a'))),
    placed(topic.read(named(2, 'b'))),
  );
  topic.generation = 2;
  const again = searchSinkInto(search);
  await again.put(placed(topic.read(named(2, 'B'))));
  topic.partition = 1;
  await again.put(placed(topic.read(named(3, 'C'))));
  expect(await scanIndex(search, index)).toEqual({ 2: named(2, 'B'), 3: named(3, 'C') });
  const { topic: name, partition } = { topic: topic.topic, partition: 1 };
  const empty = { topic: name, partition, generation: 3, offset: 0 };
  await again.sink.put([], [empty], new AbortController().signal);
  expect(await scanIndex(search, index)).toEqual({});
});

/** Runs `between` once, before the index is searched for what is to be deleted. */
async function interrupted(between: () => Promise<void>): Promise<SearchClient> {
  const client = await openSearchClient(searchConnection(search.url), new AbortController().signal);
  let isDone = false;
  return {
    product: client.product,
    request: async (method, path, body, signal) => {
      if (!isDone && path.includes('_search?scroll')) {
        isDone = true;
        await between();
      }
      return client.request(method, path, body, signal);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

test('of two tasks that enter a generation at once none deletes rows of the other', async () => {
  const { topic, index } = namedTopic('entered_twice');
  await searchSinkInto(search).put(
    placed(topic.read(named(1, 'a'))),
    placed(topic.read(named(2, 'b'))),
  );
  topic.generation = 2;
  const [one, two] = [placed(topic.read(named(2, 'B'))), placed(topic.read(named(3, 'C')))];
  const first = searchSinkInto(search);
  const second = new TestedSearchSink(() => interrupted(() => first.put(one)));
  await second.put({ ...two, partition: 1 });
  expect(await scanIndex(search, index)).toEqual({ 2: named(2, 'B'), 3: named(3, 'C') });
});
