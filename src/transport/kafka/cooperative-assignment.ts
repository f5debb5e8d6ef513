import type { TopicPartition } from '../transport.ts';
import type { Subscription } from './consumer-protocol.ts';
import { partitionKey } from './topic-partitions.ts';

/** Java's name for the protocol: members keep what they have while the group changes. */
export const COOPERATIVE_STICKY = 'cooperative-sticky';

/** A member of a group as its leader sees it. */
export interface GroupMember {
  readonly memberId: string;
  readonly subscription: Subscription;
}

/** A partition and who is to have it. */
interface Share {
  readonly at: TopicPartition;
  readonly subscribers: readonly string[];
  owner: string | null;
  holder: string | null;
}

/**
 * Who reads what. Each member keeps what it has as far as that is fair; a partition that has to
 * move is given to nobody in this round: its holder gives it up first, and joins again, which is
 * the round in which the other one gets it.
 */
export function assignCooperatively(
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const sorted = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const shares = sharesOf(sorted, partitionCounts);
  claim(sorted, shares);
  const counts = new Map(sorted.map(({ memberId }) => [memberId, 0]));
  for (const { owner } of shares.values()) if (owner !== null) add(counts, owner, 1);
  for (const share of shares.values()) {
    if (share.owner === null) give(share, leastLoaded(share.subscribers, counts), counts);
  }
  balance([...shares.values()], counts);
  const assignment = new Map<string, TopicPartition[]>(
    sorted.map(({ memberId }) => [memberId, []]),
  );
  for (const { at, owner, holder } of shares.values()) {
    if (owner === null || (holder !== null && holder !== owner)) continue;
    assignment.get(owner)?.push(at);
  }
  return assignment;
}

function sharesOf(
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, Share> {
  const subscribers = new Map<string, string[]>();
  for (const { memberId, subscription } of members) {
    for (const topic of subscription.topics) {
      const others = subscribers.get(topic);
      if (others === undefined) subscribers.set(topic, [memberId]);
      else others.push(memberId);
    }
  }
  const shares = new Map<string, Share>();
  for (const topic of [...subscribers.keys()].toSorted()) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      const at = { topic, partition };
      const own = subscribers.get(topic) ?? [];
      shares.set(partitionKey(at), { at, subscribers: own, owner: null, holder: null });
    }
  }
  return shares;
}

/** A claim of an older round than another member's is void: that member was away. */
function claim(members: readonly GroupMember[], shares: ReadonlyMap<string, Share>): void {
  const rounds = new Map<Share, number>();
  for (const { memberId, subscription } of members) {
    for (const at of subscription.owned) {
      const share = shares.get(partitionKey(at));
      if (share === undefined || (rounds.get(share) ?? -2) >= subscription.generation) continue;
      rounds.set(share, subscription.generation);
      share.holder = memberId;
      share.owner = share.subscribers.includes(memberId) ? memberId : null;
    }
  }
}

/** Moves partitions from who has most to who has fewest, until they differ by one at most. */
function balance(shares: readonly Share[], counts: Map<string, number>): void {
  for (let moved = true; moved;) {
    moved = false;
    for (const share of shares) {
      if (share.owner === null) continue;
      const target = leastLoaded(share.subscribers, counts);
      if (target === null) continue;
      if ((counts.get(share.owner) ?? 0) - (counts.get(target) ?? 0) < 2) continue;
      give(share, target, counts);
      moved = true;
    }
  }
}

function give(share: Share, target: string | null, counts: Map<string, number>): void {
  if (target === null) return;
  if (share.owner !== null) add(counts, share.owner, -1);
  share.owner = target;
  add(counts, target, 1);
}

function leastLoaded(
  candidates: readonly string[],
  counts: ReadonlyMap<string, number>,
): string | null {
  let best: string | null = null;
  for (const candidate of candidates) {
    const fewer = best === null || (counts.get(candidate) ?? 0) < (counts.get(best) ?? 0);
    if (fewer) best = candidate;
  }
  return best;
}

function add(counts: Map<string, number>, member: string, difference: number): void {
  counts.set(member, (counts.get(member) ?? 0) + difference);
}
