import { expect, test } from 'vitest';
import { sinkOptionsOf } from '../../src/runtime/sink-options.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function optionsOf(connectorClass: string, more: Record<string, unknown> = {}): SqlSinkOptions {
  const sink = {
    name: 'dwh',
    'connector.class': connectorClass,
    'connection.url': 'postgres://h/d',
    ...more,
  };
  const [connector] = parsedPipeline({ sinks: [sink] }).sinks;
  if (connector === undefined) throw new Error('there is one sink');
  return sinkOptionsOf(connector);
}

test.each(['jdbc', 'postgres'])('%s: exactly-once upserts, schema followed', (name) => {
  expect(optionsOf(name, { 'connection.user': 'u' })).toMatchObject({
    name: 'dwh',
    user: 'u',
    insertMode: 'upsert',
    primaryKeyMode: 'record_key',
    deleteEnabled: true,
    truncateEnabled: true,
    schemaEvolution: { create: true, evolve: true },
    tableNameFormat: '${source.schema}.${source.table}',
    quoteIdentifiers: true,
  });
});

test('a SQLite file has no schemas: tables are called as in the source, one for each topic', () => {
  const url = { 'connection.url': 'jdbc:sqlite:/data/shop.db' };
  const own = { defaultSchema: 'main', offsetsSchema: 'main', topicDots: 'underscore' };
  expect(optionsOf('sqlite', url)).toMatchObject({
    ...own,
    tableNameFormat: '${source.table}',
    tablePerTopic: true,
  });
  const format = { 'table.name.format': '${source.schema}_${source.table}' };
  expect(optionsOf('jdbc', { ...url, ...format })).toMatchObject({
    ...own,
    tableNameFormat: format['table.name.format'],
    tablePerTopic: false,
  });
  const confluent = 'io.confluent.connect.jdbc.JdbcSinkConnector';
  expect(optionsOf(confluent, url)).toMatchObject({
    ...own,
    tableNameFormat: '${topic}',
    tablePerTopic: false,
  });
});

test('deleted rows that stay, and what is told of changes', () => {
  const set = { 'delete.mode': 'soft', 'metadata.columns': 'op, tx_id,op' };
  expect(optionsOf('jdbc', set)).toMatchObject({
    deleteMode: 'soft',
    metadataColumns: ['op', 'tx_id'],
  });
  expect(optionsOf('jdbc')).toMatchObject({ deleteMode: 'hard', metadataColumns: [] });
});

test("Confluent's names and defaults", () => {
  const name = 'io.confluent.connect.jdbc.JdbcSinkConnector';
  expect(optionsOf(name)).toMatchObject({
    insertMode: 'insert',
    primaryKeyMode: 'none',
    deleteEnabled: false,
    schemaEvolution: { create: false, evolve: false },
    tableNameFormat: '${topic}',
    topicDots: 'qualify',
    batchRows: 3000,
  });
  const set = { 'pk.mode': 'record_key', 'pk.fields': 'a,b', 'auto.create': true };
  expect(optionsOf(name, set)).toMatchObject({
    primaryKeyMode: 'record_key',
    primaryKeyFields: ['a', 'b'],
    schemaEvolution: { create: true, evolve: false },
  });
});

test("Debezium's names and defaults", () => {
  const name = 'io.debezium.connector.jdbc.JdbcSinkConnector';
  expect(optionsOf(name, { 'connection.username': 'u' })).toMatchObject({
    user: 'u',
    insertMode: 'insert',
    topicDots: 'underscore',
    quoteIdentifiers: false,
    batchRows: 500,
  });
  const set = { 'schema.evolution': 'basic', 'primary.key.mode': 'record_key' };
  expect(optionsOf(name, set)).toMatchObject({
    primaryKeyMode: 'record_key',
    schemaEvolution: { create: true, evolve: true },
  });
});

test("Debezium's naming strategies, by its class names", () => {
  const name = 'io.debezium.connector.jdbc.JdbcSinkConnector';
  const strategy = (java: string): Record<string, string> => ({
    'collection.naming.strategy': `io.debezium.${java}CollectionNamingStrategy`,
    'column.naming.strategy': 'io.debezium.connector.jdbc.naming.DefaultColumnNamingStrategy',
  });
  const passed = optionsOf(name, strategy('sink.naming.Passthrough'));
  expect(passed).toMatchObject({ tableNameFormat: '${topic}', topicDots: 'qualify' });
  const usual = optionsOf(name, strategy('sink.naming.Default'));
  expect(usual).toMatchObject({ tableNameFormat: '${topic}', topicDots: 'underscore' });
});

