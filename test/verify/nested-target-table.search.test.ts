import { expect, onTestFinished, test } from 'vitest';
import type { Nest } from '../../src/config/document-nest.ts';
import { must } from '../../src/foundation/assert.ts';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { openSearchClient } from '../../src/sink/search/open-search-client.ts';
import { SEARCH_SINK_DEFAULTS } from '../../src/sink/search/search-sink-options.ts';
import { NestedTargetTable } from '../../src/verify/nested-target-table.ts';
import type { KeyDifference } from '../../src/verify/verify-ports.ts';
import { line, nestedTopics, order } from '../support/nested-topics.ts';
import { searchConnection } from '../support/search-connection.ts';
import { placed, scanIndex, searchSinkInto } from '../support/search-sink.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';

const search = await sharedSearch();
const never = new AbortController().signal;

const valueOf = (_: string, text: string): ConnectValue | undefined =>
  /^-?\d+$/.test(text) ? Number(text) : undefined;

async function tableFor(
  sample: SinkRecord,
  nests: readonly Nest[],
  orders: ReturnType<typeof nestedTopics>['orders'],
): Promise<NestedTargetTable> {
  const client = await openSearchClient(searchConnection(search.url), never);
  onTestFinished(() => client[Symbol.asyncDispose]());
  const { schema: key } = must(orders.insert(order(1, '')).key, 'orders have keys');
  const table = { name: 'public.orders', keyColumns: ['id'] };
  const parts = {
    client,
    options: { ...SEARCH_SINK_DEFAULTS, name: 'search', nests },
    valueOf,
    ownerOf: (topic: string) => (topic === orders.topic ? { table, key, valueOf } : null),
    applied: () => Promise.resolve(new Map([[0, 1]])),
  };
  return NestedTargetTable.open(parts, sample, never);
}

function shown(found: readonly KeyDifference[]): string[] {
  return found
    .map(({ kind, key, columns, owner = '' }) => {
      const told = columns.map(({ source, target }) => `${source ?? '-'}:${target ?? '-'}`);
      return `${kind} ${key.join('/')} ${told.join(' ')} ${owner}`.trimEnd();
    })
    .toSorted();
}

/** All rows in chunks of seven, and what is left; the keys that differ. */
async function compareAll(
  table: NestedTargetTable,
  rows: readonly SinkRecord[],
): Promise<KeyDifference[]> {
  await table.begin();
  const found: KeyDifference[] = [];
  for (let at = 0; at < rows.length; at += 7) {
    const isLast = at + 7 >= rows.length;
    found.push(...(await table.compare(rows.slice(at, at + 7), { kind: 'next', isLast }, never)));
  }
  for await (const some of table.rest(never)) found.push(...some);
  return found;
}

/** Those keys once more, as a look does: what it says of them is what counts. */
async function look(
  table: NestedTargetTable,
  rows: readonly SinkRecord[],
  found: readonly KeyDifference[],
): Promise<readonly string[]> {
  const keys = [...new Map(found.map(({ key }) => [key.join(), key])).values()];
  const ids = new Set(keys.map(([id]) => id));
  const theirs = rows.filter(({ key }) => ids.has(JSON.stringify(key?.values[0])));
  return shown(await table.compare(theirs, { kind: 'keys', keys }, never));
}

type Line = ReturnType<typeof line>;

/** Damage by somebody who writes documents by hand. */
async function damage(index: string): Promise<void> {
  const documents = (await scanIndex(search, index)) as Readonly<Record<string, { lines: Line[] }>>;
  const linesOf = (id: number): Line[] => must(documents[id], 'it has a document').lines;
  const edit = async (id: number, kept: (each: Line) => boolean, ...more: readonly unknown[]) => {
    const edited = { ...documents[id], lines: [...linesOf(id).filter(kept), ...more] };
    const { status } = await askSearch(search, 'PUT', `/${index}/_doc/${id}?refresh=true`, edited);
    expect(status).toBe(200);
  };
  const other =
    (...ids: readonly number[]) =>
    (each: Line) =>
      !ids.includes(each.id);
  // 5 lost, 10 changed; 6 in another order; 12 twice; 77 nobody's; what has no key.
  await edit(0, other(5, 10), { ...line(10, 0, 'wrong', 10), added: 1 });
  await edit(1, other(6), line(77, 1, 'x'), { sku: 'keyless' });
  await edit(2, () => true, line(12, 2, 's12', 12), line(6, 1, 's6', 6));
  // What waits for its order is lost, and so is what belongs to none.
  const states = `/${index}.nest/_doc/${encodeURIComponent('child/lines/29')}?refresh=true`;
  expect(await askSearch(search, 'DELETE', states)).toMatchObject({ status: 200 });
  await askSearch(search, 'DELETE', states.replace('29', '30'));
}

