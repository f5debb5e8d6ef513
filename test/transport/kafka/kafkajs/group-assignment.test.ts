import { expect, test } from 'vitest';
import {
  type MemberTopics,
  roundRobin,
} from '../../../../src/transport/kafka/kafkajs/group-assignment.ts';

/** Of each member its partitions, as `x0`. */
function dealt(members: readonly MemberTopics[], counts: Readonly<Record<string, number>>) {
  const shares = roundRobin(members, new Map(Object.entries(counts)));
  return Object.fromEntries(
    shares
      .entries()
      .map(([member, share]) => [member, share.map(({ topic, partition }) => topic + partition)]),
  );
}

test('partitions of all topics go round the members', () => {
  const members = ['b', 'a'].map((memberId) => ({ memberId, topics: ['y', 'x', 'z'] }));
  expect(dealt(members, { x: 1, y: 3, z: 1 })).toEqual({
    a: ['x0', 'y1', 'z0'],
    b: ['y0', 'y2'],
  });
});

test('members that do not read a topic are passed over', () => {
  const members = [
    { memberId: 'a', topics: ['x'] },
    { memberId: 'b', topics: ['x', 'y'] },
    { memberId: 'c', topics: [] },
  ];
  expect(dealt(members, { x: 2, y: 2 })).toEqual({ a: ['x0'], b: ['x1', 'y0', 'y1'], c: [] });
});

test('a topic that is not there has no partitions', () => {
  const members = [{ memberId: 'a', topics: ['missing'] }];
  expect(dealt(members, {})).toEqual({ a: [] });
});
