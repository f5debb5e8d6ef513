import { topicNameProblem } from './kafka-transport-options.ts';
import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

const HISTORY = 'schema.history.internal';
const TOPIC = `${HISTORY}.kafka.topic`;
const IN_TRANSPORT = 'the history is kept where the records go: remove it';
const REACHED = 'the history is kept where the records go, and reached as these are';
const RECOVERY = 'the history is read from its last checkpoint to its end';

/** Storage of the original, by the package of its class. */
const OTHER_STORES = Object.fromEntries(
  [
    'storage.file.history.FileSchemaHistory',
    'relational.history.MemorySchemaHistory',
    'storage.jdbc.history.JdbcSchemaHistory',
    'storage.redis.history.RedisSchemaHistory',
    'storage.s3.history.S3SchemaHistory',
    'storage.azure.blob.history.AzureBlobSchemaHistory',
    'storage.rocketmq.history.RocketMqSchemaHistory',
  ].map((name) => [`io.debezium.${name}`, IN_TRANSPORT]),
);

/** How changes of tables are told, and where they are remembered. */
export const SCHEMA_HISTORY_OPTIONS: readonly Option[] = [
  {
    name: 'include.schema.changes',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'Statements that change tables become records in the topic `<topic.prefix>`.',
  },
  {
    name: 'include.schema.comments',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Comments of tables and columns stand in these records and in the schema history.',
  },
  {
    name: HISTORY,
    type: {
      kind: 'enum',
      values: ['transport'],
      aliases: { 'io.debezium.storage.kafka.history.KafkaSchemaHistory': 'transport' },
      refused: OTHER_STORES,
    },
    default: 'transport',
    doc: 'Where the shapes of tables are remembered: in a topic of the transport.',
  },
  {
    name: TOPIC,
    type: { kind: 'string' },
    doc:
      "Topic of the schema history, in Debezium's format. Absent: " +
      '`__tidemark.history.<topic.prefix>`.',
  },
  {
    name: `${HISTORY}.store.only.captured.tables.ddl`,
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Remember captured tables only. A table that is captured later is then read from the ' +
      'catalog first.',
  },
  {
    name: `${HISTORY}.store.only.captured.databases.ddl`,
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Remember tables of captured databases only.',
  },
  {
    name: `${HISTORY}.ddl.filter`,
    type: { kind: 'regex-list' },
    doc: 'Statements that are neither followed nor remembered, matched as a whole.',
  },
  ...acceptedOptions({
    [`${HISTORY}.kafka.bootstrap.servers`]: REACHED,
    [`${HISTORY}.producer.<property>`]: REACHED,
    [`${HISTORY}.consumer.<property>`]: REACHED,
    [`${HISTORY}.kafka.recovery.poll.interval.ms`]: RECOVERY,
    [`${HISTORY}.kafka.recovery.attempts`]: RECOVERY,
    [`${HISTORY}.kafka.query.timeout.ms`]: RECOVERY,
    [`${HISTORY}.kafka.create.timeout.ms`]: RECOVERY,
    [`${HISTORY}.kafka.buffer.batch.size`]: RECOVERY,
    [`${HISTORY}.skip.unparseable.ddl`]:
      'a statement that is not understood leads to the catalog, with a warning',
    [`${HISTORY}.prefer.ddl`]: 'the history has the tables themselves',
    [`${HISTORY}.memory.optimization`]: 'shapes that are equal are kept once',
    [`${HISTORY}.name`]: 'it names metrics of Java',
    [`${HISTORY}.connector.class`]: 'Java internals',
    [`${HISTORY}.connector.id`]: 'Java internals',
    [`${HISTORY}.<property>`]: REACHED,
  }),
];

/** Rules over several properties. */
export const SCHEMA_HISTORY_RULES: readonly OptionRule[] = [
  {
    properties: [TOPIC],
    check: (options) => {
      const topic = options.optionalString(TOPIC);
      return topic === undefined ? undefined : topicNameProblem(topic);
    },
  },
  {
    properties: [TOPIC, 'topic.prefix'],
    check: (options: ResolvedOptions) =>
      options.has(TOPIC) && options.optionalString(TOPIC) === options.optionalString('topic.prefix')
        ? 'and topic.prefix must differ: that is the topic of schema changes'
        : undefined,
  },
];

/** Where a source remembers the shapes of tables; null: it has no need to. */
export function historyTopicOf(options: ResolvedOptions): string | null {
  if (options.optionalString(HISTORY) === undefined) return null;
  const given = options.optionalString(`${HISTORY}.kafka.topic`);
  return given ?? `__tidemark.history.${options.string('topic.prefix')}`;
}
