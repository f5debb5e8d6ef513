import { expect, test } from 'vitest';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { sharedSearch } from '../../support/search-server.ts';
import { named, namedTopic } from '../../support/search-topics.ts';

const search = await sharedSearch();

test('a row without all of its values keeps those that the index has (S4)', async () => {
  const { topic, index } = namedTopic('absent');
  const tested = searchSinkInto(search);
  const first = placed(topic.insert(named(1, 'a', 'long')));
  const second = placed(topic.update(named(1, 'b'), null, ['note']));
  const third = placed(topic.update(named(1, 'c'), null, ['note']));
  await tested.put(first, second);
  expect(await scanIndex(search, index)).toEqual({ 1: named(1, 'b', 'long') });
  await tested.put(third);
  expect(await scanIndex(search, index)).toEqual({ 1: named(1, 'c', 'long') });
  await tested.put(second);
  expect(await scanIndex(search, index)).toEqual({ 1: named(1, 'c', 'long') });

  // It went later: the change that comes once more is not the first of a row.
  await tested.put(placed(topic.delete(named(1, 'c'))));
  await tested.put(second, third);
  expect(await scanIndex(search, index)).toEqual({});
  expect(tested.sink.status().parked).toEqual([]);

  await tested.put(placed(topic.update(named(2, 'x'), null, ['note'])));
  expect(tested.sink.status().parked).toMatchObject([
    { topic: topic.topic, code: 'SINK_RECORD', table: index },
  ]);
  expect(await scanIndex(search, index)).toEqual({});
});

test.for([false, true])(
  'a key change takes the old values along, apart: %s (S5)',
  async (apart) => {
    const { topic, index } = namedTopic(`moves_${apart}`);
    const tested = searchSinkInto(search);
    await tested.put(placed(topic.insert(named(1, 'a', 'long'))));
    const [away, tombstone, back] = topic.move(named(1, 'a'), named(2, 'b'), ['note']);
    const { position = '' } = placed(away as SinkRecord);
    const halves = [away, tombstone, back].map((half) => ({ ...(half as SinkRecord), position }));
    if (apart) for (const half of halves) await tested.put(half);
    else await tested.put(...halves);
    expect(await scanIndex(search, index)).toEqual({ 2: named(2, 'b', 'long') });
    for (const half of halves) await tested.put(half);
    expect(await scanIndex(search, index)).toEqual({ 2: named(2, 'b', 'long') });
    expect(tested.sink.status().parked).toEqual([]);
  },
);

test('a key change that comes again takes nothing of a new row of the old key', async () => {
  const { topic, index } = namedTopic('moved_again');
  const tested = searchSinkInto(search);
  await tested.put(placed(topic.insert(named(1, 'a', 'long'))));
  const moved = topic.move(named(1, 'a'), named(2, 'b'), ['note']);
  const records = [...moved, topic.insert(named(1, 'new', 'other'))].map((record) =>
    record.value === null ? record : placed(record),
  );
  const expected = { 1: named(1, 'new', 'other'), 2: named(2, 'b', 'long') };
  await tested.put(...records);
  expect(await scanIndex(search, index)).toEqual(expected);
  const later = placed(topic.update(named(2, 'c'), null, ['note']));
  await tested.put(...records, later);
  expect(await scanIndex(search, index)).toEqual({ ...expected, 2: named(2, 'c', 'long') });
});
