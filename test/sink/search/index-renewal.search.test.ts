import { expect, test } from 'vitest';
import { type FaultPoint, noFaults } from '../../../src/foundation/fault-points.ts';
import type { RereadRequest, RereadState } from '../../../src/model/table-reread.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import type { SearchSinkOptions } from '../../../src/sink/search/search-sink-options.ts';
import {
  placed,
  scanIndex,
  searchSinkInto,
  type TestedSearchSink,
} from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { ID_AND_NAME, namedTopic } from '../../support/search-topics.ts';
import { column, type RowValues } from '../../support/sink-records.ts';

const search = await sharedSearch();
const signal = new AbortController().signal;
const BOOLEAN = column('flag', 'boolean', { type: 'boolean' });
const DATE = column('flag', 'date', { type: 'int32', name: 'io.debezium.time.Date' });
const BEFORE = [...ID_AND_NAME, BOOLEAN];
const AFTER = [...ID_AND_NAME, DATE];

/** A source that is asked to read, as a sink sees it. */
class AskedSource {
  readonly asked: RereadRequest[] = [];
  state: RereadState = { kind: 'waiting' };

  readonly ask = (request: RereadRequest): Promise<RereadState> => {
    this.asked.push(request);
    return Promise.resolve(this.state);
  };
}

function reindexing(
  source: AskedSource,
  options: Partial<SearchSinkOptions> = {},
  fault: (point: FaultPoint) => void = noFaults,
): TestedSearchSink {
  return searchSinkInto(search, { policy: 'reindex', ...options }, source.ask, fault);
}

/** Who has the alias, and which of its indices there are. */
async function indicesOf(alias: string): Promise<Record<string, readonly string[]>> {
  const { body } = await askSearch(search, 'GET', `/${alias},${alias}-*?ignore_unavailable=true`);
  return Object.fromEntries(
    Object.entries(body as Record<string, { aliases: object }>).map(([name, { aliases }]) => [
      name,
      Object.keys(aliases),
    ]),
  );
}

test('a type that does not fit: another index, filled, then behind the alias', async () => {
  const { topic, index } = namedTopic('renewed', BEFORE);
  const source = new AskedSource();
  const tested = reindexing(source);
  const rows = (flag: RowValues[string]): readonly RowValues[] =>
    [1, 2, 3, 4].map((id) => ({ id, name: `n${id}`, flag }));
  const first = rows(true).map((row) => placed(topic.insert(row)));
  await tested.put(...first);
  expect(await indicesOf(index)).toEqual({ [`${index}-000001`]: [index] });

  // Somebody has a name of their own for some of it.
  const view = `view-of-${index}`;
  const some = { index: `${index}-000001`, alias: view, filter: { term: { id: 2 } } };
  await askSearch(search, 'POST', '/_aliases', { actions: [{ add: some }] });

  topic.alter({ columns: AFTER });
  const changed = placed(topic.update({ id: 2, name: 'new', flag: 20_000 }));
  const left = placed({ ...topic.update({ id: 3, name: null, flag: 20_001 }), absent: ['name'] });
  const gone = placed(topic.delete({ id: 4, name: 'n4', flag: null }));
  // An older record of another partition, and one of the same put, of the shape of before.
  await tested.put({ ...(first[0] as SinkRecord), partition: 1 }, changed);
  await tested.put(left, gone);
  expect(tested.sink.status().parked).toEqual([]);
  // Searches go on where they were.
  expect(await scanIndex(search, index)).toMatchObject({ 2: { name: 'n2', flag: true } });
  expect(await tested.sink.fitting(signal)).toEqual([]);
  const [asked] = source.asked;
  expect(asked).toMatchObject({ topic: topic.topic, table: 'public.renewed' });

  await tested.put(placed(topic.read({ id: 1, name: 'n1', flag: 19_000 })));
  source.state = { kind: 'applied' };
  await tested.sink.fitting(signal);
  expect(await indicesOf(index)).toEqual({ [`${index}-000002`]: [index, view] });
  expect(Object.keys(await scanIndex(search, view))).toEqual(['2']);
  const expected = {
    1: { id: 1, name: 'n1', flag: '2022-01-08' },
    2: { id: 2, name: 'new', flag: '2024-10-04' },
    3: { id: 3, name: 'n3', flag: '2024-10-05' },
  };
  expect(await scanIndex(search, index)).toEqual(expected);

  // What comes again, and is older than the index, says nothing.
  await tested.put(...first, changed, left, gone);
  expect(await scanIndex(search, index)).toEqual(expected);
  await tested.put(placed(topic.insert({ id: 5, name: 'n5', flag: null })));
  expect(Object.keys(await scanIndex(search, index))).toEqual(['1', '2', '3', '5']);
  expect(tested.sink.status().parked).toEqual([]);
});

const POINTS =
  process.env['TIDEMARK_TEST_ALL'] === '1'
    ? ([
        'search.index-made',
        'search.index-told',
        'search.index-blocked',
        'search.alias-moved',
        'search.replaced-deleted',
      ] as const)
    : (['search.index-told', 'search.alias-moved'] as const);

