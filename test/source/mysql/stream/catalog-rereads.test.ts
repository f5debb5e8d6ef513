import { expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { CatalogRereads } from '../../../../src/source/mysql/stream/catalog-rereads.ts';

const T = { database: 'g', name: 't' };

function tableOf(comment: string): TableDefinition {
  return { ...T, kind: 'table', columns: [], keys: [], charset: comment } as never;
}

test('what was read is of the end of the binlog by then (PITFALLS B58)', async () => {
  const catalog = new TableCatalog(0);
  const rereads = new CatalogRereads(
    {
      names: () => Promise.resolve([T]),
      definition: () => Promise.resolve(tableOf('new')),
      end: () => Promise.resolve({ file: 'b.000002', pos: 500 }),
    },
    catalog,
  );
  expect(rereads.ahead([T], 'b.000001', 4)).toEqual([]);
  await rereads.read([T]);
  expect(catalog.table('g', 't')).toMatchObject({ charset: 'new' });
  // Statements between the stream's place and that end may be in it already.
  expect(rereads.ahead([T], 'b.000001', 900)).toEqual([T]);
  expect(rereads.ahead([T, { database: 'g', name: 'u' }], 'b.000002', 499)).toEqual([T]);
  expect(rereads.ahead([T], 'b.000002', 500)).toEqual([]);
  // Past that place it is the stream's again.
  expect(rereads.ahead([T], 'b.000001', 4)).toEqual([]);
});

test('a table that is gone is forgotten; without names all are read', async () => {
  const catalog = new TableCatalog(0);
  catalog.putTable(tableOf('old'));
  const asked: string[] = [];
  const live = {
    names: () => Promise.resolve([T, { database: 'g', name: 'u' }]),
    definition: ({ name }: { readonly name: string }) => {
      asked.push(name);
      return Promise.resolve(null);
    },
    end: () => Promise.resolve({ file: 'b.000001', pos: 4 }),
  };
  await new CatalogRereads(live, catalog).read(null);
  expect(asked).toEqual(['t', 'u']);
  expect(catalog.table('g', 't')).toBeUndefined();
});
