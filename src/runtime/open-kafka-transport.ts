import path from 'node:path';
import { kafkaLogin } from '../config/kafka-login.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { ConsumerSettings } from '../config/kafka-settings.ts';
import {
  consumerSettings,
  exactlyOnceSettings,
  kafkaSettings,
  offsetsTopic,
  producerSettings,
} from '../config/kafka-settings.ts';
import { historyTopicOf } from '../config/schema-history-options.ts';
import { topicCreationGroup, topicCreationRules } from '../config/topic-creation.ts';
import type { Clock } from '../foundation/clock.ts';
import type { KafkaClient, KafkaConnection } from '../transport/kafka/kafka-client.ts';
import {
  type ConnectionContext,
  kafkaConnection,
} from '../transport/kafka/security/kafka-connection.ts';
import { openKafkaTransport } from '../transport/kafka/kafka-transport.ts';
import type { ConsumerDefaults } from '../transport/kafka/kafka-log-consumer.ts';
import type { TopicSpecFor } from '../transport/kafka/topic-directory.ts';
import type { Transport } from '../transport/transport.ts';
import { isHoldingTopic } from './held-topics.ts';

type ClientName = 'kafkajs' | 'platformatic';

/** Loaded when they are wanted: an embedded log must not start more slowly for them. */
const CLIENTS: Readonly<Record<ClientName, (connection: KafkaConnection) => Promise<KafkaClient>>> =
  {
    kafkajs: async (connection) => {
      const client = await import('../transport/kafka/kafkajs/kafkajs-client.ts');
      return client.openKafkajsClient(connection);
    },
    platformatic: async (connection) => {
      const client = await import('../transport/kafka/platformatic/platformatic-client.ts');
      return client.openPlatformaticClient(connection);
    },
  };

/** What `auto` means: the client that measured best (ARCHITECTURE, "Clients"). */
const BEST = { producing: 'kafkajs', consuming: 'platformatic' } as const;

/**
 * Opens the Kafka transport of a pipeline as its file says. `readOnly` is for commands beside the
 * daemon: it creates, writes and fences nothing. Throws KAFKA_CONNECT, KAFKA_AUTH, KAFKA_ACCESS,
 * KAFKA_TOPIC.
 */
export async function openKafkaTransportOf(
  config: PipelineConfig,
  context: ConnectionContext & { readonly clock: Clock },
  readOnly: boolean,
): Promise<Transport> {
  const { transport, source } = config;
  const settings = kafkaSettings(transport);
  const producer = producerSettings(transport, source.options);
  const { transactionalId } = exactlyOnceSettings(transport, source.options, config.name);
  const clients = clientsOf(config, context);
  const producing = await clients.producing();
  const { names } = clients;
  const isOne = names.consuming === names.producing;
  return openKafkaTransport({
    producing,
    openConsuming: () => (isOne ? Promise.resolve(producing) : clients.consuming()),
    readOnly,
    owner: config.name,
    offsets: offsetsTopic(transport, source.options),
    state: settings.state,
    topicSpec: topicSpecs(config),
    producer: { ...producer, transactionalId: readOnly ? null : transactionalId },
    deadLetters:
      producer.tooLargeTopic === null
        ? null
        : { topic: producer.tooLargeTopic, connector: config.name },
    consumer: consumersByGroup(config),
    topicIntervalMs: settings.metadataMaxAgeMs,
    clock: context.clock,
  });
}

/** Each client is opened when it is wanted: a source alone needs no second library. */
function clientsOf(config: PipelineConfig, { clock, warn }: ConnectionContext) {
  const settings = kafkaSettings(config.transport);
  const login = kafkaLogin(config.transport, path.dirname(path.resolve(config.file)));
  const open = async (name: ClientName): Promise<KafkaClient> =>
    CLIENTS[name](kafkaConnection(settings, login, { clock, warn }));
  const { client } = settings;
  const names = client === 'auto' ? BEST : { producing: client, consuming: client };
  return { producing: () => open(names.producing), consuming: () => open(names.consuming), names };
}

/** As the rules say; what they leave open is the caller's, and then the broker's. */
function topicSpecs({ transport, source }: PipelineConfig): TopicSpecFor {
  if (!kafkaSettings(transport).createTopics) return () => null;
  const rules = topicCreationRules(source.options);
  const history = historyTopicOf(source.options);
  return (name, options) => {
    // What is held waits for a person, however long that takes; a history is needed for ever.
    if (isHoldingTopic(name) || name === history) {
      return { name, partitions: 1, replicationFactor: -1, configs: { 'retention.ms': '-1' } };
    }
    const own = options.replicationFactor;
    if (own !== undefined) {
      const configs = { 'retention.ms': '-1' };
      return { name, partitions: options.partitions ?? 1, replicationFactor: own, configs };
    }
    const { partitions, replicationFactor, configs } = topicCreationGroup(rules, name);
    const wanted = partitions === -1 ? (options.partitions ?? -1) : partitions;
    return { name, partitions: wanted, replicationFactor, configs };
  };
}

/** Each sink is a group; whoever reads without one reads like a sink without settings. */
function consumersByGroup(config: PipelineConfig): (group: string | null) => ConsumerDefaults {
  const byGroup = new Map<string, ConsumerSettings>();
  for (const { name, options } of config.sinks) {
    const settings = consumerSettings(config.transport, options, name);
    byGroup.set(settings.group, settings);
  }
  const others = consumerSettings(config.transport, config.source.options, config.name);
  return (group) => byGroup.get(group ?? '') ?? others;
}
