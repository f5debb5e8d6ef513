import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  assignCooperatively,
  type GroupMember,
} from '../../../src/transport/kafka/cooperative-assignment.ts';
import type { TopicPartition } from '../../../src/transport/transport.ts';

function member(
  memberId: string,
  owned: readonly TopicPartition[],
  generation = 1,
  topics: readonly string[] = ['t'],
): GroupMember {
  return { memberId, subscription: { topics, owned, generation } };
}

function of(...partitions: readonly number[]): TopicPartition[] {
  return partitions.map((partition) => ({ topic: 't', partition }));
}

/** Rounds until nobody has to give anything up; who has what then. */
function settle(
  members: readonly GroupMember[],
  counts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  let current = members;
  for (let round = 2; round < 10; round++) {
    const assignment = assignCooperatively(current, counts);
    const everywhere = [...assignment.values()].flat().length;
    const wanted = new Set(members.flatMap(({ subscription }) => subscription.topics));
    const all = [...counts].filter(([topic]) => wanted.has(topic));
    if (everywhere === all.reduce((sum, [, count]) => sum + count, 0)) return assignment;
    current = current.map(({ memberId, subscription }) =>
      member(memberId, assignment.get(memberId) ?? [], round, subscription.topics),
    );
  }
  throw new Error('it does not settle');
}

test('a partition that moves is nobody’s for a round', () => {
  const members = [member('a', of(0, 1, 2, 3)), member('b', [])];
  const first = assignCooperatively(members, new Map([['t', 4]]));
  expect(first.get('a')).toHaveLength(2);
  expect(first.get('b')).toEqual([]);
  const given = first.get('a') ?? [];
  const second = assignCooperatively(
    [member('a', given, 2), member('b', [], 2)],
    new Map([['t', 4]]),
  );
  expect(second.get('a')).toEqual(given);
  expect(second.get('b')).toHaveLength(2);
});

test('who was away has no claim on what others got since', () => {
  const members = [member('old', of(0, 1), 3), member('new', of(0, 1), 4)];
  const assignment = assignCooperatively(members, new Map([['t', 2]]));
  // One of the two moves from the one that really has both.
  expect(assignment.get('new')).toHaveLength(1);
  expect(assignment.get('old')).toEqual([]);
});

test('partitions go only to members that want their topic', () => {
  const members = [member('a', [], -1, ['t']), member('b', of(0), 1, ['u'])];
  const assignment = assignCooperatively(
    members,
    new Map([
      ['t', 2],
      ['u', 1],
    ]),
  );
  expect(assignment.get('b')).toEqual([{ topic: 'u', partition: 0 }]);
  // `b` still holds t-0, although it wants it no longer.
  expect(assignment.get('a')).toEqual(of(1));
});

test('whatever was before: all is shared, evenly, and what is kept stays', () => {
  const owner = fc.nat(4);
  fc.assert(
    fc.property(fc.array(owner, { maxLength: 20 }), fc.integer({ min: 1, max: 5 }), (had, n) => {
      const ids = Array.from({ length: n }, (_, i) => `m${i}`);
      const members = ids.map((id, i) =>
        member(
          id,
          had.flatMap((who, partition) => (who === i ? of(partition) : [])),
        ),
      );
      const counts = new Map([['t', had.length]]);
      const once = assignCooperatively(members, counts);
      const twice = settle(members, counts);
      const sizes = [...twice.values()].map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      expect(new Set([...twice.values()].flat().map(({ partition }) => partition)).size).toBe(
        had.length,
      );
      for (const [id, partitions] of once) {
        for (const { partition } of partitions) {
          const holder = had[partition] ?? -1;
          expect(holder >= n || `m${holder}` === id).toBe(true);
        }
      }
    }),
  );
});
