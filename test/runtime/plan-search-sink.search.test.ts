import { expect, test } from 'vitest';
import { planSearchSink } from '../../src/runtime/plan-search-sink.ts';
import { SEARCH_SINK_DEFAULTS } from '../../src/sink/search/search-sink-options.ts';
import { searchConnection } from '../support/search-connection.ts';
import { placed, searchSinkInto } from '../support/search-sink.ts';
import { sharedSearch } from '../support/search-server.ts';
import { column, SinkTopic } from '../support/sink-records.ts';

const search = await sharedSearch();
const signal = new AbortController().signal;
const options = { ...SEARCH_SINK_DEFAULTS, name: 'find' };
const ID = column('id', 'integer', { type: 'int32', optional: false });

test('what would be made, what would be added, what does not fit', async () => {
  const topic = new SinkTopic({ table: 'planned', columns: [ID], key: ['id'] });
  const index = 'shop.public.planned';
  const plan = async (url = search.url, policy: typeof options.policy = 'alert') => {
    const connection = searchConnection(url);
    const records = [topic.read({ id: 1 })];
    return planSearchSink('find', { options: { ...options, policy }, connection }, records, signal);
  };
  expect((await plan()).tables).toMatchObject([
    { table: index, exists: false, statements: [expect.stringContaining(`PUT ${index} {`)] },
  ]);
  await searchSinkInto(search).put(placed(topic.insert({ id: 1 })));
  expect((await plan()).tables).toMatchObject([{ exists: true, statements: [], refusal: null }]);

  topic.alter({
    columns: [ID, column('born', 'date', { type: 'int32', name: 'io.debezium.time.Date' })],
  });
  expect((await plan()).tables).toMatchObject([
    { statements: [expect.stringContaining(`PUT ${index}/_mapping {`)], effects: ['new fields'] },
  ]);
  topic.alter({ columns: [column('id', 'boolean', { type: 'boolean', optional: false })] });
  expect((await plan()).tables).toMatchObject([{ refusal: { fate: 'parked' } }]);
  const [renewed] = (await plan(search.url, 'reindex')).tables;
  expect(renewed).toMatchObject({ effects: ['another index behind the alias'], refusal: null });
  expect(renewed?.statements[0]).toContain(`PUT ${index}-000001 {`);
  const unseen = await plan('http://127.0.0.1:1');
  expect(unseen.unseen).not.toBeNull();
  expect(unseen.tables).toMatchObject([{ table: index, exists: null }]);
});
