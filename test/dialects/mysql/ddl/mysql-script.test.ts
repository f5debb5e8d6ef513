import { describe, expect, test } from 'vitest';
import { splitMysqlScript } from '../../../../dialects/mysql/ddl/mysql-script.ts';

/** A script, and its statements behind their lines. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing', '', []],
  ['blanks, comments, empty statements', '\uFEFF;;\n# a;b\n-- c;\n--\n/* ; */ ;', []],
  ['the last one needs no end', 'SELECT 1;\n\n  SELECT 2', ['1 SELECT 1', '3 SELECT 2']],
  ['two dashes without a blank', 'SELECT 5--1; SELECT 2', ['1 SELECT 5--1', '1 SELECT 2']],
  ['strings', `SELECT 'a;''b\\';c'; SELECT "d;""e"`, [`1 SELECT 'a;''b\\';c'`, '1 SELECT "d;""e"']],
  ['names', 'SELECT `a;``b\\`; SELECT 2', ['1 SELECT `a;``b\\`', '1 SELECT 2']],
  [
    'comments inside',
    'SELECT 1 -- ; a\n + /* ; */ 2; SELECT 3 # ; b\n',
    ['1 SELECT 1 -- ; a\n + /* ; */ 2', '2 SELECT 3 # ; b'],
  ],
  [
    'code in comments',
    '/*!40101 SET NAMES utf8 */;\n/*M! SELECT 1 */;',
    ['1 /*!40101 SET NAMES utf8 */', '2 /*M! SELECT 1 */'],
  ],
  [
    'other delimiters',
    'DELIMITER $$\nCREATE TRIGGER x BEGIN a; b; END$$\n  delimiter ;\nSELECT 1;\n' +
      'Delimiter //\nSELECT 2; //\n',
    ['2 CREATE TRIGGER x BEGIN a; b; END', '4 SELECT 1', '6 SELECT 2;'],
  ],
  [
    'a column of that name',
    'SELECT\ndelimiter a FROM t; SELECT 2',
    ['1 SELECT\ndelimiter a FROM t', '1 SELECT 2'].map((one, i) => (i === 1 ? '2 SELECT 2' : one)),
  ],
  ['letters that end', 'SELECT 1\\G\nSELECT 2\\g', ['1 SELECT 1', '2 SELECT 2']],
  [
    'commands of the client',
    'SELECT 1;\n\\! ls\nSELECT 2',
    ['1 SELECT 1', '2 \\! ls', '3 SELECT 2'],
  ],
  ['what has no end', `SELECT 1; SELECT 'a; SELECT 2`, ['1 SELECT 1', `1 SELECT 'a; SELECT 2`]],
];

describe('scripts as mysql cuts them', () => {
  test.each(CASES)('%s', (_name, script, statements) => {
    expect(splitMysqlScript(script).map(({ line, text }) => `${line} ${text}`)).toEqual(statements);
  });
});
