import {
  ConfigResourceTypes,
  deleteGroupsV2,
  deleteTopicsV5,
  describeConfigsV4,
  listGroupsV4,
} from '@platformatic/kafka';
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
import { kafkaError, type KafkaRequest } from '../kafka-errors.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { commitOffsets, committedOffsets, hasMembers, NO_GENERATION } from './group-offsets.ts';
import { offsetsAt } from './partition-offsets.ts';
import { askForTopic } from './topic-creation.ts';

/** What is asked of and changed in the cluster, over the library's requests. */
export class PlatformaticAdmin implements KafkaAdmin {
  readonly #brokers: BrokerConnections;

  constructor(brokers: BrokerConnections) {
    this.#brokers = brokers;
  }

  async clusterId(): Promise<string> {
    return (await this.#brokers.metadata([])).clusterId ?? '';
  }

  async describeTopics(names: readonly string[] | null): Promise<readonly KafkaTopic[]> {
    if (names?.length === 0) return [];
    const { topics } = await this.#brokers.metadata(names);
    const found: KafkaTopic[] = [];
    for (const { name, errorCode, isInternal, partitions } of topics) {
      const error = kafkaErrorName(errorCode);
      if (names !== null) this.#checkDescribed(error, name ?? '');
      if (partitions.length === 0 || name === null || (names === null && isInternal)) continue;
      const replicationFactor = partitions[0]?.replicaNodes.length ?? 0;
      found.push({ name, partitions: partitions.length, replicationFactor });
    }
    return found;
  }

  /** Missing topics, and those whose leaders are being elected, are no errors. */
  #checkDescribed(error: string, topic: string): void {
    if (error === 'NONE' || isRetriableKafkaError(error)) return;
    throw kafkaError(error, this.#brokers.request('DESCRIBE', `Topic:${topic}`));
  }

  async createTopic(spec: KafkaTopicSpec): Promise<CreatedTopic> {
    const request = this.#brokers.request('CREATE', `Topic:${spec.name}`);
    const created = await this.#brokers.retrying(request, async () => {
      const { error, says } = await askForTopic(this.#brokers, spec, false);
      if (error === 'NONE') return { answer: true };
      if (error === 'TOPIC_ALREADY_EXISTS') return { answer: false };
      return { failed: error, says };
    });
    return { ...(await this.#led(spec.name, request)), created };
  }

  /** A topic that was just made is not known to every broker at once. */
  async #led(name: string, request: KafkaRequest): Promise<KafkaTopic> {
    return this.#brokers.retrying(request, async () => {
      const { topics } = await this.#brokers.metadata([name]);
      const topic = topics[0];
      const led = topic?.errorCode === 0 && topic.partitions.every(({ leaderId }) => leaderId >= 0);
      if (!led) return { failed: 'LEADER_NOT_AVAILABLE' };
      const { length } = topic.partitions;
      const replicationFactor = topic.partitions[0]?.replicaNodes.length ?? 0;
      return { answer: { name, partitions: length, replicationFactor } };
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const wanted = names.map((name) => ({ name }));
    const timeoutMs = this.#brokers.connection.requestTimeoutMs;
    const request = this.#brokers.request('DELETE', `Topic:${names[0] ?? ''}`);
    await this.#brokers.retrying(request, async () => {
      const controller = await this.#brokers.controller();
      const answer = await this.#brokers.ask(deleteTopicsV5, controller, wanted, timeoutMs);
      for (const { name, errorCode, errorMessage } of answer.responses) {
        const error = kafkaErrorName(errorCode);
        if (error === 'NONE' || error === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
        if (isRetriableKafkaError(error)) return { failed: error, says: errorMessage };
        const topic = this.#brokers.request('DELETE', `Topic:${name}`);
        throw kafkaError(error, topic, { says: errorMessage });
      }
      return { answer: undefined };
    });
  }

  async topicConfig(name: string): Promise<ReadonlyMap<string, string>> {
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name };
    const request = this.#brokers.request('DESCRIBE_CONFIGS', `Topic:${name}`);
    const configs = await this.#brokers.retrying(request, async () => {
      const answer = await this.#brokers.ask(
        describeConfigsV4,
        await this.#brokers.any(),
        [{ ...resource, configurationKeys: null }],
        false,
        false,
      );
      const result = answer.results[0];
      const error = kafkaErrorName(result?.errorCode ?? -1);
      if (result === undefined || error !== 'NONE') {
        return { failed: error, says: result?.errorMessage ?? null };
      }
      return { answer: result.configs };
    });
    const known = new Map<string, string>();
    for (const { name: key, value } of configs)
      if (typeof value === 'string') known.set(key, value);
    return known;
  }

  offsets(
    partitions: readonly TopicPartition[],
    at: OffsetTime,
    isolation: Isolation = 'read_uncommitted',
  ): Promise<readonly PartitionOffset[]> {
    return offsetsAt(this.#brokers, partitions, at, isolation);
  }

  /** Of consumers; groups of Connect workers and the like are left out. */
  async groups(): Promise<readonly string[]> {
    const { brokers } = await this.#brokers.metadata([]);
    const names = new Set<string>();
    for (const { nodeId } of brokers) {
      const request = this.#brokers.request('DESCRIBE', 'Cluster');
      const groups = await this.#brokers.retrying(request, async () => {
        const answer = await this.#brokers.ask(
          listGroupsV4,
          await this.#brokers.broker(nodeId),
          [],
          [],
        );
        if (answer.errorCode !== 0) return { failed: kafkaErrorName(answer.errorCode) };
        return { answer: answer.groups };
      });
      for (const { groupId, protocolType } of groups) {
        if (protocolType === 'consumer' || protocolType === '') names.add(groupId);
      }
    }
    return [...names];
  }

  async groupOffsets(group: string): Promise<readonly PartitionOffset[]> {
    return committedOffsets(this.#brokers, group, null);
  }

  async setGroupOffsets(group: string, offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    await commitOffsets(this.#brokers, { group, generation: NO_GENERATION, member: '' }, offsets);
  }

  async deleteGroup(group: string): Promise<void> {
    const request = this.#brokers.request('DELETE', `Group:${group}`);
    const answer = await this.#brokers.atCoordinator(
      { group },
      request,
      (connection) => this.#brokers.ask(deleteGroupsV2, connection, [group]),
      ({ results }) => results[0]?.errorCode ?? 0,
    );
    const error = kafkaErrorName(answer.results[0]?.errorCode ?? 0);
    if (error === 'NONE' || error === 'GROUP_ID_NOT_FOUND') return;
    if (error === 'NON_EMPTY_GROUP') throw hasMembers(group, 'deleted');
    throw kafkaError(error, request);
  }
}
