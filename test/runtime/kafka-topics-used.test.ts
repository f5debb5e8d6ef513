import { expect, test } from 'vitest';
import { kafkaTopicsUsed } from '../../src/runtime/kafka-topics-used.ts';
import { INTEGER, keyedTable } from '../support/keyed-table.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const ORDERS = keyedTable(INTEGER, { id: { catalog: 'shop', schema: 'public', table: 'orders' } });

/** `name: operations` each. */
function used(
  source: Readonly<Record<string, unknown>> = {},
  transport: Readonly<Record<string, unknown>> = {},
  sinks: readonly unknown[] = [],
) {
  const kafka = { type: 'kafka', 'bootstrap.servers': 'b:9092', ...transport };
  return kafkaTopicsUsed(parsedPipeline({ transport: kafka, source, sinks }), [ORDERS]);
}

function texts(topics: ReturnType<typeof used>): readonly string[] {
  return topics.map(({ spec, operations }) => `${spec.name}: ${operations.join()}`);
}

test('a source writes rows and heartbeats, and keeps offsets and state', () => {
  expect(texts(used())).toEqual([
    'shop.public.orders: WRITE,DESCRIBE_CONFIGS',
    '__debezium-heartbeat.shop: WRITE,DESCRIBE_CONFIGS',
    'connect-offsets: READ,WRITE,DESCRIBE_CONFIGS',
    'tidemark-state: READ,WRITE,DESCRIBE_CONFIGS',
  ]);
});

test('a sink reads what the source writes', () => {
  const sink = { name: 'd', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' };
  expect(texts(used({}, {}, [sink]))[0]).toBe('shop.public.orders: WRITE,DESCRIBE_CONFIGS,READ');
});

test('what is switched on has its topic, with the rules of its name', () => {
  const topics = used(
    {
      'heartbeat.interval.ms': 0,
      'provide.transaction.metadata': true,
      'notification.enabled.channels': 'sink',
      'notification.sink.topic.name': 'notices',
      'signal.enabled.channels': 'kafka',
      'producer.record.too.large': 'dead_letter',
      'producer.record.too.large.topic.name': 'too-large',
      'offsets.storage.topic': 'own-offsets',
      'topic.creation.groups': 'rest',
      'topic.creation.rest.include': '(?!shop\\.).*',
      'topic.creation.rest.partitions': 7,
      'topic.creation.default.partitions': 2,
    },
    { 'offset.storage.partitions': 5, 'offset.storage.replication.factor': 3 },
  );
  expect(topics.map(({ spec, isStorage }) => [spec.name, spec.partitions, isStorage])).toEqual([
    ['shop.public.orders', 2, false],
    ['shop.transaction', 2, false],
    ['notices', 7, false],
    ['too-large', 7, false],
    ['shop-signal', 7, false],
    ['own-offsets', 5, true],
    ['tidemark-state', 1, true],
  ]);
  expect(topics.at(-2)?.spec).toMatchObject({
    replicationFactor: 3,
    configs: { 'cleanup.policy': 'compact' },
  });
});

test('a source of binlogs tells its statements, and keeps their history for ever', () => {
  const used = kafkaTopicsUsed(
    parsedPipeline({
      transport: { type: 'kafka', 'bootstrap.servers': 'localhost:9092' },
      source: { 'connector.class': 'mysql', 'database.dbname': undefined },
    }),
    [],
  );
  const of = (name: string): unknown => used.find(({ spec }) => spec.name === name);
  expect(of('shop')).toMatchObject({ operations: ['WRITE', 'DESCRIBE_CONFIGS'] });
  expect(of('__tidemark.history.shop')).toMatchObject({
    spec: { partitions: 1, configs: { 'retention.ms': '-1' } },
    operations: ['READ', 'WRITE', 'DESCRIBE_CONFIGS'],
  });
});

test('names that transforms make are not guessed', () => {
  const renamed = used({
    transforms: 'route',
    'transforms.route.type': 'RegexRouter',
    'transforms.route.regex': 'x',
    'transforms.route.replacement': 'y',
  });
  expect(texts(renamed)[0]).toContain('__debezium-heartbeat.shop');
});

test('a channel of alerts has its topic, of one partition whatever the rules say', () => {
  const config = parsedPipeline({
    transport: { type: 'kafka', 'bootstrap.servers': 'b:9092' },
    source: { 'topic.creation.default.partitions': 9 },
    alerts: [{ type: 'topic' }, { type: 'topic', name: 'more', topic: 'alerts' }],
  });
  const topics = kafkaTopicsUsed(config, []).filter(({ spec }) => /alerts/.test(spec.name));
  expect(texts(topics)).toEqual([
    '__tidemark.alerts.shop: WRITE,DESCRIBE_CONFIGS',
    'alerts: WRITE,DESCRIBE_CONFIGS',
  ]);
  expect(topics.map(({ spec }) => spec.partitions)).toEqual([1, 1]);
});
