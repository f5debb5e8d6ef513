import { expect, test } from 'vitest';
import { TopicRoutes } from '../../src/runtime/topic-routes.ts';
import { MemoryDocuments } from '../support/memory-documents.ts';

test('routes are remembered over a restart, for each pipeline', async () => {
  const documents = new MemoryDocuments();
  const routes = new TopicRoutes(documents, 'p');
  expect(routes.has('a', 'x.a')).toBe(false);
  await routes.add('a', 'x.a');
  await routes.add('a', 'x.b');
  const again = new TopicRoutes(documents, 'p');
  expect([again.has('a', 'x.a'), again.has('a', 'x.b'), again.has('b', 'x.b')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(new TopicRoutes(documents, 'q').has('a', 'x.a')).toBe(false);
});

test('a topic that others share is left alone', async () => {
  const routes = new TopicRoutes(new MemoryDocuments(), 'p');
  await routes.add('t1', 'all');
  await routes.add('t2', 'all');
  await routes.add('t1', 'one');
  expect(routes.onlyFrom(new Set(['t1']))).toEqual(['one']);
  expect([routes.into('all'), routes.into('t1')]).toEqual([['t1', 't2'], []]);
  expect(routes.onlyFrom(new Set(['t1', 't2', 't3']))).toEqual(['all', 'one']);
});
