import { kafkaClientOptions } from './kafka-client-properties.ts';
import { batchRule, topicNameProblem } from './kafka-transport-options.ts';
import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import { TopicCreationError, topicCreationRules } from './topic-creation.ts';

const ALWAYS_ONE = 'records and source offset are always one transaction';
const NO_RULES = 'topics of the embedded log need no creation rules';
const NO_CLIENT = 'there is no Kafka client in the embedded transport';
const LARGEST = 'the embedded log takes records of any size that fits its store';

const CREATION_NUMBERS = { kind: 'int', min: -1, max: 100_000 } as const;

/** What a source has besides when its records go to Kafka: Connect's names. */
export const KAFKA_SOURCE_OPTIONS: readonly Option[] = [
  {
    name: 'exactly.once.support',
    type: { kind: 'enum', values: ['requested', 'required'] },
    default: 'requested',
    onEmbedded: ALWAYS_ONE,
    doc:
      'On Kafka. required: records and offsets are one transaction, each record is there once ' +
      'for consumers with read_committed. requested: at least once, which is faster.',
  },
  {
    name: 'transaction.boundary',
    type: { kind: 'enum', values: ['poll', 'interval', 'connector'] },
    default: 'poll',
    onEmbedded: ALWAYS_ONE,
    doc:
      'With exactly.once.support=required, when Kafka transactions end: with each batch, after ' +
      "an interval, or with the source's transactions.",
  },
  {
    name: 'transaction.boundary.interval.ms',
    type: { kind: 'duration', min: 1 },
    default: '1s',
    onEmbedded: ALWAYS_ONE,
    doc: 'With transaction.boundary=interval: how long a Kafka transaction lasts at most.',
  },
  {
    name: 'offsets.storage.topic',
    type: { kind: 'string' },
    onEmbedded: 'offsets live in the embedded store',
    doc: 'Topic of the offsets of this source; absent: offset.storage.topic of the transport.',
  },
  {
    name: 'producer.record.too.large',
    type: { kind: 'enum', values: ['fail', 'dead_letter'] },
    default: 'fail',
    onEmbedded: LARGEST,
    doc:
      'A record over producer.override.max.request.size: fail stops the source before it is ' +
      'sent, dead_letter writes it in parts into another topic, and goes on.',
  },
  {
    name: 'producer.record.too.large.topic.name',
    type: { kind: 'string' },
    onEmbedded: LARGEST,
    doc:
      'Topic for dead_letter: the record in parts that fit, with headers that say where it ' +
      'is from.',
  },
  {
    name: 'topic.creation.groups',
    type: { kind: 'list' },
    onEmbedded: NO_RULES,
    doc:
      'Names of groups of topics, asked in this order before the group default. Without any ' +
      "topic.creation property topics have the broker's defaults.",
  },
  {
    name: 'topic.creation.default.partitions',
    type: CREATION_NUMBERS,
    onEmbedded: NO_RULES,
    doc: "Partitions of topics that are created; -1: the broker's default.",
  },
  {
    name: 'topic.creation.default.replication.factor',
    type: { kind: 'int', min: -1, max: 32_767 },
    onEmbedded: NO_RULES,
    doc: "Their replicas; -1: the broker's default.",
  },
  {
    name: 'topic.creation.<group>.<property>',
    type: { kind: 'string' },
    onEmbedded: NO_RULES,
    doc:
      'Of a group: include and exclude (regular expressions over whole names), partitions, ' +
      'replication.factor, and any config of a topic, such as cleanup.policy; of default: ' +
      'the same without include and exclude.',
  },
  ...kafkaClientOptions('producer', 'producer.override.', NO_CLIENT),
  ...kafkaClientOptions('admin', 'admin.override.', NO_CLIENT),
];

/** What a sink has besides when its records come from Kafka: Connect's names. */
export const KAFKA_SINK_OPTIONS: readonly Option[] = kafkaClientOptions(
  'consumer',
  'consumer.override.',
  NO_CLIENT,
);

/** Rules over several properties of a source. */
export const KAFKA_SOURCE_RULES: readonly OptionRule[] = [
  batchRule('producer.override.'),
  {
    properties: ['topic.creation.groups'],
    check: (options) => {
      try {
        topicCreationRules(options);
        return undefined;
      } catch (error) {
        if (error instanceof TopicCreationError) return error.message;
        throw error;
      }
    },
  },
  ...['offsets.storage.topic', 'producer.record.too.large.topic.name'].map((name) => ({
    properties: [name],
    check: (options: ResolvedOptions) => {
      const topic = options.optionalString(name);
      return topic === undefined ? undefined : topicNameProblem(topic);
    },
  })),
  {
    properties: ['producer.record.too.large', 'producer.record.too.large.topic.name'],
    check: (options) =>
      options.optionalString('producer.record.too.large') === 'dead_letter' &&
      !options.has('producer.record.too.large.topic.name')
        ? 'dead_letter needs producer.record.too.large.topic.name'
        : undefined,
  },
];

/** Rules over several properties of a sink. */
export const KAFKA_SINK_RULES: readonly OptionRule[] = [
  {
    properties: ['consumer.override.heartbeat.interval.ms', 'consumer.override.session.timeout.ms'],
    check: (options) => {
      const heartbeat = options.optionalNumber('consumer.override.heartbeat.interval.ms');
      const session = options.optionalNumber('consumer.override.session.timeout.ms');
      return heartbeat !== undefined && session !== undefined && heartbeat * 2 > session
        ? 'must be at most half of consumer.override.session.timeout.ms'
        : undefined;
    },
  },
  {
    properties: ['consumer.override.group.id'],
    check: (options) => {
      const group = options.optionalString('consumer.override.group.id');
      return group === undefined ? undefined : topicNameProblem(group);
    },
  },
];
