import { describe, expect, test } from 'vitest';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

describe('a cursor', () => {
  test('reads words all or none', () => {
    const cursor = cursorOn('if not x');
    expect(cursor.acceptIfNotExists()).toBe(false);
    expect(cursor.accept('IF', 'NOT')).toBe(true);
    expect(cursor.isName()).toBe(true);
    expect(cursor.name()).toBe('x');
    expect(cursor.isEnd()).toBe(true);
    expect(() => cursor.name()).toThrow(DdlSyntaxError);
  });

  test('takes no quoted name for a keyword', () => {
    expect(cursorOn('`table`').accept('TABLE')).toBe(false);
    expect(cursorOn('table').accept('TABLE')).toBe(true);
  });

  test.each([
    ['t', { database: null, name: 't' }],
    ['`d b` . `t`', { database: 'd b', name: 't' }],
    ['.t', { database: null, name: 't' }],
    ['d.1t', { database: 'd', name: '1t' }],
  ])('%s is a table (PITFALLS B95)', (text, table) => {
    expect(cursorOn(text).tableName()).toEqual(table);
  });

  test.each([
    ['a', 'a'],
    ['.a', 'a'],
    ['t.a', 'a'],
    ['d.t.`a`', 'a'],
  ])('%s is a column', (text, column) => {
    expect(cursorOn(text).columnName()).toBe(column);
  });

  test('joins strings and gives back what stands in brackets', () => {
    const cursor = cursorOn("'a' 'b' (1, (f(')')) ) x");
    expect(cursor.string()).toBe('ab');
    const position = cursor.position;
    expect(cursor.brackets()).toBe("1, (f(')')) ");
    expect(cursor.textSince(position)).toBe("(1, (f(')')) )");
    expect(cursor.isWord('X')).toBe(true);
  });

  test.each(['(', '(a', "('", '((a)'])('%s has no end', (text) => {
    expect(() => cursorOn(text).brackets()).toThrow(DdlSyntaxError);
  });

  test('an integer has ten digits at most', () => {
    expect(cursorOn('4294967295').integer()).toBe(4294967295);
    for (const text of ['4294967296', '1.5', '1e3', 'x', '']) {
      expect(() => cursorOn(text).integer()).toThrow(DdlSyntaxError);
    }
  });

  test('an item ends at a comma of its own level', () => {
    const cursor = cursorOn('a (b, c) d, e');
    cursor.skipItem();
    expect(cursor.acceptMark(',')).toBe(true);
    expect(cursor.name()).toBe('e');
  });
});
