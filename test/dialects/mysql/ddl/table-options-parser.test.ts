import { expect, test } from 'vitest';
import {
  acceptCharsetOption,
  NO_OPTIONS,
  parseTableOptions,
} from '../../../../dialects/mysql/ddl/table-options-parser.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

test.each([
  ['engine=InnoDB auto_increment 5 default charset=utf8mb4', { charset: 'utf8mb4' }],
  [
    'ENGINE InnoDB, CHAR SET latin1, COLLATE = latin1_bin',
    { charset: 'latin1', collation: 'latin1_bin' },
  ],
  ["default character set 'UTF8' comment='it''s'", { charset: 'utf8', comment: "it's" }],
  ['character set = default', { charset: 'default' }],
  ['union=(a, b) insert_method=last row_format=dynamic', {}],
  ["data directory='/x' index directory '/y' tablespace ts storage disk", {}],
  ['`page_compressed`=1 encrypted=yes transactional=1', {}],
  ['with system versioning', { systemVersioned: true }],
  ['sequence=1 engine=InnoDB', { isSequence: true }],
  ['start transaction', {}],
  ['stats_auto_recalc=default stats_sample_pages=50', {}],
])('%s', (text, expected) => {
  const cursor = cursorOn(text);
  expect(parseTableOptions(cursor, true)).toEqual({ ...NO_OPTIONS, ...expected });
  expect(cursor.isEnd()).toBe(true);
});

test('commas end a clause of ALTER TABLE', () => {
  const cursor = cursorOn("comment 'a', charset latin1");
  expect(parseTableOptions(cursor, false).charset).toBeNull();
  expect(cursor.isMark(',')).toBe(true);
});

test.each(['partition by hash (a)', 'select 1', 'as select 1', 'ignore select 1'])(
  'none begins with %s',
  (text) => {
    const cursor = cursorOn(text);
    expect(parseTableOptions(cursor, true)).toEqual(NO_OPTIONS);
    expect(cursor.position).toBe(0);
  },
);

test('a DEFAULT that is none is not read', () => {
  const cursor = cursorOn('default 5');
  expect(acceptCharsetOption(cursor, { charset: null, collation: null })).toBe(false);
  expect(cursor.position).toBe(0);
});
