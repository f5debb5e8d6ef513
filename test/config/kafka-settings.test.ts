import { describe, expect, test } from 'vitest';
import {
  consumerSettings,
  exactlyOnceSettings,
  kafkaSettings,
  offsetsTopic,
  producerSettings,
} from '../../src/config/kafka-settings.ts';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';

type Properties = Readonly<Record<string, unknown>>;

function pipeline(transport: Properties, source: Properties = {}, sink: Properties = {}) {
  const text = JSON.stringify({
    name: 'shop',
    transport: {
      type: 'kafka',
      'bootstrap.servers': 'a:9092, SASL_SSL://[::1]:9093',
      ...transport,
    },
    source: {
      'connector.class': 'postgres',
      'database.hostname': 'localhost',
      'database.dbname': 'shop',
      'database.user': 'u',
      'topic.prefix': 'shop',
      ...source,
    },
    sinks: [
      { name: 'dwh', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d', ...sink },
    ],
  });
  return parsePipeline(text, '/etc/tidemark/shop.yaml', {});
}

function sinkSettings(config: PipelineConfig) {
  const [sink] = config.sinks;
  if (sink === undefined) throw new Error('no sink');
  return consumerSettings(config.transport, sink.options, sink.name);
}

test('servers are enough', () => {
  const { transport, source, transportType, storePath } = pipeline({});
  expect([transportType, storePath]).toEqual(['kafka', '/etc/tidemark/shop-data']);
  expect(kafkaSettings(transport)).toEqual({
    bootstrapServers: ['a:9092', '[::1]:9093'],
    client: 'auto',
    clientId: 'tidemark',
    groupId: 'tidemark',
    requestTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    metadataMaxAgeMs: 30_000,
    offsets: { name: 'connect-offsets', partitions: 25, replicationFactor: -1 },
    state: { name: 'tidemark-state', partitions: 1, replicationFactor: -1 },
    createTopics: true,
  });
  expect(producerSettings(transport, source.options)).toEqual({
    compression: 'none',
    batchBytes: 512 * 1024,
    lingerMs: 5,
    maxRequestBytes: 1024 ** 2,
    maxInFlight: 5,
    deliveryTimeoutMs: 120_000,
    transactionTimeoutMs: 60_000,
    tooLargeTopic: null,
  });
  expect(sinkSettings(pipeline({}))).toEqual({
    group: 'connect-dwh',
    isolation: 'read_committed',
    startAt: 'earliest',
    sessionTimeoutMs: 45_000,
    heartbeatIntervalMs: 3000,
    rebalanceTimeoutMs: 300_000,
    fetchMaxBytes: 50 * 1024 ** 2,
    partitionFetchBytes: 1024 ** 2,
  });
});

test('at least once unless exactly once is required; the id is that of Connect', () => {
  const settings = (source: Properties) => {
    const config = pipeline({ 'group.id': 'workers' }, source);
    return exactlyOnceSettings(config.transport, config.source.options, config.name);
  };
  expect(settings({})).toEqual({ transactionalId: null, boundary: 'poll', intervalMs: 1000 });
  expect(
    settings({
      'exactly.once.support': 'required',
      'transaction.boundary': 'INTERVAL',
      'transaction.boundary.interval.ms': '250ms',
    }),
  ).toEqual({ transactionalId: 'workers-shop-0', boundary: 'interval', intervalMs: 250 });
});

test("the connector's own wins over the worker's, and that over the default", () => {
  const config = pipeline(
    {
      'producer.compression.type': 'lz4',
      'producer.linger.ms': 50,
      'producer.max.request.size': '64kb',
      'consumer.isolation.level': 'read_uncommitted',
      'consumer.group.id': 'of-the-worker',
    },
    {
      'producer.override.linger.ms': 0,
      'producer.override.acks': -1,
      'producer.record.too.large': 'dead_letter',
      'producer.record.too.large.topic.name': 'too-large',
      'offsets.storage.topic': 'own-offsets',
    },
    { 'consumer.override.auto.offset.reset': 'latest', 'consumer.override.group.id': 'g' },
  );
  const { transport, source } = config;
  expect(producerSettings(transport, source.options)).toMatchObject({
    compression: 'lz4',
    lingerMs: 0,
    // No batch is larger than a request may be.
    batchBytes: 65_536,
    maxRequestBytes: 65_536,
    tooLargeTopic: 'too-large',
  });
  expect(sinkSettings(config)).toMatchObject({
    group: 'g',
    isolation: 'read_uncommitted',
    startAt: 'latest',
  });
  expect(offsetsTopic(transport, source.options).name).toBe('own-offsets');
  expect(offsetsTopic(transport, pipeline({}).source.options).name).toBe('connect-offsets');
  expect(config.warnings).toEqual([]);
});

describe('what would change the outcome is refused', () => {
  const jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="a"';
  test.each<[Properties, Properties, Properties, RegExp]>([
    [{ 'bootstrap.servers': 'a' }, {}, {}, /must have host:port for each broker, and "a" is none/],
    [{ 'producer.acks': 1 }, {}, {}, /"1" is not supported: a record that only the leader/],
    [{}, { 'producer.override.acks': 0 }, {}, /producer\.override\.acks: "0" is not supported/],
    [{}, { 'producer.override.enable.idempotence': false }, {}, /would double and reorder/],
    [{}, { 'producer.override.max.in.flight.requests.per.connection': 6 }, {}, /1 to 5/],
    [{}, { 'producer.override.partitioner.class': 'x' }, {}, /murmur2 of the key/],
    [
      {},
      { 'producer.override.batch.size': '2mb', 'producer.override.max.request.size': '1mb' },
      {},
      /batch\.size is larger than producer\.override\.max\.request\.size/,
    ],
    [{}, { 'producer.override.interceptor.classes': 'x' }, {}, /Java classes cannot be loaded/],
    [{}, { 'producer.override.bootstrap.servers': 'b:1' }, {}, /differs from bootstrap\.servers/],
    [{ 'producer.security.protocol': 'SSL' }, {}, {}, /producer\.security\.protocol differs/],
    [{}, {}, { 'consumer.override.auto.offset.reset': 'none' }, /use earliest or latest/],
    [
      {},
      {},
      {
        'consumer.override.heartbeat.interval.ms': '9s',
        'consumer.override.session.timeout.ms': '10s',
      },
      /must be at most half of/,
    ],
    [{}, { 'topic.creation.groups': 'a' }, {}, /topic\.creation\.groups has a, which lacks/],
    [{}, { 'producer.record.too.large': 'dead_letter' }, {}, /needs producer\.record\.too\.large/],
    [{ 'state.storage.topic': 'connect-offsets' }, {}, {}, /must be another topic/],
    [{ 'offset.storage.topic': 'a b' }, {}, {}, /may have only letters/],
    [{ 'max.bytes': '1gb' }, {}, {}, /it is of the embedded log/],
    [{ 'sasl.mechanism': 'PLAIN' }, {}, {}, /security\.protocol is PLAINTEXT: set it to SASL_SSL/],
    [{ 'security.protocol': 'SASL_SSL' }, {}, {}, /sasl\.mechanism is required with SASL_SSL/],
    [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'GSSAPI' }, {}, {}, /use SCRAM-SHA-512/],
    [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, {}, {}, /needs sasl\.jaas/],
    [
      {
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `${jaas};`,
      },
      {},
      {},
      /sasl\.jaas\.config has no password/,
    ],
    [{ 'ssl.truststore.type': 'JKS' }, {}, {}, /keytool -importkeystore .* -deststoretype PKCS12/],
    [{ 'ssl.keystore.key': 'k' }, {}, {}, /ssl\.keystore\.certificate\.chain belong together/],
    [{ 'ssl.enabled.protocols': 'TLSv1.1' }, {}, {}, /may have TLSv1\.2 and TLSv1\.3 only/],
    [{ 'ssl.cipher.suites': 'x' }, {}, {}, /limit them on the brokers/],
  ])('%j %j %j', (transport, source, sink, message) => {
    expect(() => pipeline(transport, source, sink)).toThrow(message);
  });
});

