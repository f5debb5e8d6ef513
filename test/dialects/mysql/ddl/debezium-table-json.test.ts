import { describe, expect, test } from 'vitest';
import type { DebeziumColumn } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import {
  debeziumTable,
  debeziumTableChanges,
  debeziumTableId,
} from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { applyAll, MARIADB, statementContext, tableAfter } from '../../../support/mysql-ddl.ts';

/** The server of the records below. */
const MYSQL8 = ddlDialect({ flavor: 'mysql', version: 80_015 }, 0);

function column(definition: string, dialect: DdlDialect = MYSQL8): DebeziumColumn {
  const table = tableAfter([`create table t (c ${definition}) charset utf8mb4`], dialect);
  const [found] = debeziumTable(table, { server: dialect, includeComments: true }).columns;
  if (found === undefined) throw new Error('there is no column');
  return found;
}

/** What stands in every column that says nothing of it. */
const PLAIN = {
  name: 'c',
  charsetName: null,
  position: 1,
  optional: true,
  autoIncremented: false,
  generated: false,
  comment: null,
  hasDefaultValue: true,
  enumValues: [],
};

// Columns of schema history records that Debezium 3.6.0.Final wrote, from MySQL 8.0.15 and MariaDB
// 10.11.19 (2026-11).
describe('columns as Debezium describes them', () => {
  test.each<[string, number, string, Partial<DebeziumColumn>]>([
    ['int(11)', 4, 'INT', { length: 11 }],
    ['int', 4, 'INT', {}],
    ['int(11) unsigned zerofill', 4, 'INT UNSIGNED ZEROFILL', { length: 11 }],
    ['tinyint(1)', 5, 'TINYINT', { length: 1 }],
    ['bigint unsigned', -5, 'BIGINT UNSIGNED', {}],
    ['float(7,4)', 6, 'FLOAT', { length: 7, scale: 4 }],
    ['double', 8, 'DOUBLE', {}],
    ['decimal(10,2)', 3, 'DECIMAL', { length: 10, scale: 2 }],
    ["bit(8) default b'10100101'", -7, 'BIT', { length: 8, defaultValueExpression: '10100101' }],
    [
      "char(5) default 'abc'",
      1,
      'CHAR',
      { length: 5, charsetName: 'utf8mb4', defaultValueExpression: 'abc' },
    ],
    [
      "varchar(20) not null default 'it''s'",
      12,
      'VARCHAR',
      { length: 20, charsetName: 'utf8mb4', optional: false, defaultValueExpression: "it''s" },
    ],
    ['varchar(10) character set utf8', 12, 'VARCHAR', { length: 10, charsetName: 'utf8' }],
    ['longtext', 12, 'LONGTEXT', { charsetName: 'utf8mb4' }],
    ['binary(4)', -2, 'BINARY BINARY', { length: 4 }],
    ['varbinary(20)', -3, 'VARBINARY', { length: 20 }],
    ['mediumblob', 2004, 'MEDIUMBLOB', {}],
    [
      "enum('é','x,y') character set latin1",
      1,
      'ENUM',
      { length: 1, charsetName: 'latin1', enumValues: ["'é'", "'x,y'"] },
    ],
    [
      "set('r','g','b','x y')",
      1,
      'SET',
      { length: 7, charsetName: 'utf8mb4', enumValues: ["'r'", "'g'", "'b'", "'x y'"] },
    ],
    ['json', 1111, 'JSON', {}],
    ['geomcollection', 1111, 'GEOMCOLLECTION', {}],
    ['date', 91, 'DATE', {}],
    ['time(3)', 92, 'TIME', { length: 3 }],
    ['datetime(6)', 93, 'DATETIME', { length: 6 }],
    ['timestamp(3) null', 2014, 'TIMESTAMP', { length: 3 }],
    ['year(4)', 4, 'YEAR', { length: 4 }],
    [
      'timestamp not null default current_timestamp on update current_timestamp',
      2014,
      'TIMESTAMP',
      {
        optional: false,
        autoIncremented: true,
        generated: true,
        defaultValueExpression: '1970-01-01 00:00:00',
      },
    ],
    [
      'int(11) not null auto_increment primary key',
      4,
      'INT',
      {
        length: 11,
        optional: false,
        autoIncremented: true,
        generated: true,
        hasDefaultValue: false,
      },
    ],
    [
      "int(11) default null comment 'a column comment'",
      4,
      'INT',
      { length: 11, comment: 'a column comment' },
    ],
    ['bigint(20) default ((7 * 6))', -5, 'BIGINT', { length: 20 }],
    [
      'varchar(40) generated always as (upper(`c`)) stored',
      12,
      'VARCHAR',
      { length: 40, charsetName: 'utf8mb4' },
    ],
  ])('%s', (definition, jdbcType, typeName, expected) => {
    expect(column(definition)).toEqual({
      ...PLAIN,
      jdbcType,
      typeName,
      typeExpression: typeName,
      ...expected,
    });
  });

  test.each<[string, Partial<DebeziumColumn>]>([
    ['binary(5)', { jdbcType: -2, typeName: 'BINARY', length: 5 }],
    ['uuid', { jdbcType: 1111, typeName: 'UUID', charsetName: null }],
    [
      'timestamp default current_timestamp() on update current_timestamp()',
      { autoIncremented: false },
    ],
    [
      'decimal(8,2) unsigned zerofill',
      { typeName: 'DECIMAL UNSIGNED ZEROFILL', length: 8, scale: 2 },
    ],
    [
      `longtext character set utf8mb4 default '{"a": 1}' check (json_valid(c))`,
      { jdbcType: 12, defaultValueExpression: '{"a": 1}' },
    ],
  ])('MariaDB: %s', (definition, expected) => {
    expect(column(definition, MARIADB)).toMatchObject(expected);
  });

  // Not recorded: as its parser's tables have them.
  test.each([
    ['bool', 16, 'BOOL'],
    ['numeric(8,3)', 2, 'NUMERIC'],
    ['real', 7, 'REAL'],
    ['double precision', 8, 'DOUBLE PRECISION'],
    ['nchar(5)', -15, 'NCHAR'],
    ['national varchar(5)', -9, 'NATIONAL VARCHAR'],
    ['character varying(5)', 12, 'CHARACTER VARYING'],
    ['serial', -5, 'SERIAL'],
    ['integer', 4, 'INTEGER'],
    ['long varbinary', 2004, 'LONG VARBINARY'],
  ])('%s', (definition, jdbcType, typeName) => {
    expect(column(definition)).toMatchObject({ jdbcType, typeName });
  });
});

