import { expect, test } from 'vitest';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { numbered, numberedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('delete.mode soft keeps the document, and a row that comes again is live', async () => {
  const topic = numberedTopic('soft');
  const index = topic.topic.toLowerCase();
  const tested = searchSinkInto(search, { deleteMode: 'soft' });
  const first = placed(topic.insert(numbered(1n, 1n)));
  const gone = placed({ ...topic.delete(numbered(1n, 1n)), timestampMs: 1_700_000_000_000 });
  await tested.put(first, gone);
  await tested.put(first);
  const at = '2023-11-14T22:13:20.000Z';
  const dead = { _deleted: true, _deleted_at: at };
  expect(await scanIndex(search, index)).toEqual({ 1: { id: 1, ...dead } });
  await tested.put(placed(topic.insert(numbered(2n, 2n))));
  await tested.put(placed({ ...topic.delete(numbered(2n, 2n)), timestampMs: 1_700_000_000_000 }));
  await tested.put(placed(topic.insert(numbered(1n, 5n))));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, n: 5, _deleted: false },
    2: { id: 2, n: 2, ...dead },
  });
});

test('metadata.columns: a document tells of its change, a marked one of its delete', async () => {
  const topic = numberedTopic('told');
  const index = topic.topic.toLowerCase();
  const tested = searchSinkInto(search, {
    deleteMode: 'soft',
    metadataColumns: ['op', 'offset', 'source_ts'],
  });
  const late = placed(topic.insert(numbered(1n, 1n)));
  const newer = placed(topic.update(numbered(1n, 2n)));
  const gone = [topic.insert(numbered(2n, 2n)), topic.delete(numbered(2n, 2n))].map(placed);
  // An older change that stands behind a newer one is not what the document comes from.
  await tested.put(newer, { ...late, sequence: 100 }, ...gone, topic.tombstone(numbered(2n, 2n)));
  const sourceTs = (second: number): string => `2023-11-14T22:13:2${second}.123456Z`;
  expect(await scanIndex(search, index)).toMatchObject({
    1: { n: 2, _cdc_op: 'u', _cdc_offset: 1, _cdc_source_ts: sourceTs(1) },
    2: { _deleted: true, _cdc_op: 'd', _cdc_offset: 3, _cdc_source_ts: sourceTs(3) },
  });
  const range = { range: { _cdc_source_ts: { gte: sourceTs(2) } } };
  const { body } = await askSearch(search, 'POST', `/${index}/_count`, { query: range });
  expect(body).toMatchObject({ count: 1 });
});
