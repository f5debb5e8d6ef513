import { describe, expect, test } from 'vitest';
import type { ConnectorConfig } from '../../src/config/pipeline-config.ts';
import { PRODUCT_VERSION } from '../../src/runtime/product-version.ts';
import {
  envelopeOptionsOf,
  sourceOptionsOf,
  topicNamingOf,
} from '../../src/runtime/source-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function sourceOf(overrides: Readonly<Record<string, unknown>> = {}): ConnectorConfig {
  const source = { 'database.hostname': 'db', 'topic.prefix': 'Shop-1', ...overrides };
  return parsedPipeline({ source }).source;
}

const DEBEZIUM = { 'connector.class': 'io.debezium.connector.postgresql.PostgresConnector' };

describe('sourceOptionsOf', () => {
  test('our class: safe defaults, names of its own', () => {
    expect(sourceOptionsOf(sourceOf())).toMatchObject({
      connection: {
        host: 'db',
        port: 5432,
        database: 'shop',
        user: 'me',
        sslMode: 'prefer',
        queryTimeoutMs: 600_000,
      },
      slotName: 'tidemark_shop_1',
      publicationName: 'tidemark_shop_1',
      publicationAutocreateMode: 'filtered',
      skippedOperations: [],
      heartbeatIntervalMs: 10_000,
      snapshotMode: 'initial',
      propagateSourceType: [/^(?:.*)$/i],
    });
  });

  test("Debezium's class: its defaults", () => {
    expect(sourceOptionsOf(sourceOf(DEBEZIUM))).toMatchObject({
      slotName: 'debezium',
      publicationName: 'dbz_publication',
      publicationAutocreateMode: 'all_tables',
      skippedOperations: ['t'],
      heartbeatIntervalMs: 0,
      propagateSourceType: [],
    });
  });

  test('lists and pairs', () => {
    const options = sourceOptionsOf(
      sourceOf({
        'table.include.list': 'public\\.a,public\\.b',
        'slot.stream.params': 'origin=any; messages=true',
        'message.key.columns': 'public.a:x',
      }),
    );
    expect(options.tableInclude).toHaveLength(2);
    expect(options.slotStreamParams).toEqual([
      ['origin', 'any'],
      ['messages', 'true'],
    ]);
    expect(options.messageKeyColumns).toEqual([{ table: /^(?:public.a)$/i, columns: ['x'] }]);
  });

  test('a PEM file that cannot be read is named', () => {
    const source = sourceOf({ 'database.sslrootcert': '/nowhere/ca.pem' });
    expect(() => sourceOptionsOf(source)).toThrow(
      'source: database.sslrootcert: /nowhere/ca.pem cannot be read (ENOENT)',
    );
  });
});

describe('names of topics', () => {
  test('as configured', () => {
    const naming = {
      'topic.delimiter': '_',
      'topic.naming.strategy': 'io.debezium.schema.SchemaUnicodeTopicNamingStrategy',
      'topic.heartbeat.prefix': 'hb',
    };
    expect(topicNamingOf(sourceOf(naming).options)).toEqual({
      delimiter: '_',
      withSchema: true,
      forbidden: 'unicode',
      heartbeatPrefix: 'hb',
      transaction: 'transaction',
    });
  });

  test('those of signals and notifications are taken, where there are any', () => {
    const taken = (given: Record<string, string>) => topicNamingOf(sourceOf(given).options).taken;
    expect(taken({ 'notification.sink.topic.name': 'notices' })).toBeUndefined();
    const on = {
      'signal.enabled.channels': 'source,kafka',
      'notification.enabled.channels': 'sink',
      'notification.sink.topic.name': 'notices',
    };
    const prefix = sourceOf({}).options.string('topic.prefix');
    expect(taken(on)).toEqual([`${prefix}-signal`, 'notices']);
  });

  test.each([
    [{ 'topic.delimiter': '/' }, 'must be one of . _ -'],
    [{ 'topic.heartbeat.prefix': 'a b' }, 'may have only letters'],
  ])('%j is refused', (given, message) => {
    expect(() => sourceOf(given)).toThrow(message);
  });
});

test('compat: debezium-3.6 says no more than the original', () => {
  const envelope = envelopeOptionsOf(sourceOf({ compat: 'debezium-3.6' }));
  expect(envelope).toMatchObject({ absentHeader: false, version: '3.6.0.Final' });
  expect(envelopeOptionsOf(sourceOf())).toMatchObject({ absentHeader: true });
});

test.each([
  ['hex:6162', 'ab'],
  ['hex:616', 'hex:616'],
  ['nope', 'nope'],
])('the placeholder %s is %s', (given, expected) => {
  const { unavailableValuePlaceholder } = envelopeOptionsOf(
    sourceOf({ 'unavailable.value.placeholder': given }),
  );
  expect(unavailableValuePlaceholder).toBe(expected);
});

test('compat names the release whose version stands in the records', () => {
  const later = envelopeOptionsOf(sourceOf({ compat: 'debezium-3.7' }));
  expect(later).toMatchObject({ absentHeader: false, version: '3.7.0.Final' });
  expect(sourceOptionsOf(sourceOf({ compat: 'debezium-3.7' })).valueModes.release).toBe('3.7');
  expect(sourceOptionsOf(sourceOf({ compat: 'debezium-3.6' })).valueModes.release).toBe('3.6');
});

test("propagated types of Debezium's class have its parameters only", () => {
  const propagate = { 'datatype.propagate.source.type': 'public\\..*\\.int4' };
  const theirs = sourceOptionsOf(sourceOf({ ...DEBEZIUM, ...propagate }));
  expect(theirs.ownParameters).toBe(false);
  expect(theirs.propagateDatatype?.[0]?.test('public.t.int4')).toBe(true);
  expect(sourceOptionsOf(sourceOf(propagate)).ownParameters).toBe(true);
});

test('envelopes', () => {
  expect(envelopeOptionsOf(sourceOf())).toMatchObject({
    topicPrefix: 'Shop-1',
    version: PRODUCT_VERSION,
    database: 'shop',
    tombstonesOnDelete: true,
  });
  expect(envelopeOptionsOf(sourceOf()).contextHeaders).toBeUndefined();
  const headers = envelopeOptionsOf(sourceOf(DEBEZIUM)).contextHeaders ?? [];
  expect(headers.map(({ name }) => name)).toContain('__debezium.context.connectorLogicalName');
});

test.each([
  ['mysql', 'mysql'],
  ['mariadb', 'mariadb'],
  ['io.debezium.connector.mysql.MySqlConnector', 'mysql'],
  ['io.debezium.connector.mariadb.MariaDbConnector', 'mariadb'],
])('records of %s name the connector %s', (connectorClass, connector) => {
  expect(envelopeOptionsOf({ ...sourceOf(), connectorClass })).toMatchObject({ connector });
});
