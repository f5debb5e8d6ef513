import { expect, test } from 'vitest';
import type { CompactedTopic } from '../../../src/transport/kafka/compacted-topic.ts';
import { generationKey, TopicGenerations } from '../../../src/transport/kafka/topic-generations.ts';

const stateWith = (values: ReadonlyMap<string, string>): CompactedTopic =>
  ({ get: (key: string) => values.get(key) ?? null }) as unknown as CompactedTopic;

const ends = [
  { topic: 't', partition: 1, offset: 20 },
  { topic: 't', partition: 0, offset: 10 },
];

test('the first needs no record; the next begins at the ends, numbered by time', () => {
  const generations = new TopicGenerations(stateWith(new Map()));
  expect(generations.of('t')).toEqual({ generation: 1, starts: [] });
  expect(generations.next('t', ends, 5000)).toEqual({ generation: 5000, starts: [10, 20] });
});

test('numbers rise also when the clock went back', () => {
  const stored = new Map([[generationKey('t'), '{"generation":9000,"starts":[3]}']]);
  const generations = new TopicGenerations(stateWith(stored));
  expect(generations.of('t')).toEqual({ generation: 9000, starts: [3] });
  expect(generations.next('t', ends, 5000).generation).toBe(9001);
  expect(generations.of('other').generation).toBe(1);
});
