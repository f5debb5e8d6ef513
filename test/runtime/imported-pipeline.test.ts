import { expect, test } from 'vitest';
import type { DebeziumConnector } from '../../src/runtime/debezium-connector.ts';
import type { ImportedTransport } from '../../src/runtime/imported-pipeline.ts';
import { importedPipeline } from '../../src/runtime/imported-pipeline.ts';

const CONFIG = {
  name: 'orders',
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'topic.prefix': 'shop',
  'database.hostname': 'db',
  'database.port': '5433',
  'database.user': 'debezium',
  'database.password': 'pa"ss: ${not a reference}',
  'database.dbname': 'shop',
  'plugin.name': 'pgoutput',
  'slot.name': 'orders_slot',
  'table.include.list': 'public\\.order.*',
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

const EMBEDDED = { bootstrapServers: undefined, offsetsTopic: undefined };

function imported(
  config: Readonly<Record<string, string>>,
  worker: Readonly<Record<string, string>> = {},
  transport: ImportedTransport = EMBEDDED,
) {
  const connector: DebeziumConnector = {
    name: 'orders',
    config: {
      ...CONFIG,
      ...config,
    },
    worker,
    state: 'STOPPED',
    tasks: 0,
    offset: null,
    origin: 'http://connect:8083',
    stop: null,
  };
  return importedPipeline(connector, transport, 'orders.yaml', {});
}

test('the pipeline has what the connector had, and no secret', () => {
  const { text, secrets, config, leftOut, problems, remarks } = imported({});
  expect(problems).toEqual([]);
  expect({ leftOut, remarks }).toEqual({ leftOut: [], remarks: [] });
  expect(secrets).toEqual(['ORDERS_DATABASE_PASSWORD']);
  expect(text).toContain('database.password: "${env:ORDERS_DATABASE_PASSWORD}"');
  expect(text).not.toContain('pa"ss');
  expect(config?.name).toBe('orders');
  expect(config?.transportType).toBe('embedded');
  const options = config?.source.options;
  expect(options?.string('database.password')).toBe(CONFIG['database.password']);
  expect(options?.string('slot.name')).toBe('orders_slot');
  expect(text).toContain('database.port: 5433');
  expect(text).toContain(String.raw`table.include.list: "public\\.order.*"`);
});

test('what is not supported or means nothing stands as a comment with its reason', () => {
  const { text, leftOut, config, problems } = imported({
    'tasks.max': '1',
    'slot.failover': 'false',
    'database.sslfactory': 'org.example.Factory',
  });
  expect(problems).toEqual([]);
  expect(config).not.toBeNull();
  const names = leftOut.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, reason } of leftOut) {
    expect(text).toContain(`# left out, ${name}: ${reason.replaceAll(/\s+/g, ' ')}`);
    expect(text).not.toMatch(new RegExp(`^  ${name.replaceAll('.', '\\.')}:`, 'm'));
  }
  expect(names).toContain('database.sslfactory');
});

test.each([
  ['heartbeat.interval.ms', 'often'],
  ['plugin.name', 'wal2json'],
  ['value.converter', 'io.confluent.connect.protobuf.ProtobufConverter'],
])('a value that is wrong or not supported is a problem, not left out: %s', (name, value) => {
  const { problems, config, text, leftOut } = imported({ [name]: value });
  expect(config).toBeNull();
  expect(problems.map(({ message }) => message).join()).toContain(`source: ${name}: `);
  expect(text).toContain(`${name}: ${value}`);
  expect(leftOut).toEqual([]);
});

test('a secret that refers to a provider stays as it is', () => {
  const { text, secrets } = imported({ 'database.password': '${env:PG_PASSWORD}' });
  expect(text).toContain('database.password: "${env:PG_PASSWORD}"');
  expect(secrets).toEqual([]);
});

