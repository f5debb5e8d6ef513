import { describe, expect, test } from 'vitest';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import {
  alterTable,
  createTable,
  TableMismatch,
} from '../../../../dialects/mysql/ddl/table-changes.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import {
  described,
  MARIADB,
  MYSQL,
  statementContext,
  tableAfter,
} from '../../../support/mysql-ddl.ts';

const CREATE = `create table t (a int primary key, b varchar(5), c text, unique u (b))
  charset latin1 comment 'x'`;
const LATIN1 = { charset: 'latin1', collation: 'latin1_swedish_ci' };

function altered(clauses: string, dialect = MYSQL): TableDefinition {
  return tableAfter([CREATE, `alter table t ${clauses}`], dialect);
}
const columns = (table: TableDefinition): string => table.columns.map(({ name }) => name).join();

describe('places of columns (PITFALLS B102)', () => {
  test.each([
    ['add x int', 'a,b,c,x'],
    ['add x int first, add y int after x', 'x,y,a,b,c'],
    ['add x int after y, add y int', null],
    ['add y int, add x int after y', 'a,b,c,y,x'],
    ['add (x int, y int), add z int after a', 'a,z,b,c,x,y'],
    ['modify c text first', 'c,a,b'],
    ['modify c longtext', 'a,b,c'],
    ['change a x int after c', 'b,c,x'],
    ['modify b char(5) first, add x int after b', 'b,x,a,c'],
    ['add x int after b, modify b char(5) first', null],
    ['drop b, add b int', 'a,c,b'],
    ['add b int first, drop b', 'b,a,c'],
    ['change b c text, change c b text', 'a,c,b'],
    ['rename column b to c, rename column c to b', 'a,c,b'],
    ['drop c, drop b', 'a'],
    ['drop x', null],
    ['add B int', null],
    ['rename column b to a', null],
  ])('%s', (clauses, expected) => {
    const run = (): string => columns(altered(clauses));
    if (expected === null) expect(run()).toBe('a,b,c');
    else expect(run()).toBe(expected);
  });
});

describe('definitions', () => {
  test.each([
    ['modify b bigint unsigned not null default 5', "b bigint unsigned not null default '5'"],
    ['change b b char(3) collate latin1_bin', 'b char(3) latin1_bin'],
    ["alter b set default 'x'", "b varchar(5) default 'x'"],
    ["alter b set default 'x', alter b drop default", 'b varchar(5)'],
    ['alter b set invisible', 'b varchar(5) invisible'],
    ['convert to character set utf8mb4', 'b varchar(5)'],
    ['default charset utf8mb4', 'b varchar(5) latin1_swedish_ci'],
  ])('%s', (clauses, expected) => {
    expect(described(altered(clauses), MYSQL)[1]).toBe(expected);
  });

  test('for MariaDB DROP DEFAULT takes ON UPDATE along', () => {
    const create = 'create table t (a datetime default now() on update now())';
    const after = (clause: string, dialect: DdlDialect): string[] =>
      described(tableAfter([create, `alter table t alter a ${clause}`], dialect), dialect);
    expect(after('drop default', MARIADB)).toEqual(['a datetime']);
    expect(after('drop default', MYSQL)).toEqual(['a datetime on update now(0)']);
    const set = "a datetime default '2020-01-01 00:00:00' on update now(0)";
    expect(after("set default '2020-01-01'", MARIADB)).toEqual([set]);
    expect(after("set default '2020-01-01'", MYSQL)).toEqual([set]);
  });
});

