import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { BulkPace } from '../../../src/sink/search/bulk-pace.ts';
import { BulkWriter } from '../../../src/sink/search/bulk-writer.ts';
import { StateStore, stateId } from '../../../src/sink/search/state-store.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { MemorySearch } from '../../support/memory-search.ts';

const RUNNING = new AbortController().signal;

test('ids tell kinds, fields and rows apart, and fit the servers', () => {
  const long = 'x'.repeat(600);
  const ids = [
    stateId(null, '1'),
    stateId('a', '1'),
    stateId('b', '1'),
    stateId(null, long),
    stateId('a', long),
    stateId(null, `${long}y`),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => Buffer.byteLength(id) <= 512)).toBe(true);
});

test('a state is written only if it is still the one that was read', async () => {
  const client = new MemorySearch().client();
  await client.request('PUT', '/i', '{}');
  const pace = new BulkPace(1_000_000);
  const bulk = new BulkWriter({ client, options: SEARCH_SINK_DEFAULTS, pace, clock: systemClock });
  const store = new StateStore(client, bulk);
  const place = { index: 'i', id: '1' };
  const write = async (
    before: Parameters<StateStore['write']>[0][number]['before'],
    text: string,
  ) => (await store.write([{ ...place, before, text }], RUNNING))[0]?.kind;
  expect(await store.read([place], RUNNING)).toEqual([null]);
  expect(await write(null, '{"n":1}')).toBe('done');
  expect(await write(null, '{"n":2}')).toBe('newer');
  const [first = null] = await store.read([place], RUNNING);
  expect(await write(first, '{"n":3}')).toBe('done');
  expect(await write(first, '{"n":4}')).toBe('newer');
  const [second = null] = await store.read([place], RUNNING);
  expect(second?.source).toEqual({ n: 3 });
  expect(await store.write([{ ...place, before: second, text: null }], RUNNING)).toEqual([
    { kind: 'done' },
  ]);
  expect(await store.read([place], RUNNING)).toEqual([null]);
});
