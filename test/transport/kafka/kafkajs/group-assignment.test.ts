import { expect, test } from 'vitest';
import { roundRobin } from '../../../../src/transport/kafka/kafkajs/group-assignment.ts';

test('partitions of all topics go round the members', () => {
  const members = ['b', 'a'].map((memberId) => ({ memberId, topics: ['y', 'x', 'z'] }));
  const partitions = new Map([
    ['x', 1],
    ['y', 3],
    ['z', 1],
  ]);
  expect(Object.fromEntries(roundRobin(members, partitions))).toEqual({
    a: { x: [0], y: [1], z: [0] },
    b: { y: [0, 2] },
  });
});

test('members that do not read a topic are passed over', () => {
  const members = [
    { memberId: 'a', topics: ['x'] },
    { memberId: 'b', topics: ['x', 'y'] },
    { memberId: 'c', topics: [] },
  ];
  const partitions = new Map([
    ['x', 2],
    ['y', 2],
  ]);
  expect(Object.fromEntries(roundRobin(members, partitions))).toEqual({
    a: { x: [0] },
    b: { x: [1], y: [0, 1] },
    c: {},
  });
});

test('a topic that is not there has no partitions', () => {
  const members = [{ memberId: 'a', topics: ['missing'] }];
  expect(Object.fromEntries(roundRobin(members, new Map()))).toEqual({ a: {} });
});
