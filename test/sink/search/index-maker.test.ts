import { expect, test } from 'vitest';
import { FOREIGN_INDEX } from '../../../src/sink/search/index-meta.ts';
import { IndexMaker } from '../../../src/sink/search/index-maker.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { ScriptedSearch } from '../../support/scripted-search.ts';
import { ID_AND_NAME } from '../../support/search-topics.ts';

const signal = new AbortController().signal;
const row = { type: 'struct', optional: false, fields: ID_AND_NAME } as const;
const INDEX = { name: 'a-000001', alias: 'a', meta: FOREIGN_INDEX, row };

function maker(client: ScriptedSearch): IndexMaker {
  return new IndexMaker(client, { ...SEARCH_SINK_DEFAULTS, name: 's' });
}

test('an index is made with its alias at once, or is there already', async () => {
  const made = new ScriptedSearch(() => ({}));
  expect(await maker(made).create(INDEX, signal)).toBe(true);
  expect(made.requests).toMatchObject([{ method: 'PUT', path: '/a-000001' }]);
  expect(made.requests[0]?.lines[0]).toContain('"aliases":{"a":{}}');
  const error = { type: 'resource_already_exists_exception', reason: 'index a-000001 exists' };
  const there = new ScriptedSearch(() => ({ status: 400, body: { error } }));
  expect(await maker(there).create(INDEX, signal)).toBe(false);
  const full = { type: 'validation_exception', reason: 'too many shards' };
  const refused = new ScriptedSearch(() => ({ status: 400, body: { error: full } }));
  await expect(maker(refused).create(INDEX, signal)).rejects.toThrow('too many shards');
});
