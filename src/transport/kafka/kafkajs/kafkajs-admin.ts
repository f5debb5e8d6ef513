import { TidemarkError } from '../../../foundation/errors.ts';
import type { TopicPartition } from '../../transport.ts';
import type {
  CreatedTopic,
  Isolation,
  KafkaAdmin,
  KafkaTopic,
  KafkaTopicSpec,
  OffsetTime,
  PartitionOffset,
} from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import type { KafkaOperation } from '../kafka-errors.ts';
import type { BrokerConnections } from './kafkajs-cluster.ts';
import { AnsweredError, answeredCode } from './kafkajs-errors.ts';
import {
  createTopic,
  type KafkajsBroker,
  type TopicMetadata,
  type TopicOffsets,
} from './kafkajs-library.ts';
import { groupedByTopic, listOffsets } from './partition-offsets.ts';

const UNKNOWN_TOPIC = 3;
const NO_ACCESS_TO_TOPIC = 29;
const TOPIC_EXISTS = 36;
const NON_EMPTY_GROUP = 68;
const GROUP_NOT_FOUND = 69;
const INVALID_TOPIC = 17;
const TOPIC_RESOURCE = 2;
/** A commit outside of the group's generations, which Kafka takes only while it has no members. */
const NO_MEMBER = { groupGenerationId: -1, memberId: '' };

/** Requests about the cluster, its topics and groups. */
export class KafkajsAdmin implements KafkaAdmin {
  readonly #connections: BrokerConnections;

  constructor(connections: BrokerConnections) {
    this.#connections = connections;
  }

