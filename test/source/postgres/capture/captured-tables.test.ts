import { describe, expect, test } from 'vitest';
import type { TableInfo } from '../../../../dialects/postgres/postgres-catalog.ts';
import type { SelectionInput } from '../../../../src/source/postgres/capture/captured-tables.ts';
import { selectTables } from '../../../../src/source/postgres/capture/captured-tables.ts';
import { columnInfo, NO_LISTS, tableInfo, uniqueIndex } from '../../../support/table-fixtures.ts';

const UNKNOWN_TYPE = 600;

function input(tables: readonly TableInfo[], more: Partial<SelectionInput> = {}): SelectionInput {
  return {
    catalog: 'shop',
    types: {
      typeOf: ({ typeOid }) =>
        typeOid === UNKNOWN_TYPE
          ? null
          : { schema: { type: 'int32', optional: false }, format: { kind: 'integer' } },
    },
    lists: NO_LISTS,
    messageKeys: [],
    tables,
    viaRoot: false,
    published: null,
    columnLists: true,
    ...more,
  };
}

function lists(more: Partial<SelectionInput['lists']>): Partial<SelectionInput> {
  return { lists: { ...input([]).lists, ...more } };
}

const names = (given: SelectionInput): string[] =>
  selectTables(given).tables.map(({ info }) => `${info.schema}.${info.name}`);

const shop = [
  tableInfo({ oid: 1, name: 'orders' }),
  tableInfo({ oid: 2, name: 'customers' }),
  tableInfo({ oid: 3, schema: 'audit', name: 'orders' }),
  tableInfo({ oid: 4, schema: 'pg_catalog', name: 'pg_class' }),
  tableInfo({ oid: 5, schema: 'information_schema', name: 'sql_parts' }),
];

describe('tables', () => {
  test.each<[string, Partial<SelectionInput['lists']>, string[]]>([
    ['all but the system', {}, ['public.orders', 'public.customers', 'audit.orders']],
    ['an include list', { tableInclude: [/^public\.orders$/] }, ['public.orders']],
    ['an exclude list', { tableExclude: [/^.*\.orders$/] }, ['public.customers']],
    ['a schema include list', { schemaInclude: [/^audit$/] }, ['audit.orders']],
    [
      'a schema exclude list',
      { schemaExclude: [/^audit$/] },
      ['public.orders', 'public.customers'],
    ],
    [
      'lists of tables and schemas together',
      { schemaInclude: [/^public$/], tableInclude: [/^.*orders$/] },
      ['public.orders'],
    ],
    ['system tables not even by name', { tableInclude: [/^pg_catalog\..*$/] }, []],
  ])('%s', (_, given, wanted) => {
    expect(names(input(shop, lists(given)))).toEqual(wanted);
  });

  test('nothing matched: the error shows what there is', () => {
    const { problems } = selectTables(input(shop, lists({ tableInclude: [/^orders$/] })));
    expect(problems.map(({ code }) => code)).toEqual(['PG_NO_TABLES']);
    expect(problems[0]?.message).toContain('public.orders');
    expect(problems[0]?.cure).toContain('table.include.list: public\\.orders');
  });

  test('views, foreign and unlogged tables are named when they were asked for (P33)', () => {
    const tables = [
      tableInfo({ oid: 1 }),
      tableInfo({ oid: 2, name: 'v', kind: 'view' }),
      tableInfo({ oid: 3, name: 'u', persistence: 'unlogged' }),
    ];
    expect(selectTables(input(tables)).warnings).toEqual([]);
    const asked = selectTables(input(tables, lists({ tableInclude: [/^public\..*$/] })));
    expect(asked.tables).toHaveLength(1);
    expect(asked.warnings).toHaveLength(2);
  });

  test('a table that an existing publication lacks is an error', () => {
    const published = [{ schema: 'public', table: 'customers', columns: null, rowFilter: null }];
    const { problems, tables } = selectTables(input(shop.slice(0, 2), { published }));
    expect(tables.map(({ info }) => info.name)).toEqual(['customers']);
    expect(problems[0]?.code).toBe('PG_PUBLICATION');
  });
});

