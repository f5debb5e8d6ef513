import path from 'node:path';
import { kafkaLogin } from '../config/kafka-login.ts';
import {
  consumerSettings,
  exactlyOnceSettings,
  kafkaSettings,
  producerSettings,
} from '../config/kafka-settings.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { postProcessorSettings } from '../config/post-processor-options.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { type TableSchema, tableName } from '../model/table-schema.ts';
import { reselectWarnings } from '../source/postgres/stream/row-reselector.ts';
import type { KafkaAdmin } from '../transport/kafka/kafka-client.ts';
import type {
  ClusterSurvey,
  ClusterSurveyor,
  SurveyedTopic,
} from '../transport/kafka/platformatic/cluster-survey.ts';
import { kafkaConnection } from '../transport/kafka/security/kafka-connection.ts';
import type { CheckFindings } from './check-findings.ts';
import { kafkaTopicsUsed, type UsedTopic } from './kafka-topics-used.ts';
import { columnsThatMayLack, widestRecordBytes } from './widest-record.ts';

/** A topic as `plan` shows it. */
export interface PlannedTopic {
  readonly name: string;
  readonly exists: boolean;
  /** -1 leaves a number to the broker. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** What a run would meet in Kafka: whether topics fit, and the principal has its rights. */
export async function checkKafka(
  config: PipelineConfig,
  tables: readonly TableSchema[],
  clock: Clock,
): Promise<CheckFindings> {
  try {
    await using cluster = await visit(config, tables, clock);
    return await new KafkaCheck(config, cluster).run();
  } catch (error) {
    return { problems: [toTidemarkError(error, 'KAFKA_BROKER')], warnings: [] };
  }
}

/** The topics that a run would use, with those that it would make. */
export async function planKafkaTopics(
  config: PipelineConfig,
  tables: readonly TableSchema[],
  clock: Clock,
): Promise<readonly PlannedTopic[]> {
  await using cluster = await visit(config, tables, clock);
  return cluster.topics.map(({ spec }) => {
    const found = existing(cluster.survey, spec.name);
    const { partitions, replicationFactor } = found ?? spec;
    const { name, configs } = spec;
    return { name, exists: found !== null, partitions, replicationFactor, configs };
  });
}

/** A cluster that was asked about what a run would use. */
interface VisitedCluster extends AsyncDisposable {
  readonly topics: readonly UsedTopic[];
  readonly groups: readonly string[];
  readonly transactionalIds: readonly string[];
  readonly surveyor: ClusterSurveyor;
  readonly survey: ClusterSurvey;
  readonly admin: KafkaAdmin;
}

async function visit(
  config: PipelineConfig,
  tables: readonly TableSchema[],
  clock: Clock,
): Promise<VisitedCluster> {
  const { transport, source, sinks, file, name } = config;
  const login = kafkaLogin(transport, path.dirname(path.resolve(file)));
  const context = { clock, warn: () => undefined };
  const connection = kafkaConnection(kafkaSettings(transport), login, context);
  // Loaded when wanted, as for a run.
  const library = await import('../transport/kafka/platformatic/platformatic-client.ts');
  const survey = await import('../transport/kafka/platformatic/cluster-survey.ts');
  await using stack = new AsyncDisposableStack();
  const client = stack.use(await library.openPlatformaticClient(connection));
  const surveyor = stack.use(new survey.ClusterSurveyor(connection));
  const topics = kafkaTopicsUsed(config, tables);
  const groups = sinks.map((sink) => consumerSettings(transport, sink.options, sink.name).group);
  const { transactionalId } = exactlyOnceSettings(transport, source.options, name);
  // The second is that of what we store beside the records.
  const transactionalIds =
    transactionalId === null ? [] : [transactionalId, `${transactionalId}-state`];
  const names = topics.map(({ spec }) => spec.name);
  const found = await surveyor.survey({ topics: names, groups, transactionalIds });
  const kept = stack.move();
  return {
    topics,
    groups,
    transactionalIds,
    surveyor,
    survey: found,
    admin: client.admin,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function existing(survey: ClusterSurvey, topic: string): SurveyedTopic | null {
  const found = survey.topics.get(topic);
  return found === undefined || found.partitions === 0 ? null : found;
}

class KafkaCheck {
  readonly #config: PipelineConfig;
  readonly #cluster: VisitedCluster;
  readonly #problems: TidemarkError[] = [];
  readonly #warnings: string[] = [];

  constructor(config: PipelineConfig, cluster: VisitedCluster) {
    this.#config = config;
    this.#cluster = cluster;
  }

  async run(): Promise<CheckFindings> {
    const { groups, transactionalIds, survey, surveyor, topics } = this.#cluster;
    for (const topic of topics) await this.#topic(topic);
    for (const group of groups)
      if (!survey.groups.has(group))
        this.#problems.push(surveyor.missing('READ', `Group:${group}`));
    for (const id of transactionalIds) {
      if (survey.transactionalIds.has(id)) continue;
      this.#problems.push(surveyor.missing('WRITE', `TransactionalId:${id}`));
    }
    return { problems: this.#problems, warnings: this.#warnings };
  }

  async #topic(topic: UsedTopic): Promise<void> {
    const { spec, operations } = topic;
    const { survey, surveyor, admin } = this.#cluster;
    const allowed = survey.topics.get(spec.name)?.operations ?? new Set();
    // Of a topic that may not even be described nobody tells whether its configuration may.
    const told = allowed.size > 0 ? operations : operations.slice(0, 1);
    const missing = told.filter((operation) => !allowed.has(operation));
    for (const operation of missing)
      this.#problems.push(surveyor.missing(operation, `Topic:${spec.name}`));
    const found = existing(survey, spec.name);
    if (found === null) {
      // To see that it is missing takes the right to look.
      if (allowed.size > 0 || missing.length === 0) await this.#missingTopic(topic);
      this.#policy(topic, spec.configs['cleanup.policy'] ?? '');
      this.#widest(topic, Number(spec.configs['max.message.bytes'] ?? Number.NaN));
      return;
    }
    this.#partitions(topic, found);
    if (!allowed.has('DESCRIBE_CONFIGS')) return;
    const configs = await admin.topicConfig(spec.name);
    this.#policy(topic, configs.get('cleanup.policy') ?? '');
    this.#widest(topic, Number(configs.get('max.message.bytes') ?? Number.NaN));
  }

  async #missingTopic({ spec, isStorage }: UsedTopic): Promise<void> {
    if (isStorage || kafkaSettings(this.#config.transport).createTopics) {
      const problem = await this.#cluster.surveyor.creationProblem(spec);
      if (problem !== null) this.#problems.push(problem);
      return;
    }
    const message = `there is no topic ${spec.name}, and topic.creation.enable is false`;
    const cure = `Create ${spec.name}, or set topic.creation.enable to true.`;
    this.#problems.push(new TidemarkError('KAFKA_TOPIC', message, { cure }));
  }

  #partitions({ spec }: UsedTopic, { partitions, replicationFactor }: SurveyedTopic): void {
    if (spec.partitions > 0 && spec.partitions !== partitions) {
      this.#warnings.push(
        `Kafka: the topic ${spec.name} has ${partitions} partitions, the configuration says ` +
          `${spec.partitions}: an existing topic keeps its own`,
      );
    }
    const { brokers } = this.#cluster.survey;
    if (replicationFactor === 1 && brokers > 1) {
      this.#warnings.push(
        `Kafka: the topic ${spec.name} has one replica on ${brokers} brokers: while its broker ` +
          'is away nothing goes on, and with its disk the records are lost',
      );
    }
  }

