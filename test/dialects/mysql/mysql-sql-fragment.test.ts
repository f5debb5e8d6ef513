import { expect, test } from 'vitest';
import { mysqlFragmentProblem } from '../../../dialects/mysql/mysql-sql-fragment.ts';

test.each([
  'a > 1',
  "name = 'it''s; (' AND b IN (1, 2)",
  String.raw`name = 'a\';)'`,
  'name = "a\\")" OR `odd;name` = 1',
  'a = 1 -- ) not code;',
  'a = 1 # )',
  'a /* ); */ = 1',
  'a --1',
])('%s stays where it is put', (sql) => {
  expect(mysqlFragmentProblem(sql)).toBeNull();
});

test.each([
  ['a = 1; DROP TABLE t', 'has a semicolon'],
  ['a = 1) OR (1', 'closes a bracket that it did not open'],
  ['(a = 1', 'has a bracket that is not closed'],
  ["a = 'x", 'has a quote that is not closed'],
  [String.raw`a = 'x\'`, 'has a quote that is not closed'],
  ['a = `x', 'has a quote that is not closed'],
  ['a = 1 /* x', 'has a comment that is not closed, or is code'],
  ['a = 1 /*! ) UNION SELECT 1 */', 'has a comment that is not closed, or is code'],
  ['a = 1 /*M!100000 ) */', 'has a comment that is not closed, or is code'],
  ['a = 1--); DROP', 'closes a bracket that it did not open'],
])('%s does not: it %s', (sql, problem) => {
  expect(mysqlFragmentProblem(sql)).toBe(problem);
});
