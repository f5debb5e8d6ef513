import { expect, test } from 'vitest';
import { fragmentProblem } from '../../../dialects/postgres/postgres-sql-fragment.ts';

test.each([
  'id > 5',
  `a = 'it''s; (fine' AND "b;)" = E'\\'); DROP TABLE x; --'`,
  'v = $$;)$$ OR v = $tag$ $$ ; ) $tag$',
  'id IN (SELECT id FROM (VALUES (1), (2)) AS t (id)) AND a[1] = 2',
  'id = 1 -- ; )',
  'id /* ; ) /* nested ; */ ) */ = 1',
  "name$1 = 'x' AND e = 'y'",
  'SELECT * FROM a WHERE id = 1',
  '',
])('%s stays where it is put', (sql) => {
  expect(fragmentProblem(sql)).toBeNull();
});

test.each([
  ['1=1) TO STDOUT; DROP TABLE a; --', 'closes a bracket'],
  ['1=1; DROP TABLE a', 'semicolon'],
  ['(1=1', 'not closed'],
  ["v = 'x", 'quote'],
  ['v = "x', 'quote'],
  [`v = E'\\'; DROP`, 'semicolon'],
  [`tale'\\'); DROP TABLE a; --'`, 'closes a bracket'],
  ['id = 1 /* /* */', 'comment'],
  ['a$b$ = 1); DROP TABLE a; --$b$', 'closes a bracket'],
  ['v = $$x; ', 'semicolon'],
])('%s does not', (sql, problem) => {
  expect(fragmentProblem(sql)).toContain(problem);
});