test('what is meaningless is noted, and a slip gets the nearest name', () => {
  const { warnings } = pipeline(
    { 'config.storage.topic': 'c', 'producer.buffer.memory': 1 },
    { 'producer.override.lingr.ms': 3 },
    { 'consumer.override.max.poll.records': 10 },
  );
  expect(warnings).toEqual([
    expect.stringMatching(/config\.storage\.topic has no effect: the pipeline file is/),
    expect.stringMatching(/producer\.buffer\.memory has no effect/),
    expect.stringMatching(
      /producer\.override\.lingr\.ms is not a known property; did you mean prod/,
    ),
    expect.stringMatching(/consumer\.override\.max\.poll\.records has no effect: a sink takes/),
  ]);
});

test('a login that a client only repeats is taken; blanks in lists do not count', () => {
  const login = {
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'PLAIN',
    'sasl.jaas.config': 'x.PlainLoginModule required username="a" password="b";',
  };
  const repeated: Record<string, string> = {};
  for (const [name, value] of Object.entries(login)) repeated[`producer.${name}`] = value;
  const config = pipeline(
    { ...login, ...repeated },
    { 'producer.override.bootstrap.servers': 'a:9092,SASL_SSL://[::1]:9093' },
  );
  expect(config.warnings).toEqual([]);
});

test('an empty identification algorithm switches the comparison of host names off', () => {
  const read = (value: unknown) =>
    pipeline({ 'ssl.endpoint.identification.algorithm': value }).transport.string(
      'ssl.endpoint.identification.algorithm',
    );
  expect([read(''), read('HTTPS'), read('none')]).toEqual(['none', 'https', 'none']);
});
