import { expect, test } from 'vitest';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { sharedSearch } from '../../support/search-server.ts';
import { numbered, numberedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('records without keys are documents by their place; an update of one is refused', async () => {
  const topic = numberedTopic('keyless', []);
  const tested = searchSinkInto(search, { versions: 'offset' });
  const records = [topic.insert(numbered(1n, 1n)), topic.insert(numbered(1n, 1n))];
  await tested.put(...records);
  await tested.put(...records);
  const name = topic.topic;
  expect(await scanIndex(search, name.toLowerCase())).toEqual({
    [`${name}+0+0`]: { id: 1, n: 1 },
    [`${name}+0+1`]: { id: 1, n: 1 },
  });
  await tested.put(topic.update(numbered(1n, 2n)));
  expect(tested.sink.status().parked).toMatchObject([{ code: 'SINK_RECORD', offset: 2 }]);
});

test('key.ignore adds; routing by a value; upsert merges; behavior.on.null.values', async () => {
  const adding = numberedTopic('added');
  await searchSinkInto(search, { keyIgnored: true }).put(
    adding.insert(numbered(1n, 1n)),
    adding.update(numbered(1n, 2n)),
    adding.delete(numbered(1n, 2n)),
  );
  expect(Object.keys(await scanIndex(search, adding.topic.toLowerCase()))).toHaveLength(2);

  const routed = numberedTopic('routed_by_value');
  const path = ['n'] as const;
  const routing = { kind: 'value', path } as const;
  const tested = searchSinkInto(search, { routing, shards: 5 });
  await tested.put(
    placed(routed.insert(numbered(1n, 3n))),
    placed(routed.insert(numbered(2n, 4n))),
  );
  await tested.put(placed(routed.delete(numbered(1n, 3n))));
  expect(Object.keys(await scanIndex(search, routed.topic.toLowerCase()))).toEqual(['2']);

  const merged = numberedTopic('merged');
  const upsert = searchSinkInto(search, { writeMethod: 'update', onNull: 'fail' });
  await upsert.put(merged.insert(numbered(1n, 1n)), merged.insert(numbered(2n, 2n)));
  await upsert.put(merged.update(numbered(1n, 0n), null, ['n']), merged.delete(numbered(2n, 2n)));
  expect(await scanIndex(search, merged.topic.toLowerCase())).toEqual({ 1: { id: 1, n: 1 } });
  await upsert.put(merged.tombstone(numbered(1n, 1n)));
  expect(upsert.sink.status().parked).toMatchObject([{ code: 'SINK_RECORD' }]);
});