test('nested rows are equal as the sink wrote them; each damage is named', async () => {
  const { orders, lines, nest, index } = nestedTopics('verified');
  // Of order 9 there is no document, and one line belongs to none.
  const rows = Array.from({ length: 30 }, (_, i) => {
    const id = i + 1;
    return line(id, id === 30 ? null : id > 27 ? 9 : id % 5, `s${id}`, id);
  });
  const sink = searchSinkInto(search, { nests: [nest] });
  await sink.put(...[0, 1, 2, 3, 4].map((id) => placed(orders.insert(order(id, `o${id}`)))));
  await sink.put(...rows.map((row) => placed(lines.insert(row))));
  const records = (): SinkRecord[] => rows.map((row) => lines.read(row));
  const table = await tableFor(lines.read(line(1, 1, 'a')), [nest], orders);
  expect([table.name, table.keyFields]).toEqual([`${index}.lines`, ['id']]);
  expect(await compareAll(table, records())).toEqual([]);
  // A line that moves without all its values, and one whose order goes.
  rows[6] = line(7, 3, 's7', 70);
  await sink.put(placed(lines.update(line(7, 3, null, 70), null, ['sku'])));
  await sink.put(placed(orders.delete(order(4, 'o4'))));
  expect(await compareAll(table, records())).toEqual([]);

  await damage(index);
  const found = await compareAll(table, records());
  expect(shown(found)).toEqual([
    'different 10 0:0 s10:wrong',
    'different 12 2:2, 2',
    'missing 29 9:-',
    'missing 30 -:-',
    'missing 5 0:-',
    'missing 6 1:-',
    'surplus 12 -:2',
    'surplus 6 -:2',
    'surplus 77 -:1',
    'surplus {"sku":"keyless"} -:1 none',
  ]);
  const judged = found.filter(({ owner }) => owner === undefined);
  expect(await look(table, records(), judged)).toEqual([
    'different 10 0:0 s10:wrong',
    'different 12 2:2, 2',
    'different 6 1:2',
    'missing 29 9:-',
    'missing 30 -:-',
    'missing 5 0:-',
    'surplus 77 -:1',
  ]);
  // What stands too much goes when the documents that have it are written anew.
  const again = table.alsoToRepair(judged.map(({ key }) => key));
  const keys = again.flatMap((one) => one.keys).map(([id]) => id);
  expect(again.map(({ topic, table: { name } }) => [topic, name])).toEqual([
    [orders.topic, 'public.orders'],
  ]);
  expect(new Set(keys)).toEqual(new Set(['1', '2']));
  // A document that is not there is for its own table to say: its lines wait beside it.
  await askSearch(search, 'DELETE', `/${index}/_doc/0?refresh=true`);
  await sink.put(...rows.map((row) => placed(lines.update(row))));
  await sink.put(...[1, 2].map((id) => placed(orders.update(order(id, 'again')))));
  expect(await compareAll(table, records())).toEqual([]);
  expect(await look(table, records(), judged)).toEqual([]);
  expect(table.alsoToRepair(judged.map(({ key }) => key))).toEqual([]);
  expect(await table.keysOf([lines.tombstone({ id: 8 })])).toEqual([['8']]);
  expect(await table.keysOf([lines.truncate()])).toBeNull();
});

test('one table in the documents of two: it may differ in either', async () => {
  const { orders, lines, nest, index } = nestedTopics('either');
  const { orders: buyers, index: bought } = nestedTopics('either_buyers');
  const second = { ...nest, parent: buyers.topic, field: 'bought', columns: ['qty'] };
  const nests = [nest, second];
  const sink = searchSinkInto(search, { nests });
  await sink.put(placed(orders.insert(order(1, 'a'))), placed(buyers.insert(order(5, 'b'))));
  const rows = [line(1, 1, 'x', 5), line(2, 1, 'y', 6), line(3, null, 'z', 5)];
  await sink.put(...rows.map((row) => placed(lines.insert(row))));
  const records = rows.map((row) => lines.read(row));
  const table = await tableFor(lines.read(line(1, 1, 'a')), nests, orders);
  expect(table.name).toBe(`${index}.lines, ${bought}.bought`);
  expect(await compareAll(table, records)).toEqual([]);
  const update = { doc: { bought: { ...line(1, 1, 'X', 5) } } };
  await askSearch(search, 'POST', `/${bought}/_update/5?refresh=true`, update);
  const found = await compareAll(table, records);
  expect(shown(found)).toEqual(['different 1 5:5 x:X', 'missing 3 5:-']);
  expect(found[0]?.columns[0]?.name).toBe(`${bought}.bought`);
});
