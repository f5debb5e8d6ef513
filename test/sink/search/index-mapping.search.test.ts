import { expect, test } from 'vitest';
import { scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { numbered, numberedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('a data stream takes each change once, with its time', async () => {
  const topic = numberedTopic('streamed');
  const name = `logs-shop-${search.series}`;
  const tested = searchSinkInto(search, {
    dataStream: { timestampFields: ['n'] },
    indexFormat: name,
  });
  const records = [topic.insert(numbered(1n, 1_700_000_000_000n)), topic.update(numbered(1n, 5n))];
  const template = { index_patterns: [`${name}*`], data_stream: {}, priority: 500 };
  await tested.put(...records);
  // The jars of Elasticsearch that there are come without data streams.
  if (search.series.startsWith('elasticsearch')) {
    expect(tested.sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA', table: name }]);
    return;
  }
  if (tested.sink.status().parked.length > 0) {
    expect(tested.sink.status().parked[0]?.code).toBe('SINK_SCHEMA');
    const made = await askSearch(search, 'PUT', `/_index_template/${name}`, template);
    expect(made.status).toBe(200);
    await tested.sink.assign([{ topic: topic.topic, partition: 0 }], new AbortController().signal);
    await tested.put(...records);
  }
  await tested.put(...records);
  expect(tested.sink.status().parked).toEqual([]);
  const found = Object.values(await scanIndex(search, name));
  expect(found.map((document) => document['@timestamp'])).toEqual([1_700_000_000_000, 5]);
});
