import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/foundation/lossless-json.ts';
import { foundIndex } from '../../../src/sink/search/known-index.ts';

function found(body: JsonObject) {
  return foundIndex('a', { status: 200, body, retryAfterMs: null });
}

test('an index, an alias, and an alias of several of which one is written to', () => {
  expect(found({ a: { mappings: {} } }).concrete).toBe('a');
  expect(found({ 'a-1': { aliases: { a: {} } } })).toMatchObject({ name: 'a', concrete: 'a-1' });
  const written = { aliases: { a: { is_write_index: true } } };
  expect(found({ 'a-1': { aliases: { a: {} } }, 'a-2': written }).concrete).toBe('a-2');
  expect(() => found({ 'a-1': { aliases: { a: {} } }, 'a-2': {} })).toThrow('several indices');
});
