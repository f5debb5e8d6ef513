import { kafkaClientOptions } from './kafka-client-properties.ts';
import {
  BASE_CONNECTION_OPTIONS,
  KAFKA_SECURITY_RULES,
  repeatedLoginProblems,
} from './kafka-security-options.ts';
import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

const CREATION = 'set topic.creation.default.<config> of the source';
const NO_WORKERS = 'there is no group of workers';
const HTTP = 'see the section http';
const ERRORS = 'Java classes cannot be loaded';

/** Where a topic of our own stands; the replication factor may be left to the broker. */
function replicationOption(name: string): Option {
  return {
    name,
    type: { kind: 'int', min: -1, max: 32_767 },
    default: '-1',
    doc: "Of that topic when it is created: -1 is the broker's default.replication.factor.",
  };
}

const CONNECTION_OPTIONS: readonly Option[] = [
  ...BASE_CONNECTION_OPTIONS,
  {
    name: 'client',
    type: { kind: 'enum', values: ['auto', 'kafkajs', 'platformatic'] },
    default: 'auto',
    doc: 'Client library; auto takes for each task the one that measured best.',
  },
  {
    name: 'client.id',
    type: { kind: 'string' },
    default: 'tidemark',
    doc: 'Name in the logs and quotas of the brokers.',
  },
  {
    name: 'request.timeout.ms',
    type: { kind: 'duration', min: 100 },
    default: '30s',
    doc: 'How long a broker may take for an answer.',
  },
  {
    name: 'socket.connection.setup.timeout.ms',
    type: { kind: 'duration', min: 100 },
    default: '10s',
    doc: 'How long a connection may take, TLS and login included.',
  },
  {
    name: 'metadata.max.age.ms',
    type: { kind: 'duration', min: 100 },
    default: '30s',
    doc: 'How often new topics and partitions are looked for.',
  },
];

const TOPIC_OPTIONS: readonly Option[] = [
  {
    name: 'group.id',
    type: { kind: 'string' },
    default: 'tidemark',
    doc:
      'Begins the transactional ids, `<group.id>-<name>-0`, as in Connect: to take over from ' +
      'a worker with exactly-once give its group.id, which fences it.',
  },
  {
    name: 'offset.storage.topic',
    type: { kind: 'string' },
    default: 'connect-offsets',
    doc: "Topic of source offsets, compacted, in Connect's format.",
  },
  {
    name: 'offset.storage.partitions',
    type: { kind: 'int', min: 1, max: 10_000 },
    default: '25',
    doc: 'Of that topic when it is created.',
  },
  replicationOption('offset.storage.replication.factor'),
  {
    name: 'state.storage.topic',
    type: { kind: 'string' },
    default: 'tidemark-state',
    doc: 'Topic of what is ours beside the records, compacted: one partition.',
  },
  replicationOption('state.storage.replication.factor'),
  {
    name: 'topic.creation.enable',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'Topics that are missing are created, as the topic.creation properties of the source say.',
  },
];

/** What a worker of Connect has beside it, so that its file can be used as it is. */
const WORKER_OPTIONS: readonly Option[] = [
  ...acceptedOptions({
    'config.storage.<property>': 'the pipeline file is the configuration',
    'status.storage.<property>': 'see tidemark status',
    'offset.storage.file.filename': 'offsets live in the topic offset.storage.topic',
    'offset.flush.interval.ms': 'offsets are written with the records',
    'offset.flush.timeout.ms': 'offsets are written with the records',
    'task.shutdown.graceful.timeout.ms': 'the section runtime has it',
    'plugin.path': ERRORS,
    'plugin.discovery': ERRORS,
    'exactly.once.source.support': 'exactly.once.support of the source decides',
    'connector.client.config.override.policy': 'all overrides are allowed',
    'topic.tracking.enable': 'see tidemark status',
    'topic.tracking.allow.reset': 'see tidemark status',
    listeners: HTTP,
    'admin.listeners': HTTP,
    'rest.<property>': HTTP,
    'listeners.https.<property>': HTTP,
    'access.control.allow.origin': HTTP,
    'access.control.allow.methods': HTTP,
    'response.http.headers.config': HTTP,
    'header.converter': 'headers are written as by SimpleHeaderConverter',
    'session.timeout.ms': NO_WORKERS,
    'heartbeat.interval.ms': NO_WORKERS,
    'rebalance.timeout.ms': NO_WORKERS,
    'worker.sync.timeout.ms': NO_WORKERS,
    'worker.unsync.backoff.ms': NO_WORKERS,
    'scheduled.rebalance.max.delay.ms': NO_WORKERS,
    'connect.protocol': NO_WORKERS,
    'inter.worker.<property>': NO_WORKERS,
    'metrics.<property>': 'see /metrics',
    'metric.reporters': 'see /metrics',
    'auto.include.jmx.reporter': 'there is no JMX; see /metrics',
    'client.dns.lookup': 'the client library decides',
    'connections.max.idle.ms': 'connections stay open',
    'retry.backoff.ms': 'the client library decides',
    'retry.backoff.max.ms': 'the client library decides',
    'reconnect.backoff.ms': 'the client library decides',
    'reconnect.backoff.max.ms': 'the client library decides',
    'send.buffer.bytes': 'the client library decides',
    'receive.buffer.bytes': 'the client library decides',
    'socket.connection.setup.timeout.max.ms': 'socket.connection.setup.timeout.ms decides',
  }),
  ...refusedOptions({
    'key.converter': 'set it in the section source',
    'key.converter.<property>': 'set it in the section source',
    'value.converter': 'set it in the section source',
    'value.converter.<property>': 'set it in the section source',
    'config.providers': '${env:…}, ${file:…} and ${dir:…} are always there',
    'config.providers.<property>': '${env:…}, ${file:…} and ${dir:…} are always there',
  }),
];

