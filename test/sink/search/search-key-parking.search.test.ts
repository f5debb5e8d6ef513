import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { noFaults } from '../../../src/foundation/fault-points.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import type { SinkRecord } from '../../../src/model/sink-record.ts';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import { SearchParkedReplay } from '../../../src/sink/search/search-parked-replay.ts';
import {
  SEARCH_SINK_DEFAULTS,
  type SearchSinkOptions,
} from '../../../src/sink/search/search-sink-options.ts';
import { line, nestedTopics, order } from '../../support/nested-topics.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';
import { numbered, numberedTopic } from '../../support/search-topics.ts';
import type { SinkTopic } from '../../support/sink-records.ts';

const search = await sharedSearch();
const RUNNING = new AbortController().signal;
const LARGE = 2n ** 40n;

/** A sink of a name of its own whose keys wait, and what it told. */
async function parkingSink(change: Partial<SearchSinkOptions>, letters: DeadLetter[] = []) {
  const tested = searchSinkInto(search, { park: 'key', ...change });
  await tested.sink.start(RUNNING);
  return {
    sink: tested.sink,
    letters,
    put: async (...records: readonly SinkRecord[]): Promise<void> => {
      await tested.put(...records.map((one) => (one.value === null ? one : placed(one))));
      letters.push(...tested.letters.splice(0));
    },
  };
}

/** What an operator does, beside the sink. */
async function withReplay<T>(
  change: Partial<SearchSinkOptions>,
  work: (replay: SearchParkedReplay) => Promise<T>,
): Promise<T> {
  const quiet = (): void => undefined;
  const around = { clock: systemClock, warn: quiet, tell: quiet, fault: noFaults, reread: null };
  const open = () => openSearchClient(searchConnection(search.url), RUNNING);
  const options = { ...SEARCH_SINK_DEFAULTS, name: 'search', ...change };
  await using replay = await SearchParkedReplay.open(options, { ...around, open }, RUNNING);
  return await work(replay);
}

async function replayed(change: Partial<SearchSinkOptions>, letters: readonly DeadLetter[]) {
  return withReplay(change, async (replay) => {
    const records = letters.map(({ record }) => record);
    const done = await replay.replay(records[0]?.topic ?? '', records);
    const left = (await replay.list()).map(({ key, offset, letters: n }) => [key, offset, n]);
    return { applied: done.applied, failed: [...done.failed.keys()], left };
  });
}

/** An index of somebody's own, whose field takes less than the column; and the cure of that. */
async function narrowIndex(
  topic: SinkTopic,
): Promise<{ index: string; mend: () => Promise<void> }> {
  const index = topic.topic.toLowerCase();
  const mappings = { properties: { id: { type: 'long' }, n: { type: 'integer' } } };
  expect((await askSearch(search, 'PUT', `/${index}`, { mappings })).status).toBe(200);
  const mend = async (): Promise<void> => {
    const wide = { properties: { n: { type: 'integer', ignore_malformed: true } } };
    expect((await askSearch(search, 'PUT', `/${index}/_mapping`, wide)).status).toBe(200);
  };
  return { index, mend };
}

const offsets = (letters: readonly DeadLetter[]): number[] =>
  letters.map(({ record }) => record.offset);

test('a key waits, others flow; a replay is in order, and done once (S9, S11)', async () => {
  const topic = numberedTopic('parked_key');
  const { index, mend } = await narrowIndex(topic);
  const own = { name: 'parked_key' };
  const { put, sink, letters } = await parkingSink(own);
  await put(topic.insert(numbered(1n, 1n)), topic.insert(numbered(2n, 2n)));
  await put(
    topic.update(numbered(1n, 7n)),
    topic.update(numbered(1n, LARGE)),
    topic.update(numbered(2n, 3n)),
  );
  await put(topic.update(numbered(1n, 8n)), topic.insert(numbered(3n, 3n)));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, n: 7 },
    2: { id: 2, n: 3 },
    3: { id: 3, n: 3 },
  });
  expect(letters.map(({ error }) => error.code)).toEqual(['SINK_RECORD', 'SINK_KEY_PARKED']);
  expect(letters[0]?.error.message).toContain('out of range');
  const view = { topic: topic.topic, key: '{"id":1}', offset: 3, letters: 2, code: 'SINK_RECORD' };
  expect(sink.status().parkedKeys).toMatchObject({ count: 1, first: [view] });

  // Not mended yet. Then it is, beside a task that has its partition.
  const early = await replayed(own, letters.slice(0, 1));
  expect(early).toEqual({ applied: 0, failed: ['{"id":1}'], left: [['{"id":1}', 3, 2]] });
  await mend();
  const twice = [...letters.slice(0, 1), ...letters];
  expect(await replayed(own, twice)).toEqual({ applied: 2, failed: [], left: [] });
  expect(await replayed(own, twice)).toEqual({ applied: 0, failed: [], left: [] });
  expect((await scanIndex(search, index))['1']).toEqual({ id: 1, n: 8 });
  await sink.fitting(RUNNING);
  expect(sink.status().parkedKeys?.count).toBe(0);
  await put(topic.delete(numbered(1n, 8n)));
  expect(Object.keys(await scanIndex(search, index))).toEqual(['2', '3']);
});

