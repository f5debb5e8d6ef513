import { describe, expect, test } from 'vitest';
import { parseColumn, parsePosition } from '../../../../dialects/mysql/ddl/column-parser.ts';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import type { ColumnSyntax } from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import { cursorOn, MARIADB, MYSQL } from '../../../support/mysql-ddl.ts';

function column(text: string, dialect = MYSQL): ColumnSyntax {
  const cursor = cursorOn(text, dialect);
  const found = parseColumn(cursor);
  if (!cursor.isEnd()) cursor.fail('the end');
  return found;
}

describe('attributes of columns (PITFALLS B103)', () => {
  test.each<[string, Partial<ColumnSyntax>]>([
    ['a int', { name: 'a', nullable: null, default: null, keys: [] }],
    ['a int not null', { nullable: false }],
    ['a int null', { nullable: true }],
    ['a int key', { keys: ['primary'] }],
    ['a int unique key', { keys: ['unique'] }],
    ['a int unique primary key', { keys: ['unique', 'primary'] }],
    ['a serial', { keys: ['unique'], nullable: false, autoIncrement: true }],
    ['a int serial default value', { keys: ['unique'], nullable: false, autoIncrement: true }],
    ['a int auto_increment', { autoIncrement: true, nullable: false }],
    ["a int comment 'it''s'", { comment: "it's" }],
    [
      'a int generated always as (b + (1)) stored not null',
      { generated: 'stored', nullable: false },
    ],
    ['a int as (b) virtual', { generated: 'virtual' }],
    ['a int as (b) persistent', { generated: 'stored' }],
    ['a int as (b)', { generated: 'virtual' }],
    ['a timestamp(6) generated always as row start', { generated: 'row-start' }],
    ['a timestamp(6) generated always as row end', { generated: 'row-end' }],
    ['a int invisible', { invisible: true }],
    ['a int /*!80023 invisible */', { invisible: true }],
    ['a int /*!99999 invisible */', { invisible: false }],
    ['a text compressed=zlib', { compressed: true }],
    ['a timestamp on update now(3)', { onUpdateNow: 3 }],
    [
      'a datetime default now() on update current_timestamp not null',
      { onUpdateNow: 0, nullable: false },
    ],
    [
      'a int references t (b) match full on delete set null on update cascade not null',
      { nullable: false },
    ],
    ['a timestamp references t (b) on update current_timestamp', { onUpdateNow: 0 }],
    ['a int constraint c check (a > 1) not enforced null', { nullable: true }],
    ['a int check (a in (1, 2)) enforced', {}],
    ['a int column_format dynamic storage disk', {}],
    ["a int engine_attribute = '{}' secondary_engine_attribute '{}'", {}],
    ['a point not null srid 4326', { nullable: false }],
    ['a int without system versioning', {}],
    ["a int `encrypted`='YES' FIRST=1", {}],
    ['t.a int', { name: 'a' }],
    ['`key` int', { name: 'key' }],
  ])('%s', (text, expected) => {
    expect(column(text)).toMatchObject(expected);
  });

  test('for MariaDB a primary key needs no unique one beside it', () => {
    expect(column('a serial primary key', MARIADB).keys).toEqual(['primary']);
    expect(column('a serial primary key', MYSQL).keys).toEqual(['unique', 'primary']);
  });

  test.each([
    'a',
    'a int nonsense',
    'a int default',
    "a int comment 'x",
    'a int references',
    'a int on update 5',
  ])('%j is none', (text) => {
    expect(() => column(text)).toThrow(DdlSyntaxError);
  });
});

test('a place ends the column (PITFALLS B102)', () => {
  const cursor = cursorOn('a int not null after `b`, x');
  parseColumn(cursor);
  expect(parsePosition(cursor)).toEqual({ after: 'b' });
  expect(parsePosition(cursorOn('first'))).toEqual({ after: '' });
  expect(parsePosition(cursorOn(','))).toBeNull();
});
