import { expect, test } from 'vitest';
import { mysqlSourceTypeParameters } from '../../../dialects/mysql/mysql-source-type.ts';
import { parseMysqlType } from '../../../dialects/mysql-type-name.ts';
import { MARIADB, MYSQL, tableDefinition } from '../../support/mysql-definitions.ts';

const OLD = { flavor: 'mysql', version: 50_624 } as const;

function parametersOf(
  column: string,
  server: typeof MARIADB,
  told: Partial<{ comment: string; own: boolean }> = {},
): Record<string, string> {
  const [made] = tableDefinition(`CREATE TABLE t (c ${column})`, server).columns;
  if (made === undefined) throw new Error('no column');
  return { ...mysqlSourceTypeParameters(made, server, { comment: '', own: true, ...told }) };
}

/** Type, length and scale, and our own text. */
function told(column: string, server: typeof MARIADB): readonly (string | undefined)[] {
  const parameters = parametersOf(column, server);
  const source = '__debezium.source.column.';
  expect(parameters[`${source}name`]).toBe('c');
  const own = parameters['__tidemark.source.mysql.type'];
  expect(parseMysqlType(own ?? '')).not.toBeNull();
  return [parameters[`${source}type`], parameters[`${source}length`], parameters[`${source}scale`]];
}

test.each([
  ['INT', ['INT', '11']],
  ['BIGINT UNSIGNED ZEROFILL', ['BIGINT UNSIGNED ZEROFILL', '20']],
  ['BOOLEAN', ['TINYINT', '1']],
  ['DECIMAL(12,2) UNSIGNED', ['DECIMAL UNSIGNED', '12', '2']],
  ['DOUBLE(8,3)', ['DOUBLE', '8', '3']],
  ['FLOAT', ['FLOAT']],
  ['NVARCHAR(20)', ['VARCHAR', '20']],
  ['CHAR', ['CHAR', '1']],
  ['BINARY(16)', ['BINARY', '16']],
  ['BIT', ['BIT', '1']],
  ['YEAR', ['YEAR', '4']],
  ['DATETIME(3)', ['DATETIME', '3']],
  ['DATETIME', ['DATETIME']],
  ["ENUM('a','it''s')", ['ENUM', '1']],
  ["SET('a','b','c')", ['SET', '5']],
  ['LONGTEXT', ['LONGTEXT']],
  ['GEOMETRYCOLLECTION', ['GEOMETRYCOLLECTION']],
] as const)('%s on MariaDB', (column, expected) => {
  expect(told(column, MARIADB).filter((each) => each !== undefined)).toEqual(expected);
});

test('widths and names are those that the server shows, by its version (PITFALLS B78)', () => {
  expect(told('INT UNSIGNED', MYSQL)[1]).toBeUndefined();
  expect(told('INT UNSIGNED', OLD).slice(0, 2)).toEqual(['INT UNSIGNED', '10']);
  expect(told('BOOL', MYSQL).slice(0, 2)).toEqual(['TINYINT', '1']);
  expect(told('GEOMETRYCOLLECTION', MYSQL)[0]).toBe('GEOMCOLLECTION');
  expect(told('YEAR', MYSQL)[1]).toBeUndefined();
});

test('in the order of the original, with a comment, and without ours', () => {
  expect(
    Object.entries(parametersOf('DECIMAL(5,1)', MYSQL, { comment: 'net', own: false })),
  ).toEqual([
    ['__debezium.source.column.type', 'DECIMAL'],
    ['__debezium.source.column.length', '5'],
    ['__debezium.source.column.scale', '1'],
    ['__debezium.source.column.comment', 'net'],
    ['__debezium.source.column.name', 'c'],
  ]);
});