test('cut off between letters, what waits and the offset: once more changes nothing', async () => {
  const topic = numberedTopic('parked_again');
  const { index, mend } = await narrowIndex(topic);
  const own = { name: 'parked_again' };
  const letters: DeadLetter[] = [];
  const first = [topic.insert(numbered(1n, 1n)), topic.insert(numbered(2n, LARGE))].map(placed);
  const later = [topic.update(numbered(2n, 4n)), topic.update(numbered(1n, 5n))];
  {
    const tested = searchSinkInto(search, { park: 'key', ...own });
    await tested.sink.start(RUNNING);
    // The letters are durable, and which keys wait is not.
    tested.fails = new TidemarkError('SINK_SERVER', 'cut off');
    await expect(tested.put(...first)).rejects.toThrow('cut off');
    letters.push(...tested.letters);
  }
  for (let life = 0; life < 2; life++) {
    const { put, sink } = await parkingSink(own, letters);
    const shown = { parked: [], parkedKeys: { count: 1 } };
    await put(...first);
    await put(...later);
    expect(sink.status()).toMatchObject(shown);
    await sink[Symbol.asyncDispose]();
  }
  // Told twice where it was cut off, and known by its offset afterwards.
  expect(offsets(letters)).toEqual([1, 1, 2]);
  const table = searchSinkInto(search, own);
  await expect(table.sink.start(RUNNING)).rejects.toMatchObject({ code: 'SINK_KEY_PARKED' });
  await mend();
  expect(await replayed(own, letters)).toEqual({ applied: 2, failed: [], left: [] });
  expect(await scanIndex(search, index)).toEqual({ 1: { id: 1, n: 5 }, 2: { id: 2, n: 4 } });
  await table.sink.start(RUNNING);
});

test('truncates and new generations free keys; too many of them park the topic; drop', async () => {
  const topic = numberedTopic('parked_many');
  const { index, mend } = await narrowIndex(topic);
  const own = { name: 'parked_many', parkedKeysMax: 2 };
  const { put, sink, letters } = await parkingSink(own);
  const bad = (id: bigint): SinkRecord => topic.insert(numbered(id, LARGE));
  await put(bad(1n), bad(2n), topic.truncate(), bad(3n), topic.insert(numbered(4n, 4n)));
  expect(offsets(letters)).toEqual([0, 1, 3]);
  expect(sink.status().parkedKeys?.first.map(({ key }) => key)).toEqual(['{"id":3}']);
  topic.generation = 2;
  await put(bad(1n), topic.insert(numbered(5n, 5n)));
  expect(sink.status().parkedKeys?.first.map(({ key }) => key)).toEqual(['{"id":1}']);
  expect(Object.keys(await scanIndex(search, index))).toEqual(['5']);

  const many = [bad(6n), topic.insert(numbered(7n, 7n)), bad(8n), topic.insert(numbered(9n, 9n))];
  await put(...many);
  const [parked] = sink.status().parked;
  expect(parked).toMatchObject({ offset: 9, code: 'SINK_KEY_PARKED' });
  expect(sink.status().parkedKeys?.count).toBe(2);
  const choice = { topic: topic.topic, key: '{"id":1}' };
  expect(await withReplay(own, (replay) => replay.drop(choice))).toBe(1);
  expect(await withReplay(own, (replay) => replay.drop(choice))).toBe(0);
  // A start tries again, and what waits is known by its offset.
  const again = await parkingSink(own, letters);
  await again.put(...many);
  expect(again.sink.status()).toMatchObject({ parked: [], parkedKeys: { count: 2 } });
  await mend();
  expect(await replayed(own, letters)).toMatchObject({ applied: 2, failed: [], left: [] });
  expect(Object.keys(await scanIndex(search, index))).toEqual(['5', '6', '7', '8', '9']);
});

test('a line of an order waits, and the order has the others', async () => {
  const { orders, lines, nest, index } = nestedTopics('parked_nest');
  const own = { name: 'parked_nest', nests: [nest] };
  const qty = { type: 'byte' };
  const mappings = {
    properties: { id: { type: 'long' }, lines: { type: 'nested', properties: { qty } } },
  };
  expect((await askSearch(search, 'PUT', `/${index}`, { mappings })).status).toBe(200);
  const { put, sink, letters } = await parkingSink(own);
  const bad = lines.insert(line(2, 1, 'b', 1_000));
  await put(orders.insert(order(1, 'one')), lines.insert(line(1, 1, 'a')), bad);
  await put(lines.update(line(2, 1, 'B', 2)), lines.insert(line(3, 1, 'c')));
  await put(orders.update(order(1, 'ONE')));
  const shown = { id: 1, name: 'ONE', lines: [line(1, 1, 'a'), line(3, 1, 'c')] };
  expect(await scanIndex(search, index)).toEqual({ 1: shown });
  expect(sink.status()).toMatchObject({ parked: [], parkedKeys: { count: 1 } });
  // Its newest state fits, so that nothing has to be mended.
  expect(await replayed(own, letters)).toEqual({ applied: 2, failed: [], left: [] });
  const all = [line(1, 1, 'a'), line(2, 1, 'B', 2), line(3, 1, 'c')];
  expect(await scanIndex(search, index)).toEqual({ 1: { ...shown, lines: all } });
});
