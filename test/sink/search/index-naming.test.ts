import { expect, test } from 'vitest';
import { IndexNaming } from '../../../src/sink/search/index-naming.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const ID = column('id', null, { type: 'int32', optional: false });
const orders = new SinkTopic({ table: 'Orders', schema: 'Sales', columns: [ID], key: ['id'] });

function naming(indexFormat: string, indexOfTopic = new Map<string, string>()): IndexNaming {
  return new IndexNaming({ ...SEARCH_SINK_DEFAULTS, name: 's', indexFormat, indexOfTopic });
}

test('formats are filled in, in small letters', () => {
  const record = { ...orders.insert({ id: 1 }), timestampMs: Date.UTC(2026, 1, 3, 4) };
  expect(naming('${topic}').of(record)).toBe('shop.sales.orders');
  expect(naming('x-${source.schema}-${source.table}').of(record)).toBe('x-sales-orders');
  expect(naming('logs-${timestamp.yyyy-MM-dd-HH}').of(record)).toBe('logs-2026-02-03-04');
  expect(naming('${topic}', new Map([[orders.topic, 'Mine']])).of(record)).toBe('mine');
  expect(naming('${topic}').of({ ...record, destination: 'routed' })).toBe('routed');
});

test('a tombstone goes where the record before it went', () => {
  const names = naming('${source.table}');
  expect(names.of(orders.tombstone({ id: 1 }))).toBeNull();
  expect(names.ofTopic(orders.topic)).toBeNull();
  names.of(orders.insert({ id: 1 }));
  expect(names.of(orders.tombstone({ id: 1 }))).toBe('orders');
});

test('two topics do not become one index by their letters, and a record has to say (S14)', () => {
  const names = naming('${topic}');
  expect(names.ofTopic('shop.A')).toBe('shop.a');
  expect(() => names.ofTopic('shop.a')).toThrow('shop.a and shop.A would be the index shop.a');
  expect(() => naming('${source.table}').of(orders.flat({ id: 1 }))).toThrow('has no source.table');
});
