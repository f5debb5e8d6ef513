import { expect, test } from 'vitest';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { ID, ID_AND_NAME, namedTopic } from '../../support/search-topics.ts';
import { column } from '../../support/sink-records.ts';

const search = await sharedSearch();

test('new fields are in the mapping before their documents; another type parks', async () => {
  const { topic, index } = namedTopic('evolved', ID_AND_NAME);
  const tested = searchSinkInto(search, { policy: 'hold' });
  await tested.put(placed(topic.insert({ id: 1, name: 'a' })));
  const since = column('since', 'date', { type: 'int32', name: 'io.debezium.time.Date' });
  topic.alter({ columns: [...ID_AND_NAME, since] });
  await tested.put(placed(topic.insert({ id: 2, name: 'b', since: 20_000 })));
  const { body } = await askSearch(search, 'GET', `/${index}/_mapping`);
  expect(body).toMatchObject({
    [index]: {
      mappings: { properties: { since: { type: expect.stringMatching(/^date/) as string } } },
    },
  });

  topic.alter({ columns: [ID, column('name', 'boolean', { type: 'boolean' }), since] });
  const other = placed(topic.insert({ id: 3, name: true, since: null }));
  await tested.put(other);
  // A text takes it; a date would not take a text.
  expect(tested.sink.status().parked).toEqual([]);
  topic.alter({ columns: [...ID_AND_NAME, column('since', 'text', { type: 'string' })] });
  const unfit = placed(topic.insert({ id: 4, name: 'd', since: 'never' }));
  await tested.put(unfit);
  expect(tested.sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA', held: true }]);
  const signal = new AbortController().signal;
  expect(await tested.sink.fitting(signal)).toEqual([]);

  await askSearch(search, 'DELETE', `/${index}`);
  expect(await tested.sink.fitting(signal)).toEqual([topic.topic]);
  const where = await tested.sink.assign([{ topic: topic.topic, partition: 0 }], signal);
  expect(where).toMatchObject([{ offset: unfit.offset }]);
  await tested.put(unfit);
  expect(tested.sink.status().parked).toEqual([]);
  expect(Object.keys(await scanIndex(search, index))).toEqual(['4']);
});

test('fields that the index has no room for hold the topic until it has', async () => {
  const { topic, index } = namedTopic('crowded', ID_AND_NAME);
  const tested = searchSinkInto(search, { policy: 'hold' });
  await tested.put(placed(topic.insert({ id: 1, name: 'a' })));
  const limit = (fields: number) =>
    askSearch(search, 'PUT', `/${index}/_settings`, {
      'index.mapping.total_fields.limit': fields,
    });
  expect((await limit(20)).status).toBe(200);
  const number = (i: number) => column(`n${i}`, 'integer', { type: 'int32' });
  const numbers = Array.from({ length: 18 }, (_, i) => number(i));
  const signal = new AbortController().signal;
  const again = { topic: topic.topic, partition: 0 };
  topic.alter({ columns: [...ID_AND_NAME, ...numbers.slice(0, 16)] });
  const crowded = searchSinkInto(search, { policy: 'hold' });
  await crowded.put(placed(topic.insert({ id: 2, name: 'b' })));
  expect(crowded.warnings).toEqual([expect.stringContaining('is 20, and it has 19 fields now')]);

  topic.alter({ columns: [...ID_AND_NAME, ...numbers] });
  const held = placed(topic.insert({ id: 3, name: 'c', n17: 7 }));
  await crowded.put(held);
  expect(crowded.sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA', held: true }]);
  expect(crowded.sink.status().parked[0]?.message).toContain('it needs 21 fields');
  expect(await crowded.sink.fitting(signal)).toEqual([]);
  expect((await limit(42)).status).toBe(200);
  expect(await crowded.sink.fitting(signal)).toEqual([topic.topic]);
  await crowded.sink.assign([again], signal);
  await crowded.put(held);
  expect(await scanIndex(search, index)).toMatchObject({ 3: { n17: 7 } });
});