  /** Ruling 7: only complete records may stand alone. */
  #policy({ spec, table, isStorage }: UsedTopic, policy: string): void {
    const isCompacted = policy.split(',').some((part) => part.trim() === 'compact');
    const servers = kafkaSettings(this.#config.transport).bootstrapServers.join(',');
    const alter = `kafka-configs.sh --bootstrap-server ${servers} --alter --topic ${spec.name}`;
    if (isStorage && policy !== 'compact') {
      this.#refuse(
        `the topic ${spec.name} has cleanup.policy=${policy}: what is stored would be deleted`,
        `${alter} --add-config cleanup.policy=compact`,
      );
    }
    if (!isCompacted || table === null) return;
    const name = tableName(table.id);
    if (table.keyColumns.length === 0) {
      this.#refuse(
        `the topic ${spec.name} is compacted, and records of ${name} have no key`,
        'Give the table a primary key or name one in message.key.columns, or set ' +
          'cleanup.policy=delete for the topic.',
      );
    } else if (table.replicaIdentity !== 'full' && !this.#isReselected(table)) {
      const columns = columnsThatMayLack(table);
      if (columns.length === 0) return;
      this.#refuse(
        `the topic ${spec.name} is compacted, and records of ${name} may lack values that did ` +
          `not change: ${columns.map((column) => column.name).join(', ')}`,
        `ALTER TABLE ${name} REPLICA IDENTITY FULL, or read them again with the post processor ` +
          'reselect, or set cleanup.policy=delete for the topic.',
      );
    }
  }

  #isReselected(table: TableSchema): boolean {
    return postProcessorSettings(this.#config.source.options).some(
      (setting) => setting.unavailableValues && reselectWarnings(setting, [table]).length === 0,
    );
  }

  #widest({ spec, table }: UsedTopic, topicBytes: number): void {
    const { transport, source } = this.#config;
    const { maxRequestBytes } = producerSettings(transport, source.options);
    if (table === null) return;
    if (topicBytes < maxRequestBytes) {
      this.#warnings.push(
        `Kafka: the topic ${spec.name} takes ${topicBytes} bytes (max.message.bytes), less than ` +
          `max.request.size (${maxRequestBytes}): records between the two are refused`,
      );
    }
    const widest = widestRecordBytes(table);
    const limit = Math.min(maxRequestBytes, Number.isNaN(topicBytes) ? Infinity : topicBytes);
    if (widest === null || widest <= limit) return;
    this.#warnings.push(
      `Kafka: by its columns a record of ${tableName(table.id)} may have ${widest} bytes, and ` +
        `${spec.name} takes ${limit}: raise producer.override.max.request.size and ` +
        'max.message.bytes',
    );
  }

  #refuse(message: string, cure: string): void {
    this.#problems.push(new TidemarkError('KAFKA_TOPIC', message, { cure }));
  }
}