describe('partitions', () => {
  const tree = [
    tableInfo({ oid: 10, name: 'root', kind: 'partitioned' }),
    tableInfo({ oid: 11, name: 'mid', kind: 'partitioned', parentOid: 10, rootOid: 10 }),
    tableInfo({ oid: 12, name: 'leaf1', parentOid: 11, rootOid: 10 }),
    tableInfo({ oid: 13, name: 'leaf2', parentOid: 10, rootOid: 10 }),
  ];

  test('are captured as leaves, once', () => {
    expect(names(input(tree))).toEqual(['public.leaf1', 'public.leaf2']);
  });

  test('are captured as their root, once, when published as it', () => {
    const { tables } = selectTables(input(tree, { viaRoot: true }));
    expect(tables.map(({ info, storage }) => [info.name, storage.map((s) => s.name)])).toEqual([
      ['root', ['leaf1', 'leaf2']],
    ]);
  });

  test('the topmost included ancestor gives the name', () => {
    const given = input(tree, { viaRoot: true, ...lists({ tableExclude: [/^public\.root$/] }) });
    const { tables } = selectTables(given);
    expect(tables.map(({ info, storage }) => [info.name, storage.map((s) => s.name)])).toEqual([
      ['mid', ['leaf1']],
      ['leaf2', ['leaf2']],
    ]);
  });

  test('a root without partitions waits for them', () => {
    const { tables } = selectTables(input(tree.slice(0, 1), { viaRoot: true }));
    expect(tables.map(({ info, storage }) => [info.name, storage.length])).toEqual([['root', 0]]);
  });

  test('a root that is listed without its leaves is explained', () => {
    const { tables, problems, warnings } = selectTables(
      input(tree, lists({ tableInclude: [/^public\.root$/] })),
    );
    expect(tables).toEqual([]);
    expect(warnings[0]).toContain('publish.via.partition.root');
    expect(problems[0]?.message).toContain('publish.via.partition.root');
  });
});

describe('columns', () => {
  const columns = [
    columnInfo('id', { number: 1, notNull: true }),
    columnInfo('secret', { number: 2 }),
    columnInfo('twice', { number: 3, generated: 'stored' }),
    columnInfo('note', { number: 4 }),
  ];
  const table = (more: Partial<TableInfo> = {}): TableInfo => tableInfo({ columns, ...more });
  const exclude = lists({ columnExclude: [/^public\.orders\.secret$/] });

  test('excluded ones are left out of the publication where it can list columns', () => {
    const [captured] = selectTables(input([table()], exclude)).tables;
    expect(captured?.columnList).toEqual(['id', 'note']);
    expect(captured?.schema.columns.map((c) => [c.name, c.tupleIndex])).toEqual([
      ['id', 0],
      ['note', 1],
    ]);
  });

  test.each<[string, Partial<SelectionInput>, Partial<TableInfo>]>([
    ['without column lists', { columnLists: false }, {}],
    ['under identity FULL, which a list would break', {}, { replicaIdentity: 'full' }],
    [
      'when the identity needs them',
      {},
      {
        replicaIdentity: 'index',
        uniqueIndexes: [
          uniqueIndex([1], { primary: true }),
          uniqueIndex([2], { replicaIdentity: true }),
        ],
      },
    ],
  ])('excluded ones leave holes in the tuple %s', (_, given, more) => {
    const [captured] = selectTables(input([table(more)], { ...exclude, ...given })).tables;
    expect(captured?.columnList).toBeNull();
    expect(captured?.tupleColumns.map(({ name }) => name)).toEqual(['id', 'secret', 'note']);
    expect(captured?.schema.columns.map((c) => [c.name, c.tupleIndex])).toEqual([
      ['id', 0],
      ['note', 2],
    ]);
  });

  test('what an existing publication sends is what a tuple has (P27)', () => {
    const published = [
      { schema: 'public', table: 'orders', columns: ['twice', 'id'], rowFilter: 'id > 5' },
    ];
    const [captured] = selectTables(input([table()], { published })).tables;
    expect(captured?.tupleColumns.map(({ name }) => name)).toEqual(['id', 'twice']);
    expect(captured?.rowFilter).toBe('id > 5');
  });

  test('a key column cannot be excluded', () => {
    const given = input([table()], lists({ columnExclude: [/^.*\.id$/] }));
    const { problems } = selectTables(given);
    expect(problems.map(({ code }) => code)).toEqual(['CONFIG_INVALID']);
    expect(problems[0]?.message).toContain('public.orders.id');
  });

  test('all columns of unsupported types come in one error, unless they are excluded', () => {
    const odd = [
      columnInfo('id', { number: 1, notNull: true }),
      columnInfo('at', { number: 2, typeOid: UNKNOWN_TYPE, typeText: 'point' }),
      columnInfo('secret', { number: 3, typeOid: UNKNOWN_TYPE, typeText: 'box' }),
    ];
    const tables = [
      tableInfo({ oid: 1, columns: odd }),
      tableInfo({ oid: 2, name: 'places', columns: odd }),
    ];
    const { problems } = selectTables(input(tables, exclude));
    expect(problems.map(({ code }) => code)).toEqual(['PG_UNSUPPORTED_TYPE']);
    const message = problems[0]?.message ?? '';
    expect(message).toContain('public.orders.at (point)');
    expect(message).toContain('public.places.secret (box)');
    expect(message).not.toContain('public.orders.secret');
    expect(problems[0]?.cure).toContain('public\\.places\\.at');
  });
});