describe('changes of a statement', () => {
  const options = { server: MYSQL8, includeComments: true };
  function changes(...statements: string[]): object[] {
    const catalog = new TableCatalog(0);
    const done = applyAll(catalog, statements, statementContext(MYSQL8));
    return debeziumTableChanges(done, options).map(({ table, ...rest }) => ({
      ...rest,
      ...(table === undefined ? {} : { key: table.primaryKeyColumnNames.join() }),
    }));
  }

  test.each([
    [
      ["create table t (a int, b int primary key) comment 'x'"],
      [{ type: 'CREATE', id: '"shop"."t"', comment: 'x', key: 'b' }],
    ],
    [
      ['create table t (a int)', 'alter table t add b int'],
      [{ type: 'ALTER', id: '"shop"."t"', comment: null, key: '' }],
    ],
    [
      ['create table t (a int)', 'rename table t to u'],
      [{ type: 'ALTER', id: '"shop"."u"', previousId: '"shop"."t"', comment: null, key: '' }],
    ],
    [
      ['create table t (a int)', 'alter table t rename to u'],
      [{ type: 'ALTER', id: '"shop"."u"', comment: null, key: '' }],
    ],
    [['drop table if exists t'], [{ type: 'DROP', id: '"shop"."t"' }]],
    [['create table t (a int not null)', 'create index i on t (a)'], []],
    [
      ['create table t (a int not null)', 'create unique index i on t (a)'],
      [{ type: 'ALTER', id: '"shop"."t"', comment: null, key: 'a' }],
    ],
    [['create table t (a int)', 'truncate table t'], []],
    [['create table t (a int)', 'drop database shop'], []],
    [['alter table t add a int'], []],
  ])('%j', (statements, expected) => {
    expect(changes(...statements)).toEqual(expected);
  });
});

test('comments: an option for MySQL, always for MariaDB', () => {
  const text = "create table t (a int comment 'x')";
  const comment = (dialect: DdlDialect, includeComments: boolean): string | null | undefined =>
    debeziumTable(tableAfter([text], dialect), { server: dialect, includeComments }).columns[0]
      ?.comment;
  expect([comment(MYSQL8, false), comment(MYSQL8, true), comment(MARIADB, false)]).toEqual([
    null,
    'x',
    'x',
  ]);
});

test('names are quoted', () => {
  expect(debeziumTableId({ database: 'a"b', name: 'c' })).toBe('"a""b"."c"');
});