describe('character sets (PITFALLS B104)', () => {
  test.each([
    ['convert to charset utf8mb4', 'utf8mb4_0900_ai_ci', 'utf8mb4_0900_ai_ci', 'mediumtext'],
    ['convert to charset utf8mb4 collate utf8mb4_bin', 'utf8mb4_bin', 'utf8mb4_bin', 'mediumtext'],
    [
      "collate 'utf8mb4_bin', convert to charset utf8mb4",
      'utf8mb4_0900_ai_ci',
      'utf8mb4_0900_ai_ci',
      'mediumtext',
    ],
    [
      "convert to charset utf8mb4, collate 'utf8mb4_bin'",
      'utf8mb4_bin',
      'utf8mb4_0900_ai_ci',
      'mediumtext',
    ],
    ['collate utf8mb4_bin, charset utf8mb4', 'utf8mb4_bin', 'latin1_swedish_ci', 'text'],
    ['default charset utf8mb4', 'utf8mb4_0900_ai_ci', 'latin1_swedish_ci', 'text'],
    ['charset utf8mb4, collate utf8mb4_bin', 'utf8mb4_bin', 'latin1_swedish_ci', 'text'],
    ['collate utf8mb4_bin', 'utf8mb4_bin', 'latin1_swedish_ci', 'text'],
    ['charset utf8mb4, charset default', 'latin1_swedish_ci', 'latin1_swedish_ci', 'text'],
    ['convert to charset default', 'latin1_swedish_ci', 'latin1_swedish_ci', 'text'],
  ])('%s', (clauses, table, column, base) => {
    const result = altered(clauses);
    expect(result.collation).toBe(table);
    expect(result.columns[2]?.type).toMatchObject({ collation: column, base });
  });

  test('for MariaDB options go before CONVERT, and DEFAULT has no collation', () => {
    const table = altered('charset sjis, convert to charset utf8mb4', MARIADB);
    expect(table.collation).toBe('sjis_japanese_ci');
    expect(table.columns[2]?.type.collation).toBe('utf8mb4_general_ci');
    const serverCharset = { charset: 'latin1', collation: 'latin1_bin' };
    const made = (dialect: DdlDialect): string =>
      tableAfter(['create table t (a int) charset default'], dialect, { serverCharset }).collation;
    expect([made(MARIADB), made(MYSQL)]).toEqual(['latin1_swedish_ci', 'latin1_bin']);
  });

  test('CONVERT is for the columns that it adds as well', () => {
    const added = altered(
      'convert to charset utf8mb4, add d char(5) charset latin1, add e json',
      MARIADB,
    );
    expect(added.columns.map(({ type }) => type.charset)).toEqual([
      null,
      'utf8mb4',
      'utf8mb4',
      'utf8mb4',
      'utf8mb4',
    ]);
  });
});

describe('keys', () => {
  test.each([
    ['drop primary key', ['unique u (b)']],
    ['drop primary key, add primary key (b, a)', ['unique u (b)', 'primary PRIMARY (b,a)']],
    ['drop index `PRIMARY`', ['unique u (b)']],
    ['drop key U', ['primary PRIMARY (a)']],
    ['drop constraint u', ['primary PRIMARY (a)']],
    ['rename index u to v', ['primary PRIMARY (a)', 'unique v (b)']],
    ['change b x int', ['primary PRIMARY (a)', 'unique u (x)']],
    ['drop b', ['primary PRIMARY (a)']],
    ['add d int unique', ['primary PRIMARY (a)', 'unique u (b)', 'unique d (d)']],
    ['drop key unknown', ['primary PRIMARY (a)', 'unique u (b)']],
  ])('%s', (clauses, expected) => {
    const table = altered(clauses);
    expect(described(table, MYSQL).slice(table.columns.length)).toEqual(expected);
  });
});

test('options: comment, system versioning', () => {
  expect(altered("comment 'y'").comment).toBe('y');
  expect(altered('add d int').comment).toBe('x');
  expect(altered('add system versioning', MARIADB).hasHiddenPeriod).toBe(true);
  expect(altered('with system versioning', MARIADB).hasHiddenPeriod).toBe(true);
  const off = [
    CREATE,
    'alter table t add system versioning',
    'alter table t drop system versioning',
  ];
  expect(tableAfter(off, MARIADB).hasHiddenPeriod).toBe(false);
});

describe('what no server would take does not fit', () => {
  const context = statementContext(MYSQL);
  const create = (text: string): TableDefinition => {
    const statement = parseDdlStatement(`create table t (${text})`, MYSQL);
    if (statement.kind !== 'create-table') throw new Error(statement.kind);
    return createTable(statement, { database: 'shop', name: 't' }, LATIN1, context);
  };

  test.each(['a int, A int', 'a int, key (b)', 'a int, primary key (b)'])('%s', (text) => {
    expect(() => create(text)).toThrow(TableMismatch);
  });

  test('too much of anything', () => {
    const many = (count: number, text: (at: number) => string): string =>
      Array.from({ length: count }, (_, at) => text(at)).join();
    expect(() => create(many(9000, (at) => `c${at} int`))).toThrow(TableMismatch);
    expect(() => create(`a int, ${many(1000, () => 'key (a)')}`)).toThrow(TableMismatch);
    const table = create('a int');
    const statement = parseDdlStatement(`alter table t ${many(1000, () => 'add key (a)')}`, MYSQL);
    if (statement.kind !== 'alter-table') throw new Error(statement.kind);
    expect(() => alterTable(table, statement.actions, LATIN1, context)).toThrow(TableMismatch);
  });
});
