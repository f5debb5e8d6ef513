import { expect, test } from 'vitest';
import type { DocumentChange } from '../../../src/sink/search/document-change.ts';
import { needsStored, storedPairs } from '../../../src/sink/search/stored-documents.ts';
import { ScriptedSearch } from '../../support/scripted-search.ts';
import { SinkTopic } from '../../support/sink-records.ts';

const signal = new AbortController().signal;

function change(id: string, base: string | null, routing: string | null = null): DocumentChange {
  return {
    topic: 't',
    index: 'i',
    former: null,
    id,
    routing,
    version: '1',
    effect: 'write',
    row: null,
    rowSchema: null,
    absent: ['a'],
    base,
    baseUntil: null,
    isOrphan: false,
    partition: 0,
    offset: 0,
    timestampMs: 0,
    records: [],
    origin: new SinkTopic({ table: 't', columns: [], key: [] }).truncate(),
  };
}

test('the document and the one that it builds on, by id and routing', async () => {
  const found = { found: true, _version: 9_007_199_254_740_993n, _source: { a: 1 } };
  const client = new ScriptedSearch(() => ({
    body: { docs: [found, { found: false }, { error: { type: 'index_not_found_exception' } }] },
  }));
  const changes = [change('1', null), change('2', '3', '2')];
  const pairs = await storedPairs(client, changes, true, signal);
  expect(JSON.parse(client.requests[0]?.lines[0] ?? '')).toEqual({
    docs: [
      { _index: 'i', _id: '1' },
      { _index: 'i', _id: '2', routing: '2' },
      { _index: 'i', _id: '3', routing: '3' },
    ],
  });
  expect(pairs).toEqual([
    { own: { source: { a: 1 }, version: 9_007_199_254_740_993n }, base: null },
    { own: null, base: null },
  ]);
  expect(needsStored(changes[0] as DocumentChange)).toBe(true);
});

test('an index without _source, and an answer that is short, are errors', async () => {
  const bare = new ScriptedSearch(() => ({ body: { docs: [{ found: true, _version: 1 }] } }));
  await expect(storedPairs(bare, [change('1', null)], false, signal)).rejects.toMatchObject({
    code: 'SINK_SCHEMA',
  });
  const short = new ScriptedSearch(() => ({ body: { docs: [] } }));
  await expect(storedPairs(short, [change('1', null)], false, signal)).rejects.toMatchObject({
    code: 'SINK_SERVER',
  });
});
