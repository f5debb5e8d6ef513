import { expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('inserts, updates and deletes; what comes again changes nothing (S6, S8)', async () => {
  const { topic, index } = namedTopic('basics');
  const records = [
    topic.read(named(1, 'a')),
    topic.insert(named(2, 'b')),
    topic.update(named(1, 'A')),
    topic.insert(named(3, 'c')),
    topic.delete(named(2, 'b')),
    topic.tombstone(named(2, 'b')),
  ].map((record) => (record.value === null ? record : placed(record)));
  const tested = searchSinkInto(search);
  await tested.put(...records);
  const expected = { 1: named(1, 'A'), 3: named(3, 'c') };
  expect(await scanIndex(search, index)).toEqual(expected);

  for (const record of records) await tested.put(record);
  expect(await scanIndex(search, index)).toEqual(expected);
  expect(tested.sink.status()).toMatchObject({ parked: [], connected: true });
  const { body } = await askSearch(search, 'GET', `/${index}`);
  const [told] = Object.values(body as Record<string, object>);
  expect(told).toMatchObject({
    mappings: { dynamic: 'false', properties: { id: { type: 'long' }, name: { type: 'text' } } },
    settings: { index: { gc_deletes: '3600000ms' } },
  });
});

test('in any order the newest change of each row is what the index has', async () => {
  const { topic, index } = namedTopic('shuffled');
  const records: SinkRecord[] = [];
  for (let i = 0; i < 200; i++) {
    const id = i % 17;
    records.push(i % 5 === 4 ? topic.delete(named(id, 'x')) : topic.update(named(id, `n${i}`)));
  }
  const placedRecords = records.map(placed);
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const shuffled = placedRecords
    .map((record) => ({ record, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ record }) => record);
  const tested = searchSinkInto(search);
  for (let at = 0; at < shuffled.length; at += 20) {
    const some = shuffled.slice(at, at + 20);
    // Within a put the log's order counts, so these come as other puts.
    for (const record of some) await tested.put(record);
  }
  const expected: Record<string, object> = {};
  for (const { key, value } of placedRecords) {
    const id = JSON.stringify(key?.values[0]);
    const after = value?.values[1] as { values: readonly unknown[] } | null;
    if (after === null) delete expected[id];
    else expected[id] = { id: after.values[0], name: after.values[1], note: after.values[2] };
  }
  expect(await scanIndex(search, index)).toEqual(expected);
});