  async clusterId(): Promise<string> {
    const { clusterId } = await this.#tried('DESCRIBE', 'Cluster', () =>
      this.#connections.describe([]),
    );
    return clusterId;
  }

  async describeTopics(names: readonly string[] | null): Promise<readonly KafkaTopic[]> {
    if (names?.length === 0) return [];
    const resource = names === null ? 'Topic:*' : `Topic:${names.join(', ')}`;
    return this.#tried('DESCRIBE', resource, async () => {
      const { topics } = await this.#connections.describe(names);
      const visible = names === null ? topics.filter((topic) => !topic.isInternal) : topics;
      return visible.flatMap((topic) => this.#described(topic, names === null));
    });
  }

  #described(topic: TopicMetadata, all: boolean): KafkaTopic[] {
    const { topic: name, topicErrorCode } = topic;
    if (topicErrorCode === UNKNOWN_TOPIC || topicErrorCode === INVALID_TOPIC) return [];
    if (all && topicErrorCode === NO_ACCESS_TO_TOPIC) return [];
    if (topicErrorCode === NO_ACCESS_TO_TOPIC) {
      throw this.#connections.error(topicErrorCode, 'DESCRIBE', `Topic:${name}`);
    }
    if (topicErrorCode !== 0) throw new AnsweredError(topicErrorCode);
    return [described(topic)];
  }

  async createTopic(spec: KafkaTopicSpec): Promise<CreatedTopic> {
    const { name, partitions, replicationFactor, configs } = spec;
    const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
    const timeout = this.#connections.requestTimeoutMs;
    const created = await this.#tried('CREATE', `Topic:${name}`, async () => {
      const controller = await this.#connections.controller();
      const { errorCode, errorMessage } = await createTopic(controller, topic, timeout);
      if (errorCode === 0) return true;
      if (errorCode === TOPIC_EXISTS) return false;
      if (isRetriableKafkaError(kafkaErrorName(errorCode))) throw new AnsweredError(errorCode);
      throw this.#connections.answer(errorCode, 'CREATE', `Topic:${name}`, errorMessage ?? null);
    });
    return { ...(await this.#led(name)), created };
  }

  /** The topic, once it has leaders. */
  async #led(name: string): Promise<KafkaTopic> {
    return this.#tried('DESCRIBE', `Topic:${name}`, async () => {
      const { topics } = await this.#connections.describe([name]);
      const topic = topics[0];
      if (topic === undefined || topic.topicErrorCode !== 0) {
        throw new AnsweredError(topic?.topicErrorCode ?? UNKNOWN_TOPIC);
      }
      const without = topic.partitionMetadata.find(
        ({ leader, partitionErrorCode }) => leader < 0 || partitionErrorCode !== 0,
      );
      if (without !== undefined) throw new AnsweredError(without.partitionErrorCode || 5);
      return described(topic);
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#tried('DELETE', `Topic:${name}`, async () => {
        const controller = await this.#connections.controller();
        const timeout = this.#connections.requestTimeoutMs;
        await controller.deleteTopics({ topics: [name], timeout }).catch((thrown: unknown) => {
          if (answeredCode(thrown) !== UNKNOWN_TOPIC) throw thrown;
        });
      });
    }
  }

  async topicConfig(name: string): Promise<ReadonlyMap<string, string>> {
    return this.#tried('DESCRIBE_CONFIGS', `Topic:${name}`, async () => {
      const broker = await this.#connections.anyBroker();
      const resources = [{ type: TOPIC_RESOURCE, name }];
      const answer = await broker.describeConfigs({ resources });
      const entries = answer.resources[0]?.configEntries ?? [];
      return new Map(entries.map((entry) => [entry.configName, entry.configValue ?? '']));
    });
  }

  async offsets(
    partitions: readonly TopicPartition[],
    at: OffsetTime,
    isolation: Isolation = 'read_uncommitted',
  ): Promise<readonly PartitionOffset[]> {
    return listOffsets(this.#connections, partitions, at, isolation);
  }

  async groups(): Promise<readonly string[]> {
    return this.#tried('DESCRIBE', 'Group:*', async () => {
      await this.#connections.know([]);
      const groups = new Set<string>();
      for (const nodeId of this.#connections.nodeIds()) {
        const answer = await (await this.#connections.broker(nodeId)).listGroups();
        for (const { groupId } of answer.groups) groups.add(groupId);
      }
      return [...groups];
    });
  }

  async groupOffsets(group: string): Promise<readonly PartitionOffset[]> {
    // No topics: all that the group has.
    return this.#coordinated(group, 'DESCRIBE', async (broker) => {
      const answer = await broker.offsetFetch({ groupId: group, topics: [] });
      return committedOffsets(answer.responses);
    });
  }

  async setGroupOffsets(group: string, offsets: readonly PartitionOffset[]): Promise<void> {
    await this.#coordinated(group, 'READ', (broker) =>
      broker.offsetCommit({ groupId: group, ...NO_MEMBER, topics: groupedByTopic(offsets) }),
    );
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#coordinated(group, 'DELETE', async (broker) => {
      const answer = (await broker.deleteGroups([group])) as {
        readonly results: readonly { readonly errorCode: number }[];
      };
      const code = answer.results[0]?.errorCode ?? 0;
      if (code === NON_EMPTY_GROUP) {
        const message = `Group ${group} has members and is not deleted`;
        throw new TidemarkError('KAFKA_REBALANCE', `${message} (NON_EMPTY_GROUP).`, {
          cure: 'Stop what reads as this group.',
        });
      }
      if (code !== 0 && code !== GROUP_NOT_FOUND) throw new AnsweredError(code);
    });
  }

  #coordinated<T>(
    group: string,
    operation: KafkaOperation,
    work: (broker: KafkajsBroker) => Promise<T>,
  ): Promise<T> {
    return this.#tried(operation, `Group:${group}`, async () =>
      work(await this.#connections.coordinator('group', group)),
    );
  }

  async #tried<T>(operation: KafkaOperation, resource: string, work: () => Promise<T>): Promise<T> {
    return this.#connections.retrying(this.#connections.attempt(operation, resource), work);
  }
}

/** Offsets of a group as the library gives them; -1 is none. */
export function committedOffsets(responses: readonly TopicOffsets[]): PartitionOffset[] {
  return responses.flatMap(({ topic, partitions }) =>
    partitions
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
      .filter(({ offset }) => offset >= 0),
  );
}

function described({ topic: name, partitionMetadata }: TopicMetadata): KafkaTopic {
  const replicationFactor = partitionMetadata[0]?.replicas.length ?? 0;
  return { name, partitions: partitionMetadata.length, replicationFactor };
}
