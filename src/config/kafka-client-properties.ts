import { BASE_CONNECTION_OPTIONS } from './kafka-security-options.ts';
import { must } from '../foundation/assert.ts';
import type { Option, OptionType, OptionValue } from './option.ts';
import { parseOptionValue } from './option-value.ts';

/** Whose properties: Kafka's three clients. */
export type KafkaClientRole = 'producer' | 'consumer' | 'admin';

/** A property that has an effect; its default is applied where worker and connector are merged. */
interface Honoured {
  readonly type: OptionType;
  readonly default?: string;
  readonly doc: string;
}

/** What is known of the properties of one client. */
interface ClientProperties {
  readonly honoured: Readonly<Record<string, Honoured>>;
  readonly accepted: Readonly<Record<string, string>>;
  readonly refused: Readonly<Record<string, string>>;
}

const WORKER = 'the section transport has it for all clients';
const LIBRARY = 'the client library decides';
const JAVA = 'Java classes cannot be loaded';
const BYTES = 'records are bytes already: key.converter and value.converter make them';
const FIXED = 'it is made of group.id and the name of the connector';

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** What all three have; the section `transport` has those that mean something. */
const ALL_CLIENTS: ClientProperties = {
  honoured: {},
  accepted: {
    'client.id': WORKER,
    'request.timeout.ms': WORKER,
    'metadata.max.age.ms': WORKER,
    'socket.connection.setup.timeout.ms': WORKER,
    'socket.connection.setup.timeout.max.ms': WORKER,
    'default.api.timeout.ms': 'request.timeout.ms of the section transport decides',
    retries: 'delivery.timeout.ms decides, and errors.max.retries of the connector',
    'retry.backoff.ms': LIBRARY,
    'retry.backoff.max.ms': LIBRARY,
    'reconnect.backoff.ms': LIBRARY,
    'reconnect.backoff.max.ms': LIBRARY,
    'connections.max.idle.ms': 'connections stay open',
    'send.buffer.bytes': LIBRARY,
    'receive.buffer.bytes': LIBRARY,
    'client.dns.lookup': LIBRARY,
    'auto.include.jmx.reporter': 'there is no JMX; see /metrics',
    'metric.reporters': 'see /metrics',
    'metrics.num.samples': 'see /metrics',
    'metrics.recording.level': 'see /metrics',
    'metrics.sample.window.ms': 'see /metrics',
    'enable.metrics.push': 'see /metrics',
    'metadata.recovery.strategy': 'bootstrap.servers are always tried again',
    'metadata.recovery.rebootstrap.trigger.ms': 'bootstrap.servers are always tried again',
  },
  refused: {
    'interceptor.classes': JAVA,
    'config.providers': '${env:…}, ${file:…} and ${dir:…} are always there',
  },
};

const PRODUCER: ClientProperties = {
  honoured: {
    acks: {
      type: {
        kind: 'enum',
        values: ['all'],
        aliases: { '-1': 'all' },
        refused: {
          '0': 'a record that is not acknowledged may be lost; use all',
          '1': 'a record that only the leader has may be lost; use all',
        },
      },
      doc: 'Always all in-sync replicas.',
    },
    'enable.idempotence': {
      type: {
        kind: 'enum',
        values: ['true'],
        refused: { false: 'retries would double and reorder records; leave it true' },
      },
      doc: 'Always: retries neither double nor reorder records.',
    },
    'compression.type': {
      type: { kind: 'enum', values: COMPRESSIONS },
      default: 'none',
      doc: 'How batches are compressed.',
    },
    'batch.size': {
      type: { kind: 'bytes', min: 1024, max: 64 * 1024 ** 2 },
      default: '512kb',
      doc: 'Largest batch of one partition, before compression; at most max.request.size.',
    },
    'linger.ms': {
      type: { kind: 'duration', min: 0, max: 60_000 },
      default: '5',
      doc: 'How long records wait for more while the producer has nothing else to do.',
    },
    'max.request.size': {
      type: { kind: 'bytes', min: 1024, max: 1024 ** 3 },
      default: '1mb',
      doc:
        'Largest record, and largest request of one partition, before compression. The topic ' +
        'must take it: max.message.bytes.',
    },
    'max.in.flight.requests.per.connection': {
      type: { kind: 'int', min: 1, max: 5 },
      default: '5',
      doc: 'Requests under way to a broker; the order of a key is kept with any number.',
    },
    'delivery.timeout.ms': {
      type: { kind: 'duration', min: 1000 },
      default: '120s',
      doc: 'How long a record is tried; then the task starts again from its stored offset.',
    },
    'transaction.timeout.ms': {
      type: { kind: 'duration', min: 1000 },
      default: '60s',
      doc: 'With transactions: when the broker gives up one that nobody ends.',
    },
  },
  accepted: {
    'max.block.ms': 'delivery.timeout.ms decides',
    'buffer.memory': 'the buffers of the pipeline are bounded already',
    'compression.gzip.level': LIBRARY,
    'compression.lz4.level': LIBRARY,
    'compression.zstd.level': LIBRARY,
    'metadata.max.idle.ms': LIBRARY,
    'partitioner.adaptive.partitioning.enable': 'records without key go round robin',
    'partitioner.availability.timeout.ms': 'records without key go round robin',
    'key.serializer': BYTES,
    'value.serializer': BYTES,
  },
  refused: {
    'partitioner.class': "the partition is Java's murmur2 of the key; use PartitionRouting",
    'partitioner.ignore.keys': 'the order of a key would be lost',
    'transactional.id': FIXED,
    'transaction.two.phase.commit.enable': 'records and offsets are one transaction of Kafka',
  },
};

