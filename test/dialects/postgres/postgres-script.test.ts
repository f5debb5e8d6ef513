import { describe, expect, test } from 'vitest';
import { splitPostgresScript } from '../../../dialects/postgres/postgres-script.ts';

const texts = (script: string): readonly string[] =>
  splitPostgresScript(script).map(({ line, text }) => `${line} ${text}`);

/** A script, and its statements behind their lines. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing', '', []],
  ['blanks, comments and empty statements', '\uFEFF ;; -- a;b\n/* ; /* ; */ ; */ ;', []],
  ['the last one needs no end', 'SELECT 1;\n\nSELECT 2', ['1 SELECT 1', '3 SELECT 2']],
  ['strings', `SELECT 'a;''b';SELECT 2`, [`1 SELECT 'a;''b'`, '1 SELECT 2']],
  [
    'a backslash is none in a string',
    String.raw`SELECT 'a\';SELECT 2`,
    [String.raw`1 SELECT 'a\'`, '1 SELECT 2'],
  ],
  [
    'but in an E-string',
    String.raw`SELECT E'a\';b';SELECT 2`,
    [String.raw`1 SELECT E'a\';b'`, '1 SELECT 2'],
  ],
  ['names', 'SELECT "a;""b" FROM t;', ['1 SELECT "a;""b" FROM t']],
  ['dollars', 'DO $$ a; $x$ b; $$;\nDO $x$ $$; $x$;', ['1 DO $$ a; $x$ b; $$', '2 DO $x$ $$; $x$']],
  [
    'dollars in names and parameters',
    'SELECT a$b$c; SELECT $1; SELECT d$b$',
    ['1 SELECT a$b$c', '1 SELECT $1', '1 SELECT d$b$'],
  ],
  [
    'rules',
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
    ['1 CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', '1 SELECT 3'],
  ],
  [
    'bodies of standard SQL',
    'CREATE OR REPLACE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END; BEGIN; END',
    [
      '1 CREATE OR REPLACE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END',
      '1 BEGIN',
      '1 END',
    ],
  ],
  [
    'commands of psql',
    'SELECT 1;\n\\c other\nSELECT 2;',
    ['1 SELECT 1', '2 \\c other', '3 SELECT 2'],
  ],
  ['what has no end', `SELECT 1; SELECT 'a; SELECT 2`, ['1 SELECT 1', `1 SELECT 'a; SELECT 2`]],
];

describe('scripts as psql cuts them', () => {
  test.each(CASES)('%s', (_name, script, statements) => {
    expect(texts(script)).toEqual(statements);
  });
});
