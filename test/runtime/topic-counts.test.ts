import { expect, test } from 'vitest';
import { topicCounts } from '../../src/runtime/topic-counts.ts';

test('the lag of a topic is that of all its partitions', () => {
  const ends = new Map([
    ['a/0', 10],
    ['a/1', 5],
    ['b/c/0', 7],
  ]);
  expect(topicCounts(ends, new Map([['a/0', { offset: 8 }]])).lagByTopic).toEqual(
    new Map([
      ['a', 7],
      ['b/c', 7],
    ]),
  );
});
