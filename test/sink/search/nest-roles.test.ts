import { expect, test } from 'vitest';
import { NESTED_ROWS } from '../../../dialects/search/search-field-types.ts';
import { IndexNaming } from '../../../src/sink/search/index-naming.ts';
import { NestRoles, parentId } from '../../../src/sink/search/nest-roles.ts';
import { SEARCH_SINK_DEFAULTS } from '../../../src/sink/search/search-sink-options.ts';
import { line, nestedTopics, order } from '../../support/nested-topics.ts';
import { column, SinkTopic } from '../../support/sink-records.ts';

const { orders, lines, nest, index } = nestedTopics('roles');
const second = { ...nest, parent: 'shop.skus', field: 'sold', columns: ['sku'] };
const options = { ...SEARCH_SINK_DEFAULTS, name: 's', nests: [nest, second] };
const roles = new NestRoles(options, new IndexNaming(options));

test('a row goes to every place of its topic, with the schema of a document around it', () => {
  expect(roles.placesOf(orders.topic)).toEqual([{ index, nest: null }]);
  expect(roles.placesOf('shop.other')).toEqual([]);
  expect(roles.fieldsOf(index)).toEqual(['lines']);
  const changes = roles.changesOf(lines.insert(line(1, 7, 'a')), options);
  expect(changes.map((change) => [change.index, change.nest])).toEqual([
    [index, nest],
    ['shop.skus', second],
  ]);
  const [field] = changes[0]?.rowSchema?.fields ?? [];
  expect(field).toMatchObject({ name: 'lines', schema: { type: 'array', name: NESTED_ROWS } });
  const again = roles.changesOf(lines.insert(line(2, 7, 'a')), options);
  expect(again[0]?.rowSchema).toBe(changes[0]?.rowSchema);
  const [own] = roles.changesOf(orders.insert(order(1, 'one')), options);
  expect(own?.nest).toBeUndefined();
});

test('the parent by the columns of the child: none, left out, several', () => {
  const of = (row: ReturnType<typeof line>, columns: string[], absent: string[] = []) => {
    const [change] = roles.changesOf(lines.insert(row), options);
    if (change === undefined || change.row === null) throw new Error('no row');
    return parentId(change.row, { ...nest, columns }, absent);
  };
  expect(of(line(1, 7, 'a'), ['order_id'])).toBe('7');
  expect(of(line(1, null, 'a'), ['order_id'])).toBeNull();
  expect(of(line(1, 7, 'a'), ['order_id'], ['order_id'])).toBeUndefined();
  expect(of(line(1, 7, 'a'), ['sku', 'order_id'])).toBe('["a",7]');
  expect(of(line(1, null, 'a'), ['sku', 'order_id'])).toBeNull();
});

test('what cannot be nested is refused with a reason', () => {
  const changes = (nested: typeof nest, record = lines.insert(line(1, 7, 'a'))) => {
    const all = { ...options, nests: [nested] };
    return () => new NestRoles(all, new IndexNaming(all)).changesOf(record, all);
  };
  expect(changes({ ...nest, columns: ['order'] })).toThrow('has no column order');
  const insert = orders.insert(order(1, 'one'));
  expect(changes({ ...nest, field: 'name' }, insert)).toThrow('has a column name itself');
  expect(changes({ ...nest, columns: ['a', 'b'] }, insert)).toThrow('has 1 columns, not 2');
  const routed = { ...lines.insert(line(1, 7, 'a')), destination: 'elsewhere' };
  expect(changes(nest, routed)).toThrow('sends a record');
  const keyless = new SinkTopic({
    table: 'keyless',
    columns: [column('order_id', null, { type: 'int32' })],
    key: [],
  });
  const record = keyless.insert({ order_id: 1 });
  expect(changes({ ...nest, child: keyless.topic }, record)).toThrow('has no key');
});
