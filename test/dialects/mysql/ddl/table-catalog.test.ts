import { describe, expect, test } from 'vitest';
import type { CatalogChange, QualifiedName } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { applyAll, MARIADB, MYSQL, statementContext } from '../../../support/mysql-ddl.ts';

const context = statementContext(MARIADB);
const name = ({ database, name: table }: QualifiedName): string => `${database}.${table}`;

function shown(change: CatalogChange): string {
  switch (change.kind) {
    case 'created':
      return `created ${name(change.table)}`;
    case 'altered':
    case 'renamed':
    case 'indexed':
      return `${change.kind} ${name(change.before)} ${name(change.after)}`;
    case 'dropped':
      return [
        `dropped ${name(change.name)}`,
        change.before === null ? ' unknown' : '',
        change.withDatabase ? ' with its database' : '',
      ].join('');
    case 'truncated':
      return `truncated ${name(change.name)}`;
    case 'partition-rows':
      return `${change.verb} partition of ${name(change.name)}`;
    case 'uncertain':
      return `uncertain ${change.tables.map(name).join()}`.trim();
  }
}

function changes(catalog: TableCatalog, ...statements: string[]): string[] {
  return applyAll(catalog, statements, context).map(shown);
}

const tables = (catalog: TableCatalog): string[] => [...catalog.tables()].map(name).toSorted();

describe('a statement changes tables and tells which', () => {
  test.each([
    ['create table a (x int)', ['created shop.a']],
    ['create table d.a (x int)', ['created d.a']],
    ['create table if not exists t (x int)', []],
    ['create or replace table t (x int)', ['created shop.t']],
    ['create table a like t', ['created shop.a']],
    ['create table a like unknown', ['uncertain shop.a']],
    ['create table a as select 1 as b', ['uncertain shop.a']],
    ['create table a (x int, x int)', ['uncertain shop.a']],
    ['create sequence s', ['created shop.s']],
    ['alter table t add b int', ['altered shop.t shop.t']],
    ['alter table t rename d.u, add b int', ['altered shop.t d.u']],
    ['alter table t drop unknown', ['uncertain shop.t']],
    ['alter table t drop unknown, rename u', ['uncertain shop.t,shop.u']],
    ['alter table unknown add b int', ['uncertain shop.unknown']],
    ['alter table if exists unknown add b int', []],
    [
      'alter table t truncate partition p',
      ['altered shop.t shop.t', 'TRUNCATE partition of shop.t'],
    ],
    ['create unique index i on t (a)', ['indexed shop.t shop.t']],
    ['drop index i on t', ['indexed shop.t shop.t']],
    ['drop table t, d.unknown', ['dropped shop.t', 'dropped d.unknown unknown']],
    ['truncate t', ['truncated shop.t']],
    ['rename table unknown to u', ['uncertain shop.u']],
    ['rename table if exists unknown to u, t to v', ['renamed shop.t shop.v']],
    ['drop database shop', ['dropped shop.t with its database']],
    ['alter table t frobnicate', ['uncertain shop.t']],
    ['create something', ['uncertain']],
    ['insert into t values (1)', []],
    ['create temporary table t (y int)', []],
  ])('%s (PITFALLS B99, B100, B101)', (text, expected) => {
    expect(changes(new TableCatalog(0), 'create table t (a int)', text)).toEqual(expected);
  });
});

test('names change places from left to right (PITFALLS B98)', () => {
  const catalog = new TableCatalog(0);
  const done = changes(
    catalog,
    'create table a (x int)',
    'create table b (y int)',
    'rename table a to tmp, b to a, tmp to b',
  );
  expect(done).toEqual([
    'renamed shop.a shop.tmp',
    'renamed shop.b shop.a',
    'renamed shop.tmp shop.b',
  ]);
  expect(catalog.table('shop', 'a')?.columns[0]?.name).toBe('y');
  expect(catalog.table('shop', 'b')?.columns[0]?.name).toBe('x');
});

