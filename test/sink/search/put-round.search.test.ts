import { expect, test } from 'vitest';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { numbered, numberedTopic } from '../../support/search-topics.ts';
import type { SinkTopic } from '../../support/sink-records.ts';

const search = await sharedSearch();

/** An index of somebody's own, whose field takes less than the column. */
async function narrowIndex(topic: SinkTopic): Promise<string> {
  const index = topic.topic.toLowerCase();
  const mappings = { properties: { id: { type: 'long' }, n: { type: 'integer' } } };
  expect((await askSearch(search, 'PUT', `/${index}`, { mappings })).status).toBe(200);
  return index;
}

const LARGE = 2n ** 40n;

test('a document that the server refuses parks its topic, and others go on (S9)', async () => {
  const topic = numberedTopic('refused_table');
  const index = await narrowIndex(topic);
  const other = numberedTopic('refused_not');
  const tested = searchSinkInto(search);
  const records = [
    topic.insert(numbered(1n, 1n)),
    topic.insert(numbered(2n, LARGE)),
    topic.insert(numbered(3n, 3n)),
    other.insert(numbered(1n, LARGE)),
  ].map(placed);
  await tested.put(...records);
  expect(tested.sink.status().parked).toMatchObject([
    { topic: topic.topic, table: index, offset: 1, code: 'SINK_RECORD' },
  ]);
  expect(tested.sink.status().parked[0]?.message).toMatch(/offset 1: .*parsing_exception/);
  expect(await scanIndex(search, other.topic.toLowerCase())).toEqual({
    1: { id: 1, n: Number(LARGE) },
  });
  await tested.put(placed(topic.insert(numbered(4n, 4n))));
  expect(Object.keys(await scanIndex(search, index))).not.toContain('4');
});

test('errors.park record: letters have the reason, and what was good before is there', async () => {
  const topic = numberedTopic('refused_record');
  const index = await narrowIndex(topic);
  const tested = searchSinkInto(search, { park: 'record' });
  const records = [
    topic.insert(numbered(1n, 1n)),
    topic.update(numbered(1n, 7n)),
    topic.update(numbered(1n, LARGE)),
    topic.insert(numbered(2n, LARGE)),
    topic.update(numbered(2n, 2n)),
    topic.insert(numbered(3n, LARGE)),
  ].map(placed);
  await tested.put(...records);
  expect(tested.sink.status().parked).toEqual([]);
  expect(await scanIndex(search, index)).toEqual({ 1: { id: 1, n: 7 }, 2: { id: 2, n: 2 } });
  expect(tested.letters.map(({ record }) => record.offset)).toEqual([2, 5]);
  expect(tested.letters[0]?.stage).toBe('TASK_PUT');
  expect(tested.letters[0]?.error.message).toMatch(/out of range/);
});

test('errors.park task fails; warn passes over; a record that cannot be read', async () => {
  const topic = numberedTopic('refused_task');
  const index = await narrowIndex(topic);
  const bad = placed(topic.insert(numbered(1n, LARGE)));
  const good = placed(topic.insert(numbered(2n, 2n)));
  const failing = searchSinkInto(search, { park: 'task' });
  await expect(failing.put(bad, good)).rejects.toMatchObject({ code: 'SINK_RECORD' });

  const warning = searchSinkInto(search, { onMalformed: 'warn' });
  await warning.put(bad, good);
  expect(warning.warnings).toEqual([expect.stringContaining('at offset 0: ')]);
  expect(warning.sink.status().parked).toEqual([]);
  expect(await scanIndex(search, index)).toEqual({ 2: { id: 2, n: 2 } });

  const { TidemarkError } = await import('../../../src/foundation/errors.ts');
  const error = new TidemarkError('RECORD_FORMAT', 'no JSON');
  const unread = { ...bad, failure: { stage: 'VALUE_CONVERTER' as const, error } };
  await warning.put(unread);
  expect(warning.sink.status().parked).toMatchObject([{ code: 'RECORD_FORMAT' }]);
  const dropping = searchSinkInto(search, { dropInvalid: true });
  await dropping.put(unread, placed(topic.insert(numbered(3n, 3n))));
  expect(Object.keys(await scanIndex(search, index))).toEqual(['2', '3']);
});

test('versions of two kinds, and one index for two topics, stop before any loss', async () => {
  const topic = numberedTopic('kinds');
  const tested = searchSinkInto(search);
  await tested.put(placed(topic.insert(numbered(1n, 1n))));
  await tested.put(topic.update(numbered(1n, 2n)));
  expect(tested.sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA' }]);
  expect(tested.sink.status().parked[0]?.message).toContain('versions from positions');

  const [one, two] = [numberedTopic('shared_one'), numberedTopic('shared_two')];
  const shared = new Map([one, two].map((each) => [each.topic, 'shared-index']));
  const both = searchSinkInto(search, { indexOfTopic: shared });
  await both.put(placed(one.insert(numbered(1n, 1n))), placed(two.insert(numbered(2n, 2n))));
  await both.put(placed(one.truncate()));
  expect(both.sink.status().parked).toMatchObject([{ topic: one.topic, code: 'SINK_SCHEMA' }]);
  expect(Object.keys(await scanIndex(search, 'shared-index'))).toEqual(['1', '2']);
});
