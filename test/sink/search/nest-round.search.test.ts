import { expect, test } from 'vitest';
import { line, nestedTopics, order } from '../../support/nested-topics.ts';
import { placed, scanIndex, searchSinkInto } from '../../support/search-sink.ts';
import { askSearch, sharedSearch } from '../../support/search-server.ts';

const search = await sharedSearch();

/** How many documents have a line of which all of this is true. */
async function found(index: string, sku: string, qty: number): Promise<number> {
  await askSearch(search, 'POST', `/${index}/_refresh`);
  const both = [{ term: { 'lines.sku.keyword': sku } }, { term: { 'lines.qty': qty } }];
  const query = { nested: { path: 'lines', query: { bool: { filter: both } } } };
  const { body } = await askSearch(search, 'POST', `/${index}/_count`, { query });
  return (body as { count: number }).count;
}

test('lines stand in their order, whichever comes first; updates, moves, deletes', async () => {
  const { orders, lines, nest, index } = nestedTopics('basics');
  const tested = searchSinkInto(search, { nests: [nest] });
  await tested.put(...[lines.insert(line(2, 1, 'b')), lines.insert(line(10, 1, 'c'))].map(placed));
  // Its order is not there: nothing is found of it.
  expect(await scanIndex(search, index)).toEqual({});
  await tested.put(placed(orders.insert(order(1, 'one'))), placed(orders.insert(order(2, 'two'))));
  await tested.put(placed(lines.insert(line(1, 1, 'a', 7))));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, name: 'one', lines: [line(1, 1, 'a', 7), line(2, 1, 'b'), line(10, 1, 'c')] },
    2: { id: 2, name: 'two', lines: [] },
  });
  expect([await found(index, 'a', 7), await found(index, 'b', 7)]).toEqual([1, 0]);

  // A move without all values, an update without the key of its order, one that is nobody's.
  await tested.put(placed(lines.update(line(1, 2, null, 8), null, ['sku'])));
  await tested.put(placed(lines.update(line(2, null, 'B', 3), null, ['order_id'])));
  await tested.put(placed(lines.update(line(10, null, 'c'))));
  await tested.put(placed(orders.update(order(1, 'ONE'))));
  const after = {
    1: { id: 1, name: 'ONE', lines: [line(2, 1, 'B', 3)] },
    2: { id: 2, name: 'two', lines: [line(1, 2, 'a', 8)] },
  };
  expect(await scanIndex(search, index)).toEqual(after);

  // The order goes and comes back, and so do its lines.
  await tested.put(placed(orders.delete(order(2, 'two'))));
  expect(Object.keys(await scanIndex(search, index))).toEqual(['1']);
  await tested.put(placed(orders.insert(order(2, 'again'))));
  await tested.put(placed(lines.delete(line(2, 1, 'B'))));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, name: 'ONE', lines: [] },
    2: { ...after[2], name: 'again' },
  });
  expect(tested.sink.status().parked).toEqual([]);

  // A line and an order get other keys, and the source leaves values out.
  await tested.put(...lines.move(line(1, 2, 'a', 8), line(5, 2, null, 8), ['sku']).map(placedRow));
  await tested.put(...orders.move(order(2, 'x'), { id: 3, name: null }, ['name']).map(placedRow));
  await tested.put(placed(lines.update(line(5, 3, 'a', 8))));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, name: 'ONE', lines: [] },
    3: { id: 3, name: 'again', lines: [line(5, 3, 'a', 8)] },
  });

  const hidden = await askSearch(search, 'GET', `/${index}.nest/_settings`);
  expect(JSON.stringify(hidden.body)).toContain('"hidden":"true"');
});

function placedRow(record: Parameters<typeof placed>[0]): Parameters<typeof placed>[0] {
  return record.value === null ? record : placed(record);
}

test('TRUNCATE of either, and new generations of either (ruling 3)', async () => {
  const { orders, lines, nest, index } = nestedTopics('emptied');
  const tested = searchSinkInto(search, { nests: [nest] });
  const fill = (): Promise<void> =>
    tested.put(
      ...[
        orders.insert(order(1, 'one')),
        lines.insert(line(1, 1, 'a')),
        lines.insert(line(2, 2, 'b')),
      ].map(placed),
    );
  await fill();
  await tested.put(placed(lines.truncate()), placed(lines.insert(line(3, 1, 'c'))));
  expect(await scanIndex(search, index)).toEqual({
    1: { id: 1, name: 'one', lines: [line(3, 1, 'c')] },
  });
  await fill();
  await tested.put(placed(orders.truncate()), placed(orders.insert(order(2, 'two'))));
  expect(await scanIndex(search, index)).toEqual({
    2: { id: 2, name: 'two', lines: [line(2, 2, 'b')] },
  });
  lines.generation = 2;
  await tested.put(placed(lines.read(line(9, 2, 'z'))));
  orders.generation = 2;
  await tested.put(placed(orders.read(order(1, 'uno'))));
  expect(await scanIndex(search, index)).toEqual({ 1: { id: 1, name: 'uno', lines: [] } });
  await tested.put(placed(orders.read(order(2, 'dos'))));
  expect(await scanIndex(search, index)).toMatchObject({ 2: { lines: [line(9, 2, 'z')] } });
});

test('what the server refuses of a document is that row alone; too many rows', async () => {
  const { orders, lines, nest, index } = nestedTopics('refused');
  const properties = { id: { type: 'integer' }, name: { type: 'keyword' } };
  const rows = { type: 'nested', properties: { qty: { type: 'byte' } } };
  const mappings = { properties: { ...properties, lines: rows } };
  expect((await askSearch(search, 'PUT', `/${index}`, { mappings })).status).toBe(200);
  const tested = searchSinkInto(search, { nests: [nest], nestMax: 3, park: 'record' });
  await tested.put(
    ...[
      orders.insert(order(1, 'one')),
      lines.insert(line(1, 1, 'a')),
      lines.insert(line(2, 1, 'b', 3000)),
      lines.insert(line(3, 1, 'c')),
      lines.update(line(3, 1, 'c', 2)),
      lines.update(line(3, 1, 'c', 4000)),
    ].map(placed),
  );
  const [a, c] = [line(1, 1, 'a'), line(3, 1, 'c', 2)];
  expect(await scanIndex(search, index)).toMatchObject({ 1: { lines: [a, c] } });
  expect(tested.letters.map(({ record }) => record.sequence)).toEqual(
    expect.arrayContaining([2, 5]),
  );
  expect(tested.letters).toHaveLength(2);
  await tested.put(placed(lines.update(line(2, 1, 'b', 3))), placed(lines.insert(line(4, 1, 'd'))));
  expect(await scanIndex(search, index)).toMatchObject({
    1: { lines: [a, line(2, 1, 'b', 3), c] },
  });
  expect(tested.letters.at(-1)?.error.message).toMatch(/a document has 3 rows of .* already/);

  // Documents without nests in them have versions that could not be compared.
  const plain = searchSinkInto(search);
  await plain.put(placed(orders.update(order(1, 'plain'))));
  expect(plain.sink.status().parked[0]?.message).toContain('versions from revisions');
});
