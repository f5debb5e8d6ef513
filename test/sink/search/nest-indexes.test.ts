import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { MemorySearch } from '../../support/memory-search.ts';
import { line, nestedTopics, order } from '../../support/nested-topics.ts';
import { placed, TestedSearchSink } from '../../support/search-sink.ts';

test('what is kept of rows that are gone is forgotten after index.gc.deletes.ms', async () => {
  const { orders, lines, nest, index } = nestedTopics('swept');
  const server = new MemorySearch();
  const sink = (gcDeletesMs: number): TestedSearchSink =>
    new TestedSearchSink(() => Promise.resolve(server.client()), { nests: [nest], gcDeletesMs });
  const records = [
    orders.insert(order(1, 'one')),
    lines.insert(line(1, 1, 'a')),
    lines.insert(line(2, 2, 'b')),
    lines.delete(line(1, 1, 'a')),
    orders.delete(order(1, 'one')),
  ].map(placed);
  for (const record of records) await sink(3_600_000).put(record);
  const all = ['child/lines/1', 'child/lines/2', 'parent/1', 'parent/2'];
  expect(Object.keys(server.documents(`${index}.nest`)).toSorted()).toEqual(all);
  await eventually(async () => {
    await sink(0).put(placed(orders.update(order(3, 'three'))));
    // The row of an order that is not there stays.
    const left = ['child/lines/2', 'parent/2', 'parent/3'];
    expect(Object.keys(server.documents(`${index}.nest`)).toSorted()).toEqual(left);
  });
  // It counts on above what it was before, so that the document comes back.
  await sink(0).put(placed(orders.insert(order(1, 'again'))));
  expect(server.documents(index)).toHaveProperty('1', { id: 1, name: 'again', lines: [] });
});

test('without create.indices somebody has to make it, and is told how', async () => {
  const { orders, nest, index } = nestedTopics('not_made');
  const server = new MemorySearch();
  const client = server.client();
  await client.request('PUT', `/${index}`, '{}');
  const options = { nests: [nest], createIndices: false };
  const tested = new TestedSearchSink(() => Promise.resolve(client), options);
  await tested.put(placed(orders.insert(order(1, 'one'))));
  expect(tested.sink.status().parked[0]?.message).toContain(
    `Create it: PUT ${index}.nest {"settings":{"index.hidden":true}`,
  );
});