/** The section `transport` with `type: kafka`, without the type itself. */
export const KAFKA_TRANSPORT_OPTIONS: readonly Option[] = [
  {
    name: 'path',
    type: { kind: 'string' },
    doc:
      'Folder of what is not in Kafka: large transactions that are being read. Relative to the ' +
      'file; absent: `<name>-data`.',
  },
  ...CONNECTION_OPTIONS,
  ...TOPIC_OPTIONS,
  ...kafkaClientOptions('producer', 'producer.'),
  ...kafkaClientOptions('consumer', 'consumer.'),
  ...kafkaClientOptions('admin', 'admin.'),
  ...WORKER_OPTIONS,
  ...refusedOptions({
    'max.bytes': 'it is of the embedded log; the brokers have their own limits',
    partitions: 'set topic.creation.default.partitions of the source',
    'retention.ms': CREATION,
    'retention.bytes': CREATION,
    'cleanup.policy': CREATION,
  }),
];

/** Rules over several properties. */
export const KAFKA_TRANSPORT_RULES: readonly OptionRule[] = [
  ...KAFKA_SECURITY_RULES,
  {
    properties: ['bootstrap.servers'],
    check: (options) => serversProblem(options.list('bootstrap.servers')),
  },
  ...['group.id', 'offset.storage.topic', 'state.storage.topic'].map((name) => ({
    properties: [name],
    check: (options: ResolvedOptions) => topicNameProblem(options.string(name)),
  })),
  {
    properties: ['state.storage.topic', 'offset.storage.topic'],
    check: (options) =>
      options.string('state.storage.topic') === options.string('offset.storage.topic')
        ? 'must be another topic than offset.storage.topic'
        : undefined,
  },
  {
    properties: ['bootstrap.servers'],
    check: (options) =>
      ['producer.', 'consumer.', 'admin.'].flatMap((prefix) =>
        repeatedLoginProblems(options, options, prefix),
      )[0],
  },
  batchRule('producer.'),
];

/** Kafka's rule for names of topics, which serves for groups, too. */
export function topicNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..') return undefined;
  return 'may have only letters, digits, dot, underscore and hyphen, at most 249';
}

/** A batch that is larger than a request could never be sent. */
export function batchRule(prefix: string): OptionRule {
  const [batch, request] = [`${prefix}batch.size`, `${prefix}max.request.size`];
  return {
    properties: [batch, request],
    check: (options) => {
      const size = options.optionalNumber(batch);
      const largest = options.optionalNumber(request);
      return size !== undefined && largest !== undefined && size > largest
        ? `is larger than ${request}`
        : undefined;
    },
  };
}

function serversProblem(servers: readonly string[]): string | undefined {
  for (const server of servers) {
    const [, host, port] =
      /^(?:\w+:\/\/)?(\[[0-9a-f:.]+\]|[^\s:[\]/]+):(\d{1,5})$/i.exec(server) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
      return `must have host:port for each broker, and ${JSON.stringify(server)} is none`;
  }
  return undefined;
}
