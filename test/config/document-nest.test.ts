import { expect, test } from 'vitest';
import { nestRules, nestsOf, parseNest } from '../../src/config/document-nest.ts';
import { isDataStream } from '../../src/config/search-sink-rules.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const NEST = 'shop.lines into shop.orders as lines by order_id';

function parse(more: Record<string, unknown>) {
  const url = { 'connection.url': 'http://localhost:9200' };
  return parsedPipeline({
    sinks: [{ name: 'find', 'connector.class': 'elasticsearch', ...url, ...more }],
  });
}

test('one column or several, an object, names in quotes', () => {
  const lines = { child: 'shop.lines', parent: 'shop.orders', field: 'lines' };
  expect(parseNest(NEST)).toEqual({ ...lines, columns: ['order_id'], kind: 'nested' });
  expect(parseNest(' shop.lines  into shop.orders as object by by by by a and by ')).toBeNull();
  expect(parseNest('shop.lines into shop.orders as object lines by a and "the b"')).toEqual({
    ...lines,
    columns: ['a', 'the b'],
    kind: 'object',
  });
  expect(parseNest('a into b as by by by')).toMatchObject({ field: 'by', columns: ['by'] });
});

test.each([
  ['lines'],
  ['a into b as c'],
  ['a into b as c by'],
  ['a into b as c by d and'],
  ['a into b as c by d e'],
  ['a into b as array c by d'],
  ['a in b as c by d'],
  ['a into b as c.d by e'],
  ['a into b as "" by e'],
])('%s is no nest', (text) => {
  expect(parseNest(text)).toBeNull();
  expect(() => parse({ 'document.nest': text })).toThrow('must be <child topic> into');
});

test.each([
  [{ 'document.nest': [NEST, 'shop.more into shop.orders as lines by id'] }, 'two topics'],
  [{ 'document.nest': [NEST, 'shop.parts into shop.lines as parts by id'] }, 'one level'],
  [{ 'key.ignore': 'true' }, 'needs keys'],
  [{ 'topic.key.ignore': 'shop.lines' }, 'needs keys'],
  [{ 'schema.ignore': 'true' }, 'no schema.ignore'],
  [{ 'delete.mode': 'soft' }, 'no delete.mode soft'],
  [{ 'metadata.columns': 'op' }, 'no metadata.columns'],
  [{ 'routing.type': 'key' }, 'needs routing.type none'],
  [{ 'index.name.format': '${source.table}' }, 'by its topic'],
  [{ 'write.method': 'upsert' }, 'no upsert'],
  [{ 'data.stream.type': 'LOGS', 'data.stream.dataset': 'shop' }, 'only adds them'],
])('%j contradicts it', (more, message) => {
  expect(() => parse({ 'document.nest': NEST, ...more })).toThrow(message);
});

test('several, and an index of another name', () => {
  const more = 'shop.lines into shop.skus as sold by sku_id';
  const { sinks } = parse({
    'document.nest': [NEST, more],
    'index.name.format': '${source.table}',
    'topic.index.map': 'shop.orders:orders,shop.skus:skus',
  });
  const [sink] = sinks;
  expect(sink && nestsOf(sink.options).map(({ field }) => field)).toEqual(['lines', 'sold']);
  expect(nestRules('write.method', isDataStream)).toHaveLength(3);
});
