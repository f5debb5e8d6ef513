import {
  kafkaSettings,
  offsetsTopic,
  type OwnTopic,
  producerSettings,
} from '../config/kafka-settings.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { historyTopicOf } from '../config/schema-history-options.ts';
import { signalTopicOf } from '../config/signal-options.ts';
import { topicCreationGroup, topicCreationRules } from '../config/topic-creation.ts';
import { tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import { heartbeatTopic, schemaChangeTopic, transactionTopic } from '../envelope/topic-naming.ts';
import type { TableSchema } from '../model/table-schema.ts';
import type { KafkaTopicSpec } from '../transport/kafka/kafka-client.ts';
import type { KafkaOperation } from '../transport/kafka/kafka-errors.ts';
import { alertTopic } from './compose-alerts.ts';
import { sourceErrorsOf } from './dead-letter-options.ts';
import { envelopeOptionsOf } from './source-options.ts';

/** A topic that a run of the pipeline uses. */
export interface UsedTopic {
  /** How it is made where it is missing. */
  readonly spec: KafkaTopicSpec;
  /** What is done with it, besides making it. */
  readonly operations: readonly KafkaOperation[];
  /** The table whose rows it gets; null: none. */
  readonly table: TableSchema | null;
  /** The newest record of each key must stay in it for ever. */
  readonly isStorage: boolean;
}

const WRITTEN: readonly KafkaOperation[] = ['WRITE', 'DESCRIBE_CONFIGS'];
const STORED: readonly KafkaOperation[] = ['READ', 'WRITE', 'DESCRIBE_CONFIGS'];

/**
 * Topics of a run: of tables, of heartbeats and the like, and our own two. What transforms make of
 * their names is not known before there are records.
 */
export function kafkaTopicsUsed(
  config: PipelineConfig,
  tables: readonly TableSchema[],
): readonly UsedTopic[] {
  const { transport, source } = config;
  const envelope = envelopeOptionsOf(source);
  const { topicPrefix, naming } = envelope;
  const rules = topicCreationRules(source.options);
  const written = (
    name: string,
    table: TableSchema | null,
    operations: readonly KafkaOperation[],
  ): UsedTopic => {
    const { partitions, replicationFactor, configs } = topicCreationGroup(rules, name);
    return {
      spec: { name, partitions, replicationFactor, configs },
      operations,
      table,
      isStorage: false,
    };
  };
  const alerts = config.alerts.channels
    .filter(({ type }) => type === 'topic')
    .map(({ options }) => {
      const topic = written(alertTopic(config.name, options), null, WRITTEN);
      return { ...topic, spec: { ...topic.spec, partitions: 1 } };
    });
  const isRenamed = source.options.list('transforms').length > 0;
  const rowOperations: readonly KafkaOperation[] =
    config.sinks.length === 0 ? WRITTEN : [...WRITTEN, 'READ'];
  const history = historyTopicOf(source.options);
  const others = [
    source.options.number('heartbeat.interval.ms') > 0 ? heartbeatTopic(topicPrefix, naming) : null,
    source.options.boolean('provide.transaction.metadata')
      ? transactionTopic(topicPrefix, naming)
      : null,
    source.options.list('notification.enabled.channels').includes('sink')
      ? (source.options.optionalString('notification.sink.topic.name') ?? null)
      : null,
    producerSettings(transport, source.options).tooLargeTopic,
    sourceErrorsOf(config)?.topic ?? null,
    history !== null && source.options.boolean('include.schema.changes')
      ? schemaChangeTopic(topicPrefix)
      : null,
  ].filter((name) => name !== null);
  const signals = source.options.list('signal.enabled.channels').includes('kafka')
    ? [written(signalTopicOf(source.options), null, ['READ'])]
    : [];
  return [
    ...(isRenamed
      ? []
      : tables.map((table) =>
          written(tableRecordSchemas(table, envelope).topic, table, rowOperations),
        )),
    ...others.map((name) => written(name, null, WRITTEN)),
    ...alerts,
    ...signals,
    ...(history === null ? [] : [kept(history)]),
    stored(offsetsTopic(transport, source.options)),
    stored(kafkaSettings(transport).state),
  ];
}

/** The history of shapes is read from its beginning, whatever topic.creation says. */
function kept(name: string): UsedTopic {
  const configs = { 'retention.ms': '-1' };
  const spec = { name, partitions: 1, replicationFactor: -1, configs };
  return { spec, operations: STORED, table: null, isStorage: false };
}

function stored({ name, partitions, replicationFactor }: OwnTopic): UsedTopic {
  const configs = { 'cleanup.policy': 'compact' };
  const spec = { name, partitions, replicationFactor, configs };
  return { spec, operations: STORED, table: null, isStorage: true };
}
