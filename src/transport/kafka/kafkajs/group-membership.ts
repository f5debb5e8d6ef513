import type { TopicPartition } from '../../transport.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../consumer-protocol.ts';
import type { KafkaConsumerOptions, PartitionOffset } from '../kafka-client.ts';
import { roundRobin } from './group-assignment.ts';
import type { BrokerConnections } from './kafkajs-cluster.ts';
import { committedOffsets } from './kafkajs-admin.ts';
import { answeredCode } from './kafkajs-errors.ts';
import type { GroupMember, KafkajsBroker } from './kafkajs-library.ts';
import { groupedByTopic } from './partition-offsets.ts';

const PROTOCOL = 'roundrobin';
const NO_GENERATION = -1;
const ILLEGAL_GENERATION = 22;
const UNKNOWN_MEMBER = 25;
const REBALANCING = 27;
const FENCED_INSTANCE = 82;

/** What a heartbeat told: all is well, the group rebalances, or it went on without us. */
export type GroupState = 'stable' | 'rebalancing' | 'lost';

/**
 * A member of a consumer group, by the eager protocol: whoever joins has given up all partitions.
 * The library's own consumer joins again without a word to its user, whose last records would then
 * be applied by two members; therefore joining, heartbeats and commits are asked for by us.
 */
export class GroupMembership {
  readonly #connections: BrokerConnections;
  readonly #options: KafkaConsumerOptions & { readonly group: string };
  #memberId = '';
  #generation = NO_GENERATION;
  #leads = false;
  #divided: ReadonlyMap<string, number> = new Map();

  constructor(
    connections: BrokerConnections,
    options: KafkaConsumerOptions & { readonly group: string },
  ) {
    this.#connections = connections;
    this.#options = options;
  }

  /**
   * Partitions of each topic as this member divided them, 0 of topics that were not there: whoever
   * divides has to look for new ones. Null: another member does.
   */
  get divided(): ReadonlyMap<string, number> | null {
    return this.#leads ? this.#divided : null;
  }

  /** Joins, again and again while the group changes; the partitions that it gave to us. */
  async join(topics: readonly string[], signal: AbortSignal): Promise<readonly TopicPartition[]> {
    for (;;) {
      const attempt = { ...this.#attempt('READ'), signal };
      const assigned = await this.#connections.retrying(attempt, () => this.#tryToJoin(topics));
      if (assigned !== null || signal.aborted) return assigned ?? [];
    }
  }

  /** Null: the group changed meanwhile. */
  async #tryToJoin(topics: readonly string[]): Promise<readonly TopicPartition[] | null> {
    try {
      return await this.#joinOnce(topics);
    } catch (thrown) {
      if (stateOf(thrown) === 'stable') throw thrown;
      this.#forgetUnknown(thrown);
      return null;
    }
  }

  async #joinOnce(topics: readonly string[]): Promise<readonly TopicPartition[]> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const coordinator = await this.#coordinator();
    const metadata = encodeSubscription({ topics, owned: [], generation: NO_GENERATION });
    const joined = await coordinator.joinGroup({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupProtocols: [{ name: PROTOCOL, metadata }],
    });
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    this.#leads = joined.leaderId === joined.memberId;
    const { memberAssignment } = await coordinator.syncGroup({
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: this.#leads ? await this.#divide(joined.members) : [],
    });
    return decodeAssignment(memberAssignment);
  }

  async #divide(
    members: readonly GroupMember[],
  ): Promise<readonly { memberId: string; memberAssignment: Buffer }[]> {
    const wanted = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: decodeSubscription(memberMetadata).topics,
    }));
    const topics = [...new Set(wanted.flatMap((member) => member.topics))];
    const { topics: described } = await this.#connections.describe(topics);
    const partitions = new Map(described.map((t) => [t.topic, t.partitionMetadata.length]));
    this.#divided = partitions;
    return [...roundRobin(wanted, partitions)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: encodeAssignment(assignment),
    }));
  }

  async heartbeat(): Promise<GroupState> {
    try {
      const coordinator = await this.#coordinator();
      await coordinator.heartbeat({
        groupId: this.#options.group,
        groupGenerationId: this.#generation,
        memberId: this.#memberId,
      });
      return 'stable';
    } catch (thrown) {
      const state = stateOf(thrown);
      if (state === 'stable') throw thrown;
      this.#forgetUnknown(thrown);
      return state;
    }
  }

  /** An id that the group still knows is used again: otherwise it waits for its old owner. */
  #forgetUnknown(thrown: unknown): void {
    if (answeredCode(thrown) === UNKNOWN_MEMBER) this.#memberId = '';
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    await this.#coordinated('READ', (broker) =>
      broker.offsetCommit({
        groupId: this.#options.group,
        groupGenerationId: this.#generation,
        memberId: this.#memberId,
        topics: groupedByTopic(offsets),
      }),
    );
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return [];
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, entries]) => ({ topic, partitions: entries }));
    const groupId = this.#options.group;
    return this.#coordinated('READ', async (broker) =>
      committedOffsets((await broker.offsetFetch({ groupId, topics })).responses),
    );
  }

  /** The others need not wait for the session to run out. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return;
    const memberId = this.#memberId;
    this.#memberId = '';
    const coordinator = await this.#coordinator();
    await coordinator.leaveGroup({ groupId: this.#options.group, memberId });
  }

  #coordinator(): Promise<KafkajsBroker> {
    return this.#connections.coordinator('group', this.#options.group);
  }

  #attempt(operation: 'READ') {
    return this.#connections.attempt(operation, `Group:${this.#options.group}`);
  }

  async #coordinated<T>(
    operation: 'READ',
    work: (broker: KafkajsBroker) => Promise<T>,
  ): Promise<T> {
    return this.#connections.retrying(this.#attempt(operation), async () =>
      work(await this.#coordinator()),
    );
  }
}

/** What an error says about our membership; `stable`: nothing. */
function stateOf(thrown: unknown): GroupState {
  switch (answeredCode(thrown)) {
    case REBALANCING:
      return 'rebalancing';
    case ILLEGAL_GENERATION:
    case UNKNOWN_MEMBER:
    case FENCED_INSTANCE:
      return 'lost';
    default:
      return 'stable';
  }
}
