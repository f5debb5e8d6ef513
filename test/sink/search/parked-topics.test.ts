import { expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { type ParkedSet, type StoredParkedKey } from '../../../src/sink/parked-key.ts';
import { BulkPace } from '../../../src/sink/search/bulk-pace.ts';
import { BulkWriter } from '../../../src/sink/search/bulk-writer.ts';
import { PARKED_INDEX, ParkedTopics } from '../../../src/sink/search/parked-topics.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { StateStore } from '../../../src/sink/search/state-store.ts';
import { MemorySearch } from '../../support/memory-search.ts';
import { ScriptedSearch } from '../../support/scripted-search.ts';

const RUNNING = new AbortController().signal;

function parkedTopics(client: SearchClient, name = 's', more: { createIndices?: boolean } = {}) {
  const options = { ...SEARCH_SINK_DEFAULTS, name, ...more };
  const pace = new BulkPace(1_000_000);
  const bulk = new BulkWriter({ client, options, pace, clock: systemClock });
  return new ParkedTopics(client, new StateStore(client, bulk), options);
}

function keys(...names: readonly string[]): ParkedSet {
  const entry = (key: string): StoredParkedKey => ({
    topic: 't',
    key,
    partition: 1,
    generation: 2,
    offset: 3,
    nextOffset: 5,
    letters: 2,
    sinceMs: 7,
    code: 'SINK_RECORD',
    message: `no ${key}`,
  });
  return new Map(names.map((name) => [name, [entry(name), { ...entry(name), partition: 9 }]]));
}

test('keys are kept by sink and topic, and changed by who knows them as they are', async () => {
  const server = new MemorySearch();
  const [one, other] = ['s', 'other'].map((name) => parkedTopics(server.client(), name));
  if (one === undefined || other === undefined) throw new Error('there are two');
  expect(await one.all(RUNNING)).toEqual([]);
  await one.prepare(RUNNING);
  await other.prepare(RUNNING);
  const before = (await one.load(['t', 'u'], RUNNING)).get('t');
  expect(before).toEqual({ topic: 't', keys: new Map(), stored: null });
  if (before === undefined) throw new Error('it was asked for');
  expect(await one.store(before, keys('a', 'b'), RUNNING)).toBe(true);
  expect(await one.store(before, keys('c'), RUNNING)).toBe(false);
  const after = (await one.load(['t'], RUNNING)).get('t');
  expect(after?.keys).toEqual(keys('a', 'b'));
  expect(await one.all(RUNNING)).toEqual([keys('a', 'b')]);
  expect(await other.all(RUNNING)).toEqual([]);
  expect((await other.load(['t'], RUNNING)).get('t')?.keys.size).toBe(0);
  expect(after && (await one.store(after, new Map(), RUNNING))).toBe(true);
  expect(server.documents(PARKED_INDEX)).toEqual({});
});

test('an index that is not to be made, or was changed by somebody, is told', async () => {
  const bare = parkedTopics(new MemorySearch().client(), 's', { createIndices: false });
  await expect(bare.prepare(RUNNING)).rejects.toMatchObject({
    code: 'SINK_SCHEMA',
    cure: expect.stringContaining(`PUT ${PARKED_INDEX} {`) as string,
  });
  const doc = { found: true, _seq_no: 1, _primary_term: 1, _source: { topic: 't', keys: [[1]] } };
  const changed = parkedTopics(new ScriptedSearch(() => ({ body: { docs: [doc] } })));
  await expect(changed.load(['t'], RUNNING)).rejects.toMatchObject({ code: 'SINK_SCHEMA' });
});
