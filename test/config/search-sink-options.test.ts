import { expect, test } from 'vitest';
import type { ResolvedOptions } from '../../src/config/option.ts';
import {
  AIVEN_SEARCH_SINK_CLASS,
  CONFLUENT_SEARCH_SINK_CLASS,
  isSearchSinkClass,
} from '../../src/config/search-sink-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function optionsOf(connectorClass: string, more: Record<string, unknown> = {}): ResolvedOptions {
  const url = { 'connection.url': 'http://localhost:9200' };
  const sink = { name: 'find', 'connector.class': connectorClass, ...url, ...more };
  const [found] = parsedPipeline({ sinks: [sink] }).sinks;
  if (found === undefined) throw new Error('no sink');
  return found.options;
}

test('our class is safe by default, theirs have their own defaults', () => {
  const classes = ['opensearch', CONFLUENT_SEARCH_SINK_CLASS, AIVEN_SEARCH_SINK_CLASS];
  const found = classes.map((name) => {
    const options = optionsOf(name);
    return [
      options.string('behavior.on.null.values'),
      options.string('document.version'),
      options.boolean('truncate.enabled'),
      options.number('batch.size'),
      options.number('read.timeout.ms'),
    ];
  });
  expect(found).toEqual([
    ['delete', 'position', true, 5000, 60_000],
    ['fail', 'offset', false, 2000, 3000],
    ['ignore', 'offset', false, 2000, 3000],
  ]);
});

test("properties of Confluent's and Aiven's classes are taken", () => {
  const confluent = optionsOf(CONFLUENT_SEARCH_SINK_CLASS, {
    'write.method': 'UPSERT',
    'behavior.on.malformed.documents': 'WARN',
    'behavior.on.null.values': 'DELETE',
    'elastic.security.protocol': 'SSL',
    'elastic.https.ssl.truststore.location': '/ca.pem',
    'max.buffered.records': '20000',
    'linger.ms': '1',
    'flush.timeout.ms': '180000',
    'type.name': '_doc',
  });
  expect(confluent.string('write.method')).toBe('UPSERT');
  expect(confluent.string('behavior.on.malformed.documents')).toBe('warn');
  const aiven = optionsOf(AIVEN_SEARCH_SINK_CLASS, {
    'index.write.method': 'upsert',
    'behavior.on.malformed.documents': 'report',
    'key.ignore.id.strategy': 'none',
    'routing.type': 'value',
    'routing.record.value.path': 'tenant',
  });
  expect(aiven.string('behavior.on.malformed.documents')).toBe('ignore');
});

test.each([
  ['elasticsearch', { 'kerberos.keytab.path': '/k' }, 'Kerberos is not built'],
  ['elasticsearch', { 'transaction.mode': 'source' }, 'has no transactions'],
  ['elasticsearch', { 'errors.park.keys.max': '10001' }, '10000'],
  [AIVEN_SEARCH_SINK_CLASS, { 'behavior.on.version.conflict': 'fail' }, 'after a crash'],
  [AIVEN_SEARCH_SINK_CLASS, { 'key.ignore.id.strategy': 'record.key' }, 'key.ignore false'],
])('%s refuses %j', (name, more, message) => {
  expect(() => optionsOf(name, more)).toThrow(message);
});

test('only these classes write search indices', () => {
  const names = ['elasticsearch', 'opensearch', CONFLUENT_SEARCH_SINK_CLASS, 'jdbc', 'file'];
  expect(names.map(isSearchSinkClass)).toEqual([true, true, true, false, false]);
});
