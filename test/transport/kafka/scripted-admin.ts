import type {
  KafkaAdmin,
  KafkaTopic,
  KafkaTopicSpec,
} from '../../../src/transport/kafka/kafka-client.ts';

/** A cluster of topics in memory, which fails on everything else that is asked of it. */
export interface ScriptedAdmin extends KafkaAdmin {
  readonly topics: Map<string, KafkaTopic>;
  readonly created: KafkaTopicSpec[];
}

/** A cluster that has these topics, one partition each. */
export function scriptedAdmin(...names: readonly string[]): ScriptedAdmin {
  const topics = new Map(
    names.map((name) => [name, { name, partitions: 1, replicationFactor: 1 }]),
  );
  const created: KafkaTopicSpec[] = [];
  const refuse = (): never => {
    throw new Error('not part of this test');
  };
  return {
    topics,
    created,
    describeTopics: (wanted) =>
      Promise.resolve([...topics.values()].filter(({ name }) => wanted?.includes(name) ?? true)),
    createTopic: (spec) => {
      created.push(spec);
      const { name, replicationFactor } = spec;
      const topic = { name, partitions: Math.max(1, spec.partitions), replicationFactor };
      topics.set(name, topic);
      return Promise.resolve({ ...topic, created: true });
    },
    clusterId: refuse,
    deleteTopics: refuse,
    topicConfig: refuse,
    offsets: refuse,
    groups: refuse,
    groupOffsets: refuse,
    setGroupOffsets: refuse,
    deleteGroup: refuse,
  };
}
