import { systemClock } from '../../../foundation/clock.ts';
import { decodeSubscription, encodeAssignment } from '../consumer-protocol.ts';
import { assignCooperatively } from '../cooperative-assignment.ts';
import { kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** A broker that was just asked may not have known a new topic yet. */
const MISSING_AGAIN_MS = 1000;

/** A member as the coordinator tells the leader of it. */
interface JoinedMember {
  readonly memberId: string;
  /** Its subscription. */
  readonly metadata: Buffer;
}

/**
 * What falls to the member that the coordinator calls the leader: it assigns partitions to all, and
 * looks for new ones, which the coordinator does not know of.
 */
export class GroupLeadership {
  readonly #brokers: BrokerConnections;
  /** Partitions of each topic, as they were assigned; null: somebody else leads. */
  #counts: ReadonlyMap<string, number> | null = null;
  #checkedAt = 0;

  constructor(brokers: BrokerConnections) {
    this.#brokers = brokers;
  }

  async assign(
    joined: readonly JoinedMember[],
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.map(({ memberId, metadata }) => ({
      memberId,
      subscription: decodeSubscription(metadata),
    }));
    const topics = new Set(members.flatMap(({ subscription }) => subscription.topics));
    const counts = await this.#partitionCounts([...topics]);
    this.#counts = counts;
    this.#checkedAt = systemClock.monotonicMs();
    return [...assignCooperatively(members, counts)].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment(partitions),
    }));
  }

  resign(): void {
    this.#counts = null;
  }

  /**
   * Whether topics have got partitions since; looks each metadata.max.age.ms, and sooner while a
   * topic has none.
   */
  async outdated(): Promise<boolean> {
    const now = systemClock.monotonicMs();
    const counts = this.#counts;
    if (counts === null) return false;
    const { metadataMaxAgeMs } = this.#brokers.connection;
    const isMissing = counts.values().some((count) => count === 0);
    const pauseMs = isMissing ? Math.min(MISSING_AGAIN_MS, metadataMaxAgeMs) : metadataMaxAgeMs;
    if (now - this.#checkedAt < pauseMs) return false;
    this.#checkedAt = now;
    const current = await this.#partitionCounts([...counts.keys()]);
    return counts.entries().some(([topic, count]) => current.get(topic) !== count);
  }

  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    if (topics.length === 0) return counts;
    const metadata = await this.#brokers.metadata(topics);
    for (const { name, errorCode, partitions } of metadata.topics) {
      const error = kafkaErrorName(errorCode);
      if (error === 'TOPIC_AUTHORIZATION_FAILED') {
        throw kafkaError(error, this.#brokers.request('DESCRIBE', `Topic:${name ?? ''}`));
      }
      counts.set(name ?? '', partitions.length);
    }
    return counts;
  }
}
