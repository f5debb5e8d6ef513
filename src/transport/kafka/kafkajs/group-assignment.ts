import type { TopicPartition } from '../../transport.ts';

/** What a member of a group wants to read. */
export interface MemberTopics {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/**
 * Kafka's `roundrobin`: all partitions in order of their topics go round the members in order of
 * their ids, past those who do not read the topic. Most of our topics have one partition, which
 * `range` would all give to the same member.
 */
export function roundRobin(
  members: readonly MemberTopics[],
  partitionsOf: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const circle = members.toSorted((a, b) => compare(a.memberId, b.memberId));
  const assigned = new Map<string, TopicPartition[]>(circle.map(({ memberId }) => [memberId, []]));
  const topics = [...new Set(members.flatMap((member) => member.topics))].toSorted(compare);
  let turn = 0;
  for (const topic of topics) {
    for (let partition = 0; partition < (partitionsOf.get(topic) ?? 0); partition++) {
      while (circle[turn % circle.length]?.topics.includes(topic) !== true) turn++;
      const { memberId } = circle[turn % circle.length] as MemberTopics;
      assigned.get(memberId)?.push({ topic, partition });
      turn++;
    }
  }
  return assigned;
}

/** By code units, as Java compares strings, so that all clients come to the same order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
