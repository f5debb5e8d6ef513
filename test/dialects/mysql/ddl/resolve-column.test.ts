import { describe, expect, test } from 'vitest';
import { completeColumns, resolveColumn } from '../../../../dialects/mysql/ddl/resolve-column.ts';
import {
  described,
  MARIADB,
  MYSQL,
  MYSQL57,
  statementContext,
  tableAfter,
} from '../../../support/mysql-ddl.ts';

describe('a column of a table', () => {
  test('has what its statement leaves open', () => {
    const table = tableAfter(
      [
        `create table t (a int comment 'c', b varchar(5) not null default 'x' invisible, c serial,
          d int as (1) stored)`,
      ],
      MYSQL,
    );
    expect(described(table, MYSQL)).toEqual([
      'a int comment c',
      "b varchar(5) not null default 'x' invisible",
      'c bigint unsigned not null auto_increment',
      'd int stored',
      'unique c (c)',
    ]);
    expect(table.columns[2]?.declared).toEqual({
      name: 'SERIAL',
      length: null,
      scale: null,
      members: null,
    });
  });

  test('is NOT NULL in a primary key', () => {
    const table = tableAfter(['create table t (A int, b int null, primary key (b, a))'], MYSQL);
    expect(table.columns.map(({ nullable }) => nullable)).toEqual([false, false]);
  });

  test('of a period of the system cannot be null', () => {
    const table = tableAfter(
      [
        `create table t (a int, s timestamp(6) as row start, e timestamp(6) as row end,
          period for system_time (s, e)) with system versioning`,
      ],
      MARIADB,
    );
    expect(table.columns.map(({ nullable }) => nullable)).toEqual([true, false, false]);
    expect(table.hasHiddenPeriod).toBe(false);
  });
});

describe('without explicit_defaults_for_timestamp (PITFALLS B103)', () => {
  const given = { explicitDefaultsForTimestamp: false };
  test.each([
    [
      'a timestamp, b timestamp, c timestamp null, d datetime',
      [
        'a timestamp not null default now(0) on update now(0)',
        "b timestamp not null default '0000-00-00 00:00:00'",
        'c timestamp',
        'd datetime',
      ],
    ],
    [
      "a timestamp default '2020-01-02 03:04:05', b timestamp(3)",
      [
        "a timestamp not null default '2020-01-02 03:04:05'",
        "b timestamp(3) not null default '0000-00-00 00:00:00.000'",
      ],
    ],
    [
      'a timestamp on update now()',
      ["a timestamp not null default '0000-00-00 00:00:00' on update now(0)"],
    ],
    [
      'a timestamp null, b timestamp',
      ['a timestamp', "b timestamp not null default '0000-00-00 00:00:00'"],
    ],
  ])('%s', (columns, expected) => {
    expect(described(tableAfter([`create table t (${columns})`], MYSQL57, given), MYSQL57)).toEqual(
      expected,
    );
  });

  test('with it TIMESTAMP is a type like others', () => {
    expect(described(tableAfter(['create table t (a timestamp)'], MYSQL), MYSQL)).toEqual([
      'a timestamp',
    ]);
  });
});

test('both steps leave alone what is complete', () => {
  const context = {
    ...statementContext(MYSQL),
    tableCharset: { charset: 'latin1', collation: 'latin1_bin' },
  };
  const { columns, keys } = tableAfter(['create table t (a int primary key)'], MYSQL);
  expect(completeColumns(columns, keys, context)[0]).toBe(columns[0]);
  expect(typeof resolveColumn).toBe('function');
});