describe('tools for online changes (PITFALLS B105)', () => {
  test.each([
    [
      'gh-ost',
      [
        'create /* gh-ost */ table `shop`.`_t_ghc` (id bigint auto_increment, primary key (id))',
        'create /* gh-ost */ table `shop`.`_t_gho` like `shop`.`t`',
        'alter /* gh-ost */ table `shop`.`_t_gho` add column b int',
        'create table `shop`.`_t_del` (id int auto_increment primary key) comment="sentry"',
        'drop table if exists `shop`.`_t_del`',
        'rename /* gh-ost */ table `shop`.`t` to `shop`.`_t_del`, `shop`.`_t_gho` to `shop`.`t`',
        'drop table if exists `shop`.`_t_del`',
        'drop table if exists `shop`.`_t_ghc`',
      ],
    ],
    [
      'pt-online-schema-change',
      [
        'create table `shop`.`_t_new` (`a` int default null) engine=InnoDB default charset=latin1',
        'alter table `shop`.`_t_new` add b int',
        'create trigger `pt_osc_t_del` after delete on `t` for each row delete from `_t_new`',
        'rename table `shop`.`t` to `shop`.`_t_old`, `shop`.`_t_new` to `shop`.`t`',
        'drop table if exists `shop`.`_t_old`',
        'drop trigger if exists `shop`.`pt_osc_t_del`',
      ],
    ],
  ])('%s', (_tool, statements) => {
    const catalog = new TableCatalog(0);
    changes(catalog, 'create table t (a int)', ...statements);
    expect(tables(catalog)).toEqual(['shop.t']);
    expect(catalog.table('shop', 't')?.columns.map((column) => column.name)).toEqual(['a', 'b']);
  });
});

test('a definition is a version: what is held does not change', () => {
  const catalog = new TableCatalog(0);
  changes(catalog, 'create table t (a int)');
  const held = catalog.table('shop', 't');
  changes(catalog, 'alter table t add b int');
  expect(held?.columns.length).toBe(1);
  expect(catalog.table('shop', 't')?.columns.length).toBe(2);
});

describe('lower_case_table_names (PITFALLS B59)', () => {
  const statements = ['create table Shop.T (A int)', 'create table shop.t (b int)'];
  test.each([
    [0, ['Shop.T', 'shop.t']],
    [1, ['shop.t']],
    [2, ['shop.t']],
  ] as const)('%i', (mode, expected) => {
    const catalog = new TableCatalog(mode);
    changes(catalog, ...statements);
    expect(tables(catalog)).toEqual(expected);
    expect(catalog.table('SHOP', 'T') === undefined).toBe(mode === 0);
  });

  test('mode 2 keeps names as they were given', () => {
    const catalog = new TableCatalog(2);
    changes(catalog, 'create table Shop.T (A int)', 'alter table shop.t add b int');
    expect(tables(catalog)).toEqual(['Shop.T']);
  });
});

describe('databases (PITFALLS B104)', () => {
  const collations = (...statements: string[]): (string | undefined)[] => {
    const catalog = new TableCatalog(0);
    applyAll(catalog, statements, statementContext(MYSQL));
    return [...catalog.tables()].map(({ collation }) => collation);
  };

  test.each([
    [['create database d charset utf8mb4', 'create table d.t (a int)'], ['utf8mb4_0900_ai_ci']],
    [['create database d', 'create table d.t (a int)'], ['latin1_swedish_ci']],
    [
      ['create database d', 'alter database d collate utf8mb4_bin', 'create table d.t (a int)'],
      ['utf8mb4_bin'],
    ],
    [['alter database charset utf8mb3', 'create table t (a int)'], ['utf8mb3_general_ci']],
    [
      [
        'create database d charset utf8mb3',
        'create database if not exists d',
        'create table d.t (a int)',
      ],
      ['utf8mb3_general_ci'],
    ],
    [['create database d', 'create table d.t (a int)', 'create or replace database d'], []],
  ])('%j', (statements, expected) => {
    expect(collations(...statements)).toEqual(expected);
  });
});

test('tables are taken over from a server, and forgotten', () => {
  const catalog = new TableCatalog(0);
  changes(catalog, 'create table t (a int)', 'create database d');
  const [table] = catalog.tables();
  const other = new TableCatalog(0);
  for (const database of catalog.databases()) other.putDatabase(database);
  if (table !== undefined) other.putTable(table);
  expect([tables(other), [...other.databases()].length]).toEqual([['shop.t'], 1]);
  other.removeTable({ database: 'shop', name: 't' });
  expect(tables(other)).toEqual([]);
});