test.each(POINTS)('a task that ends at %s is followed by one that goes on', async (point) => {
  const { topic, index } = namedTopic(`renewed_${point.replace(/\W/g, '_')}`, BEFORE);
  const source = new AskedSource();
  let isAlive = true;
  const dying = reindexing(source, {}, (passed) => {
    if (passed !== point || !isAlive) return;
    isAlive = false;
    throw new Error('the task ends here');
  });
  const old = placed(topic.insert({ id: 1, name: 'a', flag: true }));
  await dying.put(old);
  topic.alter({ columns: AFTER });
  const unfit = placed(topic.insert({ id: 2, name: 'b', flag: 0 }));
  const reread = placed(topic.read({ id: 1, name: 'a', flag: 1 }));
  const run = async (tested: TestedSearchSink): Promise<void> => {
    await tested.put(unfit);
    await tested.sink.assign([{ topic: topic.topic, partition: 0 }], signal);
    await tested.sink.fitting(signal);
    await tested.put(reread);
    source.state = { kind: 'applied' };
    await tested.sink.fitting(signal);
  };
  await expect(run(dying)).rejects.toThrow('the task ends here');
  source.state = { kind: 'waiting' };
  // Another task that knows the index as it was finds out by itself.
  const next = reindexing(source);
  await run(next);
  expect(await indicesOf(index)).toEqual({ [`${index}-000002`]: [index] });
  expect(await scanIndex(search, index)).toMatchObject({ 1: { flag: '1970-01-02' }, 2: {} });
  const { body } = await askSearch(search, 'GET', `/${index}/_mapping`);
  expect(JSON.stringify(body)).not.toContain('filling');
});

test('another change meanwhile, another task that has not noticed, and what is kept', async () => {
  const { topic, index } = namedTopic('renewed_twice', BEFORE);
  const source = new AskedSource();
  const options = { keepsReplaced: true, maxRetries: 0 };
  const [tested, late] = [reindexing(source, options), reindexing(source, options)];
  const old = placed(topic.insert({ id: 1, name: 'a', flag: true }));
  await tested.put(old);
  await late.put({ ...old, partition: 1, offset: 9 });
  topic.alter({ columns: AFTER });
  await tested.put(placed(topic.insert({ id: 2, name: 'b', flag: 0 })));
  topic.alter({ columns: [...ID_AND_NAME, column('flag', 'inet', { type: 'boolean' })] });
  await tested.put(placed(topic.insert({ id: 3, name: 'c', flag: false })));
  expect(Object.keys(await indicesOf(index))).toHaveLength(3);
  // It still writes to the first, which refuses, and then to the one that is filled now.
  const stale = { ...placed(topic.insert({ id: 4, name: 'd', flag: true })), partition: 1 };
  await expect(late.put(stale)).rejects.toMatchObject({ code: 'SINK_SERVER' });
  await late.put(stale);
  await tested.put(placed(topic.read({ id: 1, name: 'a', flag: true })));
  await tested.put(placed(topic.read({ id: 2, name: 'b', flag: true })));
  source.state = { kind: 'applied' };
  await Promise.all([tested.sink.fitting(signal), late.sink.fitting(signal)]);
  expect(await indicesOf(index)).toEqual({
    [`${index}-000001`]: [],
    [`${index}-000003`]: [index],
  });
  expect(Object.keys(await scanIndex(search, index))).toEqual(['1', '2', '3', '4']);
});

test('an index of somebody else is held; a plain one of ours becomes an alias', async () => {
  const { topic, index } = namedTopic('renewed_plain', BEFORE);
  const source = new AskedSource();
  await searchSinkInto(search).put(placed(topic.insert({ id: 1, name: 'a', flag: true })));
  topic.alter({ columns: AFTER });
  const unfit = placed(topic.insert({ id: 2, name: 'b', flag: 0 }));
  const keeping = reindexing(source, { keepsReplaced: true });
  await keeping.put(unfit);
  expect(keeping.sink.status().parked).toMatchObject([{ code: 'SINK_SCHEMA', held: true }]);
  expect(keeping.sink.status().parked[0]?.message).toContain('is no alias');

  const tested = reindexing(source);
  await tested.put(unfit);
  source.state = { kind: 'failed', reason: 'the table is gone' };
  await tested.sink.fitting(signal);
  expect(tested.sink.status().parked[0]?.message).toContain('cannot be filled: the table is gone');
  source.state = { kind: 'applied' };
  await tested.sink.assign([{ topic: topic.topic, partition: 0 }], signal);
  await tested.sink.fitting(signal);
  expect(await indicesOf(index)).toEqual({ [`${index}-000001`]: [index] });
  expect(Object.keys(await scanIndex(search, index))).toEqual(['2']);

  const foreign = namedTopic('renewed_foreign', AFTER);
  const mappings = { properties: { id: { type: 'long' }, flag: { type: 'boolean' } } };
  await askSearch(search, 'PUT', `/${foreign.index}`, { mappings });
  await tested.put(placed(foreign.topic.insert({ id: 1, name: 'a', flag: 0 })));
  const [held] = tested.sink.status().parked;
  expect(held).toMatchObject({ topic: foreign.topic.topic, held: true });
  expect(held?.message).toContain('was made by somebody else');
});
