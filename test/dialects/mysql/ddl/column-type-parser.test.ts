import { describe, expect, test } from 'vitest';
import {
  acceptTypeModifier,
  parseType,
} from '../../../../dialects/mysql/ddl/column-type-parser.ts';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import type { DdlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import { ddlDialect } from '../../../../dialects/mysql/ddl/ddl-dialect.ts';
import type { TypeSyntax } from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import { cursorOn, MARIADB, MYSQL } from '../../../support/mysql-ddl.ts';

function typeOf(text: string, dialect: DdlDialect = MYSQL): TypeSyntax {
  const cursor = cursorOn(text, dialect);
  const draft = parseType(cursor);
  while (acceptTypeModifier(cursor, draft));
  if (!cursor.isEnd()) cursor.fail('the end');
  return draft;
}

function shown({ base, length, scale, unsigned, zerofill, charset }: TypeSyntax): string {
  const numbers = length === null ? '' : `(${length}${scale === null ? '' : `,${scale}`})`;
  const words = [unsigned ? 'unsigned' : '', zerofill ? 'zerofill' : '', charset ?? ''];
  return [base + numbers, ...words].filter((word) => word !== '').join(' ');
}

describe('synonyms (PITFALLS B103)', () => {
  test.each([
    ['INTEGER(11)', 'int(11)', 'INTEGER'],
    ['int4 unsigned', 'int unsigned', 'INT4 UNSIGNED'],
    ['middleint zerofill', 'mediumint unsigned zerofill', 'MIDDLEINT ZEROFILL'],
    ['bigint signed', 'bigint', 'BIGINT SIGNED'],
    ['BOOL', 'tinyint(1)', 'BOOL'],
    ['serial', 'bigint unsigned', 'SERIAL'],
    ['dec(10,2)', 'decimal(10,2)', 'DEC'],
    ['decimal(19.5)', 'decimal(19)', 'DECIMAL'],
    ['fixed', 'decimal', 'FIXED'],
    ['double precision', 'double', 'DOUBLE PRECISION'],
    ['float(24)', 'float(24)', 'FLOAT'],
    ['float(25)', 'double(25)', 'FLOAT'],
    ['float(30,4)', 'float(30,4)', 'FLOAT'],
    ['real', 'double', 'REAL'],
    ['character varying(5)', 'varchar(5)', 'CHARACTER VARYING'],
    ['national char(5)', 'char(5) utf8', 'NATIONAL CHAR'],
    ['national character varying(5)', 'varchar(5) utf8', 'NATIONAL CHARACTER VARYING'],
    ['nchar varchar(5)', 'varchar(5) utf8', 'NCHAR VARCHAR'],
    ['nvarchar(5)', 'varchar(5) utf8', 'NVARCHAR'],
    ['long', 'mediumtext', 'LONG'],
    ['long varchar', 'mediumtext', 'LONG VARCHAR'],
    ['long varbinary', 'mediumblob', 'LONG VARBINARY'],
    ['long char varying', 'mediumtext', 'LONG CHAR VARYING'],
    ['char(4) byte', 'char(4) binary', 'CHAR'],
    ['varchar(4) unicode', 'varchar(4) ucs2', 'VARCHAR'],
    ['text ascii', 'text latin1', 'TEXT'],
    ["char(3) character set 'UTF8'", 'char(3) utf8', 'CHAR'],
    ['char(3) char set latin1', 'char(3) latin1', 'CHAR'],
    ['geomcollection', 'geometrycollection', 'GEOMCOLLECTION'],
    ['vector(3)', 'vector(3)', 'VECTOR'],
    ['year(4)', 'year(4)', 'YEAR'],
  ])('%s', (text, expected, written) => {
    const type = typeOf(text);
    expect(shown(type)).toBe(expected);
    expect(type.written).toBe(written);
  });

  test('sql_mode changes some', () => {
    expect(typeOf('real', ddlDialect(MYSQL, 1)).base).toBe('float');
    const oracle = ddlDialect(MARIADB, 512);
    expect(typeOf('varchar2(10 char)', oracle)).toMatchObject({ base: 'varchar', length: 10 });
    expect(typeOf('date', oracle).base).toBe('datetime');
    expect(typeOf('mariadb_schema.date', oracle).base).toBe('date');
    expect(typeOf('blob', oracle).base).toBe('longblob');
  });
});

test('collations', () => {
  expect(typeOf('char(5) binary collate utf8mb4_bin')).toMatchObject({
    isBinaryCollation: true,
    collation: 'utf8mb4_bin',
    written: 'CHAR BINARY',
  });
});

test('members, with what their quotes hold and what is written', () => {
  const type = typeOf("enum('a','it''s',x'62', \"q\", 'b\\\\c') charset latin1");
  expect(type.members).toEqual(['a', "it's", 'b', 'q', 'b\\c']);
  expect(type.writtenMembers).toEqual(["'a'", "'it''s'", "x'62'", '"q"', "'b\\\\c'"]);
  expect(type.charset).toBe('latin1');
});

test.each(['nothing', 'int(', 'int(x)', 'enum', "enum('a'", 'decimal(1,2', ''])(
  '%j is none',
  (text) => {
    expect(() => typeOf(text)).toThrow(DdlSyntaxError);
  },
);