const CONSUMER: ClientProperties = {
  honoured: {
    'group.id': {
      type: { kind: 'string' },
      doc: 'Group of the sink; absent: `connect-<name>`, as Connect has it.',
    },
    'isolation.level': {
      type: { kind: 'enum', values: ['read_committed', 'read_uncommitted'] },
      default: 'read_committed',
      doc: 'read_uncommitted also applies records of transactions that are undone.',
    },
    'auto.offset.reset': {
      type: {
        kind: 'enum',
        values: ['earliest', 'latest'],
        refused: { none: 'use earliest or latest' },
      },
      default: 'earliest',
      doc: 'Where a sink begins that has read nothing yet.',
    },
    'fetch.max.bytes': {
      type: { kind: 'bytes', min: 1024, max: 1024 ** 3 },
      default: '50mb',
      doc: 'Most that one fetch brings.',
    },
    'max.partition.fetch.bytes': {
      type: { kind: 'bytes', min: 1024, max: 1024 ** 3 },
      default: '1mb',
      doc: 'Most that one fetch brings of one partition; a larger record comes all the same.',
    },
    'session.timeout.ms': {
      type: { kind: 'duration', min: 1000 },
      default: '45s',
      doc: 'Silence after which the group takes the partitions from a member.',
    },
    'heartbeat.interval.ms': {
      type: { kind: 'duration', min: 100 },
      default: '3s',
      doc: 'How often a member tells that it is alive.',
    },
    'max.poll.interval.ms': {
      type: { kind: 'duration', min: 1000 },
      default: '5m',
      doc: 'How long a rebalance waits for members that still apply what they have read.',
    },
  },
  accepted: {
    'max.poll.records': 'a sink takes as many as its batch.size asks for',
    'fetch.min.bytes': 'records are fetched as they come',
    'fetch.max.wait.ms': 'records are fetched as they come',
    'enable.auto.commit': 'offsets are committed when the target has the records',
    'auto.commit.interval.ms': 'offsets are committed when the target has the records',
    'allow.auto.create.topics': 'a consumer never creates topics',
    'exclude.internal.topics': 'internal topics are never read',
    'check.crcs': 'always on',
    'client.rack': 'records are fetched from the leader',
    'group.instance.id': 'members are dynamic',
    'group.protocol': 'the classic protocol, which every broker has',
    'group.remote.assignor': 'the classic protocol, which every broker has',
    'partition.assignment.strategy': LIBRARY,
    'key.deserializer': BYTES,
    'value.deserializer': BYTES,
  },
  refused: {},
};

const PROPERTIES: Readonly<Record<KafkaClientRole, ClientProperties>> = {
  producer: merged(PRODUCER),
  consumer: merged(CONSUMER),
  admin: merged({ honoured: {}, accepted: {}, refused: {} }),
};

function merged(own: ClientProperties): ClientProperties {
  return {
    honoured: own.honoured,
    accepted: { ...ALL_CLIENTS.accepted, ...own.accepted },
    refused: { ...ALL_CLIENTS.refused, ...own.refused },
  };
}

/** The default of a property that has an effect, as its type has it. */
export function kafkaClientDefault(role: KafkaClientRole, name: string): OptionValue {
  const { type, default: text } = must(PROPERTIES[role].honoured[name], `${role} has ${name}`);
  const parsed = parseOptionValue(type, must(text, `${name} has a default`));
  return parsed.kind === 'value' ? parsed.value : undefined;
}

/**
 * The properties of a client behind a prefix: `producer.` of the worker, `producer.override.` of a
 * connector. One that nobody knows is warned of with the nearest name, as any other.
 */
export function kafkaClientOptions(
  role: KafkaClientRole,
  prefix: string,
  onEmbedded?: string,
): readonly Option[] {
  const { honoured, accepted, refused } = PROPERTIES[role];
  const listedAs = `${prefix}<property>`;
  const shared = { listedAs, ...(onEmbedded === undefined ? {} : { onEmbedded }) };
  const text: OptionType = { kind: 'string' };
  const settled = (reasons: Readonly<Record<string, string>>, status: 'accepted' | 'refused') =>
    Object.entries(reasons).map(([name, reason]): Option => ({
      ...shared,
      name: `${prefix}${name}`,
      type: text,
      doc: `${status === 'accepted' ? 'Accepted without effect' : 'Refused'}: ${reason}.`,
      status,
      reason,
    }));
  return [
    ...Object.entries(honoured).map(([name, { type, default: initial, doc }]): Option => ({
      ...shared,
      name: `${prefix}${name}`,
      type,
      doc: initial === undefined ? doc : `${doc} Default ${initial}.`,
    })),
    // One login serves all clients: what is repeated is compared.
    ...BASE_CONNECTION_OPTIONS.map(
      ({ default: _default, required: _required, ...option }): Option => ({
        ...option,
        ...shared,
        name: `${prefix}${option.name}`,
        secret: true,
        doc: `May repeat ${option.name} of the section transport.`,
      }),
    ),
    ...settled(accepted, 'accepted'),
    ...settled(refused, 'refused'),
  ];
}

/** Names, defaults and meanings of what has an effect, for the reference. */
export function honouredClientProperties(role: KafkaClientRole): readonly Option[] {
  return Object.entries(PROPERTIES[role].honoured).map(
    ([name, { type, default: initial, doc }]) => ({
      name,
      type,
      doc,
      ...(initial === undefined ? {} : { default: initial }),
    }),
  );
}
