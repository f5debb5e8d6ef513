import { kafkaClientDefault, type KafkaClientRole } from './kafka-client-properties.ts';
import type { ResolvedOptions } from './option.ts';

/** A topic of our own. */
export interface OwnTopic {
  readonly name: string;
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
}

/** The section `transport` with `type: kafka`, for whoever connects. */
export interface KafkaSettings {
  readonly bootstrapServers: readonly string[];
  readonly client: 'auto' | 'kafkajs' | 'platformatic';
  readonly clientId: string;
  /** Begins transactional ids. */
  readonly groupId: string;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly offsets: OwnTopic;
  readonly state: OwnTopic;
  /** False: topics that are missing are an error. */
  readonly createTopics: boolean;
}

/** How a source produces. */
export interface ProducerSettings {
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly maxRequestBytes: number;
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  /** A record over maxRequestBytes: the topic that gets its origin; null: the source stops. */
  readonly tooLargeTopic: string | null;
}

/** How the records and the offsets of a source belong together. */
export interface ExactlyOnceSettings {
  /** Null: at least once. */
  readonly transactionalId: string | null;
  readonly boundary: 'poll' | 'interval' | 'connector';
  readonly intervalMs: number;
}

/** How a sink consumes. */
export interface ConsumerSettings {
  readonly group: string;
  readonly isolation: 'read_committed' | 'read_uncommitted';
  readonly startAt: 'earliest' | 'latest';
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly fetchMaxBytes: number;
  readonly partitionFetchBytes: number;
}

/** The transport's own part. `transport` is a section with `type: kafka`. */
export function kafkaSettings(transport: ResolvedOptions): KafkaSettings {
  return {
    bootstrapServers: transport.list('bootstrap.servers').map(withoutListener),
    client: transport.string('client') as KafkaSettings['client'],
    clientId: transport.string('client.id'),
    groupId: transport.string('group.id'),
    requestTimeoutMs: transport.number('request.timeout.ms'),
    connectTimeoutMs: transport.number('socket.connection.setup.timeout.ms'),
    metadataMaxAgeMs: transport.number('metadata.max.age.ms'),
    offsets: {
      name: transport.string('offset.storage.topic'),
      partitions: transport.number('offset.storage.partitions'),
      replicationFactor: transport.number('offset.storage.replication.factor'),
    },
    state: {
      name: transport.string('state.storage.topic'),
      partitions: 1,
      replicationFactor: transport.number('state.storage.replication.factor'),
    },
    createTopics: transport.boolean('topic.creation.enable'),
  };
}

/** The topic of a source's offsets: its own, or the one of the transport. */
export function offsetsTopic(transport: ResolvedOptions, source: ResolvedOptions): OwnTopic {
  const { offsets } = kafkaSettings(transport);
  return { ...offsets, name: source.optionalString('offsets.storage.topic') ?? offsets.name };
}

/** What `producer.` of the transport and `producer.override.` of the source say. */
export function producerSettings(
  transport: ResolvedOptions,
  source: ResolvedOptions,
): ProducerSettings {
  const read = merged('producer', transport, source);
  const maxRequestBytes = read.number('max.request.size');
  const tooLarge = source.string('producer.record.too.large') === 'dead_letter';
  return {
    compression: read.string('compression.type') as ProducerSettings['compression'],
    // Of two sections each may be right by itself.
    batchBytes: Math.min(read.number('batch.size'), maxRequestBytes),
    lingerMs: read.number('linger.ms'),
    maxRequestBytes,
    maxInFlight: read.number('max.in.flight.requests.per.connection'),
    deliveryTimeoutMs: read.number('delivery.timeout.ms'),
    transactionTimeoutMs: read.number('transaction.timeout.ms'),
    tooLargeTopic: tooLarge ? source.string('producer.record.too.large.topic.name') : null,
  };
}

/** `<group.id>-<connector>-0`: the id that Connect gives to the only task of a connector. */
export function exactlyOnceSettings(
  transport: ResolvedOptions,
  source: ResolvedOptions,
  connector: string,
): ExactlyOnceSettings {
  const isRequired = source.string('exactly.once.support') === 'required';
  return {
    transactionalId: isRequired ? `${transport.string('group.id')}-${connector}-0` : null,
    boundary: source.string('transaction.boundary') as ExactlyOnceSettings['boundary'],
    intervalMs: source.number('transaction.boundary.interval.ms'),
  };
}

/** What `consumer.` of the transport and `consumer.override.` of the sink say. */
export function consumerSettings(
  transport: ResolvedOptions,
  sink: ResolvedOptions,
  name: string,
): ConsumerSettings {
  const read = merged('consumer', transport, sink);
  return {
    // A group of the transport would be one for all sinks.
    group: sink.optionalString('consumer.override.group.id') ?? `connect-${name}`,
    isolation: read.string('isolation.level') as ConsumerSettings['isolation'],
    startAt: read.string('auto.offset.reset') as ConsumerSettings['startAt'],
    sessionTimeoutMs: read.number('session.timeout.ms'),
    heartbeatIntervalMs: read.number('heartbeat.interval.ms'),
    rebalanceTimeoutMs: read.number('max.poll.interval.ms'),
    fetchMaxBytes: read.number('fetch.max.bytes'),
    partitionFetchBytes: read.number('max.partition.fetch.bytes'),
  };
}

/** The connector's own wins over the worker's, and that over the default. */
function merged(
  role: KafkaClientRole,
  transport: ResolvedOptions,
  connector: ResolvedOptions,
): { number(name: string): number; string(name: string): string } {
  return {
    number: (name) =>
      connector.optionalNumber(`${role}.override.${name}`) ??
      transport.optionalNumber(`${role}.${name}`) ??
      (kafkaClientDefault(role, name) as number),
    string: (name) =>
      connector.optionalString(`${role}.override.${name}`) ??
      transport.optionalString(`${role}.${name}`) ??
      (kafkaClientDefault(role, name) as string),
  };
}

/** `SASL_SSL://host:port`, as listeners are written, names the same broker. */
function withoutListener(server: string): string {
  return server.replace(/^\w+:\/\//, '');
}
