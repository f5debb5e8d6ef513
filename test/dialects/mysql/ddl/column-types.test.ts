import { describe, expect, test } from 'vitest';
import {
  acceptTypeModifier,
  parseType,
} from '../../../../dialects/mysql/ddl/column-type-parser.ts';
import {
  columnTypeText,
  convertType,
  resolveType,
} from '../../../../dialects/mysql/ddl/column-types.ts';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { ColumnType } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { cursorOn, MARIADB, MYSQL, MYSQL57, statementContext } from '../../../support/mysql-ddl.ts';

function resolved(text: string, dialect: DdlDialect, charset = 'utf8mb4'): ColumnType {
  const cursor = cursorOn(text, dialect);
  const draft = parseType(cursor);
  while (acceptTypeModifier(cursor, draft));
  const tableCharset = { charset, collation: `${charset}_bin` };
  return resolveType(draft, { ...statementContext(dialect), tableCharset });
}

const shown = (text: string, dialect: DdlDialect): string =>
  columnTypeText(resolved(text, dialect), dialect);

describe('COLUMN_TYPE (each as information_schema of 9.7.4, 5.7.22 and 10.11.18 prints it)', () => {
  test.each([
    ['int', 'int', 'int(11)', 'int(11)'],
    ['int(5)', 'int', 'int(5)', 'int(5)'],
    ['int unsigned', 'int unsigned', 'int(10) unsigned', 'int(10) unsigned'],
    [
      'int(5) zerofill',
      'int(5) unsigned zerofill',
      'int(5) unsigned zerofill',
      'int(5) unsigned zerofill',
    ],
    ['tinyint(1)', 'tinyint(1)', 'tinyint(1)', 'tinyint(1)'],
    ['tinyint(1) unsigned', 'tinyint unsigned', 'tinyint(1) unsigned', 'tinyint(1) unsigned'],
    ['bool', 'tinyint(1)', 'tinyint(1)', 'tinyint(1)'],
    ['serial', 'bigint unsigned', 'bigint(20) unsigned', 'bigint(20) unsigned'],
    ['dec', 'decimal(10,0)', 'decimal(10,0)', 'decimal(10,0)'],
    ['decimal(0)', 'decimal(10,0)', 'decimal(10,0)', 'decimal(10,0)'],
    ['float(7,4) unsigned', 'float(7,4) unsigned', 'float(7,4) unsigned', 'float(7,4) unsigned'],
    ['float(30)', 'double', 'double', 'double'],
    ['bit', 'bit(1)', 'bit(1)', 'bit(1)'],
    ['year', 'year', 'year(4)', 'year(4)'],
    ['datetime', 'datetime', 'datetime', 'datetime'],
    ['timestamp(3)', 'timestamp(3)', 'timestamp(3)', 'timestamp(3)'],
    ['char', 'char(1)', 'char(1)', 'char(1)'],
    ['varchar(70000)', 'mediumtext', 'mediumtext', 'mediumtext'],
    ['varbinary(70000)', 'mediumblob', 'mediumblob', 'mediumblob'],
    ['text(60)', 'tinytext', 'tinytext', 'tinytext'],
    ['text(70)', 'text', 'text', 'text'],
    ['text(70000)', 'mediumtext', 'mediumtext', 'mediumtext'],
    ['blob(300)', 'blob', 'blob', 'blob'],
    ['blob(200)', 'tinyblob', 'tinyblob', 'tinyblob'],
    ['char(4) byte', 'binary(4)', 'binary(4)', 'binary(4)'],
    ['text character set binary', 'blob', 'blob', 'blob'],
    ["enum('a','it''s')", "enum('a','it''s')", "enum('a','it''s')", "enum('a','it''s')"],
    ["set('a  ','b')", "set('a','b')", "set('a','b')", "set('a','b')"],
    ["set('a  ') charset binary", "set('a  ')", "set('a  ')", "set('a  ')"],
    ['geometrycollection', 'geomcollection', 'geometrycollection', 'geometrycollection'],
    ['json', 'json', 'json', 'longtext'],
  ])('%s', (text, mysql, mysql57, mariadb) => {
    expect([shown(text, MYSQL), shown(text, MYSQL57), shown(text, MARIADB)]).toEqual([
      mysql,
      mysql57,
      mariadb,
    ]);
  });
});

describe('collations of columns (PITFALLS B104)', () => {
  test.each([
    ['char(5)', 'utf8mb4_bin'],
    ['char(5) charset utf8mb4', 'utf8mb4_0900_ai_ci'],
    ['char(5) binary', 'utf8mb4_bin'],
    ['char(5) charset latin1 binary', 'latin1_bin'],
    ['nchar(5)', 'utf8mb3_general_ci'],
    ["enum('a') collate latin1_bin", 'latin1_bin'],
    ['int', null],
    ['json', null],
    ['blob', null],
  ])('%s', (text, collation) => {
    expect(resolved(text, MYSQL).collation).toBe(collation);
  });

  test('for MariaDB JSON is a text (PITFALLS B87), and a BLOB with a collation too', () => {
    expect(resolved('json', MARIADB)).toMatchObject({ base: 'longtext', collation: 'utf8mb4_bin' });
    expect(resolved('blob collate utf8_bin', MARIADB)).toMatchObject({
      base: 'text',
      charset: 'utf8mb3',
    });
  });
});

describe('CONVERT TO CHARACTER SET (PITFALLS B102)', () => {
  test.each([
    ['varchar(10)', 'utf8mb4', 'varchar(10)'],
    ['tinytext', 'utf8mb4', 'text'],
    ['text', 'utf8mb4', 'mediumtext'],
    ['mediumtext', 'utf8mb4', 'longtext'],
    ['longtext', 'utf8mb4', 'longtext'],
    ['text', 'latin1', 'text'],
    ['varchar(10)', 'binary', 'varbinary(10)'],
    ['text', 'binary', 'blob'],
    ["enum('a')", 'binary', "enum('a')"],
    ['int', 'utf8mb4', 'int'],
  ])('a %s of latin1 into %s is a %s', (text, charset, expected) => {
    const type = convertType(resolved(text, MYSQL, 'latin1'), charset, `${charset}_x`);
    expect(columnTypeText(type, MYSQL)).toBe(expected);
    if (type.charset !== null) expect(type).toMatchObject({ charset, collation: `${charset}_x` });
  });

  test('and back it has room enough', () => {
    expect(convertType(resolved('text', MYSQL), 'latin1', 'latin1_bin').base).toBe('text');
  });
});
