import { describe, expect, test } from 'vitest';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import { acceptNow, parseDefault } from '../../../../dialects/mysql/ddl/default-parser.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

describe('what stands behind DEFAULT', () => {
  test.each([
    ['NULL', { kind: 'null' }],
    ["'a' 'b'", { kind: 'string', text: 'ab', written: "a' 'b" }],
    ["'it''s'", { kind: 'string', text: "it's", written: "it''s" }],
    ["_utf8mb4'x'", { kind: 'string', text: 'x', written: 'x' }],
    ["N'x'", { kind: 'string', text: 'x', written: 'x' }],
    ['-1.50', { kind: 'number', text: '-1.50', written: '-1.50' }],
    ['+7', { kind: 'number', text: '7', written: '7' }],
    ['TRUE', { kind: 'number', text: '1', written: 'TRUE' }],
    ["x'4A'", { kind: 'hex', text: '4A', written: '4A' }],
    ["b'01'", { kind: 'bits', text: '01', written: '01' }],
    ["date '2020-01-02'", { kind: 'string', text: '2020-01-02', written: '2020-01-02' }],
    ['now(3)', { kind: 'now', fraction: 3, written: 'now(3)' }],
    ['LOCALTIME', { kind: 'now', fraction: 0, written: 'LOCALTIME' }],
    ['(1 + (2))', { kind: 'expression', text: '1 + (2)' }],
    ["concat('a', ')')", { kind: 'expression', text: "concat('a', ')')" }],
    ['next value for db.s', { kind: 'expression', text: 'next value for db.s' }],
    [
      'case when a then case b when 1 then 2 end else 3 end',
      { kind: 'expression', text: 'case when a then case b when 1 then 2 end else 3 end' },
    ],
    ['d.f(1)', { kind: 'expression', text: 'd.f(1)' }],
  ])('%s', (text, expected) => {
    const cursor = cursorOn(`${text} not null`);
    expect(parseDefault(cursor)).toEqual(expected);
    expect(cursor.accept('NOT', 'NULL')).toBe(true);
  });

  test.each(['', ')', "'a", '(1', 'case when', 'now'])('%j is none', (text) => {
    expect(() => parseDefault(cursorOn(text))).toThrow(DdlSyntaxError);
  });
});

test('other words are no clock', () => {
  expect(acceptNow(cursorOn('current_date'))).toBeNull();
});
