import type { ConsumerOptions, GroupDescription, TopicPartition } from '../transport.ts';
import type { Store } from './store.ts';
import type { StoreOperation } from './store-operation.ts';
import { after, groupKey, groupOffsetKey, GROUPS, parseGroupKey } from './store-keys.ts';
import type { Topic, TopicCatalog } from './topic-catalog.ts';

/** Which topics a consumer reads. */
export type Subscription =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'pattern'; readonly source: string; readonly flags: string };

/** A group as it is stored. */
export interface StoredGroup {
  readonly group: string;
  /** Null: the group commits nothing and holds nothing back. */
  readonly subscription: Subscription | null;
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
}

/** The subscription that consumer options ask for. */
export function subscriptionOf(topics: ConsumerOptions['topics']): Subscription {
  if (!(topics instanceof RegExp)) return { kind: 'names', names: topics };
  return { kind: 'pattern', source: topics.source, flags: topics.flags.replace(/[gy]/g, '') };
}

/** Says of a topic's name whether the subscription covers it; a pattern must match all of it. */
export function matcher(subscription: Subscription): (topic: string) => boolean {
  if (subscription.kind === 'names') {
    const names = new Set(subscription.names);
    return (topic) => names.has(topic);
  }
  const pattern = new RegExp(`^(?:${subscription.source})$`, subscription.flags);
  return (topic) => pattern.test(topic);
}

/** Groups and their committed offsets. They are few: the store is asked each time. */
export class GroupTable {
  readonly #store: Store;
  readonly #catalog: TopicCatalog;

  constructor(store: Store, catalog: TopicCatalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  all(): StoredGroup[] {
    return this.#scan(GROUPS);
  }

  find(group: string): StoredGroup | undefined {
    return this.#scan(groupKey(group))[0];
  }

  #scan(prefix: Buffer): StoredGroup[] {
    const groups = new Map<
      string,
      { subscription: Subscription | null; offsets: (TopicPartition & { offset: number })[] }
    >();
    for (const { key, value } of this.#store.entries(prefix, after(prefix))) {
      if (value === null) continue;
      const { group, topic, partition } = parseGroupKey(key);
      const entry = groups.get(group) ?? { subscription: null, offsets: [] };
      groups.set(group, entry);
      if (topic === null) entry.subscription = JSON.parse(value.toString()) as Subscription;
      else entry.offsets.push({ topic, partition, offset: value.readDoubleLE() });
    }
    return [...groups].map(([group, entry]) => ({ group, ...entry }));
  }

  /** Operations that register a group and store where it goes on. */
  registration(
    group: string,
    subscription: Subscription,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): StoreOperation[] {
    const value = Buffer.from(JSON.stringify(subscription));
    return [{ key: groupKey(group), value }, ...this.commits(group, offsets)];
  }

  /** Operations that store where a group goes on, registered or not. */
  commits(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: number })[],
  ): StoreOperation[] {
    return offsets.map(({ topic, partition, offset }) => {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeDoubleLE(offset);
      return { key: groupOffsetKey(group, topic, partition), value: bytes };
    });
  }

  removal(group: string): StoreOperation[] {
    const prefix = groupKey(group);
    return this.#store
      .entries(prefix, after(prefix))
      .map(({ key }): StoreOperation => ({ key, value: null }));
  }

  /** Every partition that a group reads; without a committed offset it has all before it. */
  describe(): GroupDescription[] {
    return this.all().map(({ group, subscription, offsets }) => {
      const known = new Map(offsets.map((at) => [`${at.topic}/${at.partition}`, at.offset]));
      const covers = subscription === null ? () => false : matcher(subscription);
      const described = this.#catalog.topics.flatMap((topic) =>
        topic.partitions.flatMap(({ startOffset, endOffset }, partition) => {
          const offset = known.get(`${topic.name}/${partition}`);
          if (offset === undefined && !covers(topic.name)) return [];
          return [
            {
              topic: topic.name,
              partition,
              offset: Math.max(offset ?? 0, startOffset),
              endOffset,
            },
          ];
        }),
      );
      return { group, offsets: described };
    });
  }

  /**
   * The lowest offset that a registered group may still read of each partition (ruling 8). A group
   * holds what its subscription covers; what it never committed it holds from the beginning.
   */
  holds(): (topic: Topic, partition: number) => number {
    const groups = this.all().flatMap(({ subscription, offsets }) => {
      if (subscription === null) return [];
      const known = new Map(offsets.map((at) => [`${at.topic}/${at.partition}`, at.offset]));
      return [{ covers: matcher(subscription), known }];
    });
    return (topic, partition) => {
      let lowest = Number.POSITIVE_INFINITY;
      for (const { covers, known } of groups) {
        if (!covers(topic.name)) continue;
        lowest = Math.min(lowest, known.get(`${topic.name}/${partition}`) ?? 0);
      }
      return lowest;
    };
  }
}