test("on Kafka the worker's connection, offsets topic and converters are the pipeline's", () => {
  const { 'key.converter': _key, 'value.converter': _value, ...config } = CONFIG;
  const connector: DebeziumConnector = {
    name: 'orders',
    config,
    state: null,
    tasks: 0,
    offset: null,
    origin: 'f',
    stop: null,
    worker: {
      'bootstrap.servers': 'kafka:9092',
      'offset.storage.topic': 'my-offsets',
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': 'PLAIN',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
        'username="u" password="hidden";',
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
      'group.id': 'workers',
    },
  };
  const {
    text,
    config: made,
    secrets,
    remarks,
    problems,
  } = importedPipeline(connector, EMBEDDED, 'orders.yaml', {});
  expect(problems).toEqual([]);
  expect(made?.transportType).toBe('kafka');
  expect(made?.transport.string('offset.storage.topic')).toBe('my-offsets');
  expect(text).not.toContain('hidden');
  expect(secrets).toEqual(['ORDERS_SASL_JAAS_CONFIG', 'ORDERS_DATABASE_PASSWORD']);
  expect(text).toContain('value.converter.schemas.enable: false');
  expect(text).not.toContain('workers');
  expect(remarks).toEqual([expect.stringContaining('must be stopped')]);
});

test('what a worker gave exactly once stays so, and a task of its that hangs is shut out', () => {
  const worker = { 'bootstrap.servers': 'kafka:9092', 'group.id': 'workers' };
  const once = { ...worker, 'exactly.once.source.support': 'enabled' };
  const { config, problems } = imported({ 'exactly.once.support': 'requested' }, once);
  expect(problems).toEqual([]);
  expect(config?.transport.string('group.id')).toBe('workers');
  expect(config?.source.options.string('exactly.once.support')).toBe('required');
  const without = imported({}, worker).config;
  expect(without?.transport.string('group.id')).toBe('tidemark');
  expect(without?.source.options.string('exactly.once.support')).toBe('requested');
});

test('private keys of the worker and logins inside of URLs do not stand in the file', () => {
  const worker = {
    'bootstrap.servers': 'kafka:9092',
    'producer.ssl.keystore.key': 'PRIVATE 1',
    'consumer.ssl.keystore.key': 'PRIVATE 2',
    'ssl.keystore.key': 'PRIVATE 3',
  };
  const avro = {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.basic.auth.credentials.source': 'URL',
    'value.converter.schema.registry.url': 'http://a:8081,http://u:pw@b:8081',
  };
  const { text, secrets } = imported(avro, worker);
  expect(text).not.toMatch(/PRIVATE|pw@/);
  expect(text).toContain('credentials.source: URL');
  expect(secrets).toEqual([
    'ORDERS_PRODUCER_SSL_KEYSTORE_KEY',
    'ORDERS_CONSUMER_SSL_KEYSTORE_KEY',
    'ORDERS_SSL_KEYSTORE_KEY',
    'ORDERS_DATABASE_PASSWORD',
    'ORDERS_VALUE_CONVERTER_SCHEMA_REGISTRY_URL',
  ]);
  const plain = imported({ ...avro, 'value.converter.schema.registry.url': 'http://a:8081' });
  expect(plain.text).toContain('schema.registry.url: "http://a:8081"');
});

test('who moves from Kafka to a standalone file gets the embedded log', () => {
  const worker = { 'bootstrap.servers': 'kafka:9092', 'offset.storage.file.filename': 'x' };
  expect(imported({}, worker).config?.transportType).toBe('embedded');
});

test('what cannot be seen is said', () => {
  const { 'plugin.name': _plugin, 'value.converter': _value, ...config } = CONFIG;
  const connector: DebeziumConnector = {
    name: 'orders',
    config,
    worker: {},
    state: 'STOPPED',
    tasks: 0,
    offset: null,
    origin: 'f',
    stop: null,
  };
  const { remarks, text } = importedPipeline(connector, EMBEDDED, 'orders.yaml', {});
  expect(remarks).toHaveLength(2);
  for (const remark of remarks) expect(text).toContain(`# ATTENTION: ${remark}`);
});
