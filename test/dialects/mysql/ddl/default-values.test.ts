import { describe, expect, test } from 'vitest';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { resolveDefault } from '../../../../dialects/mysql/ddl/default-values.ts';
import type { ColumnDefault } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { MARIADB, MYSQL, tableAfter } from '../../../support/mysql-ddl.ts';

function defaultOf(column: string, dialect: DdlDialect = MYSQL): ColumnDefault {
  return (
    tableAfter([`create table t (a ${column}) charset utf8mb4`], dialect).columns[0]?.default ??
    null
  );
}

// As information_schema of MySQL 9.7.4 and MariaDB 10.11.18 shows them.
describe('literals', () => {
  test.each([
    ["int default '42'", '42'],
    ['int default 1.5', '2'],
    ["int default '-3.4'", '-3'],
    ['int default -0', '0'],
    ['int default true', '1'],
    ["int default x'0a'", '10'],
    ['int default 0b11', '3'],
    ['int(5) zerofill default 42', '00042'],
    ['bigint unsigned default 18446744073709551615', '18446744073709551615'],
    ['decimal(10,4) default 0', '0.0000'],
    ['decimal(5,2) default .5', '0.50'],
    ['decimal(5,2) default 1.005', '1.01'],
    ['decimal(5,1) default 1e1', '10.0'],
    ['decimal(8,2) zerofill default 1.5', '000001.50'],
    ['double default 1e10', '10000000000'],
    ['double default 1e30', '1e30'],
    ['float default 12.30', '12.3'],
    ['float(7,4) default 1.5', '1.5000'],
    ["varchar(9) default 'it''s'", "it's"],
    ['varchar(9) default 1.50', '1.50'],
    ["varchar(9) default x'c3a9'", 'é'],
    ["varchar(9) default b'1000001'", 'A'],
    ["char(9) default 'x  '", 'x'],
    ["varchar(9) default 'x  '", 'x  '],
    ["enum('a','B') default 'b'", 'B'],
    ["enum('a','B') default 2", 'B'],
    ["set('x','y','z') default 'Z,x'", 'x,z'],
    ["set('x','y','z') default ''", ''],
    ['date default 20200305', '2020-03-05'],
    ["timestamp(3) default '2020-01-02 03:04:05'", '2020-01-02 03:04:05.000'],
    ['datetime default 0', '0000-00-00 00:00:00'],
    ['year default 70', '1970'],
    ['year default 0', '0000'],
    ["year default '0'", '2000'],
    ["int default 'nonsense'", 'nonsense'],
  ])('%s', (column, text) => {
    expect(defaultOf(column)).toMatchObject({ kind: 'literal', text });
  });

  test.each([
    ["bit(8) default b'00101'", '101'],
    ["bit(8) default x'0f'", '1111'],
    ['bit(8) default 5', '101'],
    ['bit(8) default 1.5', '10'],
    ["bit(8) default 'A'", '1000001'],
    ['bit default false', '0'],
  ])('%s', (column, text) => {
    expect(defaultOf(column)).toMatchObject({ kind: 'bits', text });
  });

  test('what is written is kept beside it', () => {
    expect(defaultOf("varchar(9) default 'it''s'")).toMatchObject({ written: "it''s" });
  });
});

test('no default, NULL, the clock', () => {
  expect(defaultOf('int')).toBeNull();
  expect(defaultOf('int default null')).toBeNull();
  expect(defaultOf('datetime(3) default localtimestamp(3)')).toMatchObject({
    kind: 'now',
    fraction: 3,
  });
  expect(resolveDefault(null, { base: 'int' } as never, MYSQL)).toBeNull();
});

test('brackets make an expression for MySQL, and are seen through by MariaDB', () => {
  expect(defaultOf('int default (1)')).toEqual({ kind: 'expression', text: '1' });
  expect(defaultOf('int default (1)', MARIADB)).toMatchObject({ kind: 'literal', text: '1' });
  expect(defaultOf('int default (-3)', MARIADB)).toMatchObject({ kind: 'literal', text: '-3' });
  expect(defaultOf('int default (1+2)', MARIADB)).toEqual({ kind: 'expression', text: '1+2' });
  expect(defaultOf('datetime default (now())', MARIADB)).toMatchObject({ kind: 'now' });
  expect(defaultOf('varchar(36) default uuid()', MARIADB)).toMatchObject({ kind: 'expression' });
});

test('a literal of any length costs no more than its text', () => {
  const digits = '9'.repeat(100_000);
  for (const column of [
    `int default ${digits}`,
    `decimal(5,2) default '${digits}'`,
    `bit(8) default 0x${digits}`,
  ]) {
    expect(defaultOf(column)).toMatchObject({ text: digits });
  }
});