test('properties of the driver are parameters of the URL', () => {
  const set = { 'connection.sslmode': 'require', 'connection.user': 'u', 'connection.attempts': 3 };
  for (const name of ['jdbc', 'io.confluent.connect.jdbc.JdbcSinkConnector']) {
    expect(optionsOf(name, set).connectionUrl).toBe('postgres://h/d?sslmode=require');
  }
});

test('lists of fields, by whatever name', () => {
  const debezium = 'io.debezium.connector.jdbc.JdbcSinkConnector';
  expect(optionsOf('jdbc').fields).toBeNull();
  expect(optionsOf('jdbc', { 'fields.whitelist': 'a,b' }).fields).toEqual({
    kind: 'include',
    entries: [
      { topic: null, field: 'a' },
      { topic: null, field: 'b' },
    ],
  });
  expect(optionsOf(debezium, { 'field.include.list': 't:a,b' }).fields).toEqual({
    kind: 'include',
    entries: [
      { topic: 't', field: 'a' },
      { topic: null, field: 'b' },
    ],
  });
  expect(optionsOf('jdbc', { 'field.exclude.list': ['t:a'] }).fields).toEqual({
    kind: 'exclude',
    entries: [{ topic: 't', field: 'a' }],
  });
});

test.each([
  ['jdbc', false],
  ['io.confluent.connect.jdbc.JdbcSinkConnector', true],
  ['io.debezium.connector.jdbc.JdbcSinkConnector', false],
])('%s writes nulls as defaults: %s', (name, expected) => {
  expect(optionsOf(name).nullsAsDefaults).toBe(expected);
  const other = { 'replace.null.with.default': !expected };
  expect(optionsOf(name, other).nullsAsDefaults).toBe(!expected);
});

test('schema.evolution=none-validated requires the tables that topics names', () => {
  const name = 'io.debezium.connector.jdbc.JdbcSinkConnector';
  const requiredTopics = (more: Record<string, unknown>): readonly string[] =>
    optionsOf(name, { topics: 'a,b', 'schema.evolution': 'none-validated', ...more })
      .requiredTopics;
  expect(requiredTopics({})).toEqual(['a', 'b']);
  expect(requiredTopics({ 'schema.evolution': 'none' })).toEqual([]);
  const route = {
    transforms: 'route',
    'transforms.route.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.route.regex': 'a',
    'transforms.route.replacement': 'c',
  };
  expect(requiredTopics(route)).toEqual([]);
  const [validated, evolution] = ['none-validated', 'basic'].map(
    (mode) => optionsOf(name, { 'schema.evolution': mode }).schemaEvolution,
  );
  expect(validated).toEqual({ create: false, evolve: false, policy: 'alert' });
  expect(evolution).toEqual({ create: true, evolve: true, policy: 'alert' });
});

test('timestamps and zones: Confluent tells dates by db.timezone too', () => {
  const confluent = 'io.confluent.connect.jdbc.JdbcSinkConnector';
  const given = { 'db.timezone': '-05:00', 'timestamp.fields.list': 'a,b' };
  const offsets = (name: string, more: Record<string, unknown> = {}) => {
    const { times, dates } = optionsOf(name, { ...given, ...more }).zones;
    return [times?.offsetAt(0), dates?.offsetAt(0)];
  };
  expect(offsets(confluent)).toEqual([-18_000, -18_000]);
  expect(offsets(confluent, { 'date.timezone': 'UTC' })).toEqual([-18_000, undefined]);
  expect(offsets('jdbc')).toEqual([-18_000, undefined]);
  const none = { times: null, dates: null, zoned: null };
  expect(optionsOf('jdbc').zones).toEqual(none);
  const debezium = 'io.debezium.connector.jdbc.JdbcSinkConnector';
  expect(optionsOf(debezium).zones).toEqual(none);
  const { times, dates, zoned } = optionsOf(debezium, { 'use.time.zone': '+02:00' }).zones;
  expect([times, dates, zoned?.offsetAt(0)]).toEqual([null, null, 7200]);
  expect(optionsOf(confluent).timestampFields).toBeNull();
  expect(optionsOf('jdbc', given).timestampFields).toEqual({
    names: ['a', 'b'],
    unit: 'microseconds',
  });
  const nanos = { ...given, 'timestamp.precision.mode': 'nanoseconds' };
  expect(optionsOf('jdbc', nanos).timestampFields?.unit).toBe('nanoseconds');
});
