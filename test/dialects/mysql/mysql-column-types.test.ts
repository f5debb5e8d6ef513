import { expect, test } from 'vitest';
import { mysqlColumnType, mysqlTypeHolds } from '../../../dialects/mysql/mysql-column-types.ts';
import type { TargetColumn } from '../../../dialects/dialect.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const target = { schema: 's', table: 't' };
const optional = true;

function typeOf(schema: Omit<ConnectSchema, 'optional'>, keyColumns = 0): string {
  return mysqlColumnType({ ...schema, optional }, target, keyColumns).ddl;
}

test('texts and bytes of keys have a length that the index holds', () => {
  expect(typeOf({ type: 'string' })).toBe('longtext');
  expect(typeOf({ type: 'string' }, 1)).toBe('varchar(768)');
  expect(typeOf({ type: 'string' }, 3)).toBe('varchar(250)');
  expect(typeOf({ type: 'bytes' }, 1)).toBe('varbinary(3072)');
  const limited = { '__tidemark.source.type': 'character varying(20)' };
  expect(typeOf({ type: 'string', parameters: limited }, 1)).toBe('varchar(20)');
});

test('a type of the wire that is none never gets into DDL', () => {
  const parameters = { '__tidemark.source.mysql.type': 'int); DROP TABLE x; --' };
  expect(typeOf({ type: 'int32', parameters })).toBe('int');
});

test('types are kept only where the values have their form', () => {
  const own = (type: string) => ({ '__tidemark.source.mysql.type': type });
  // binary.handling.mode=base64 makes a text of it.
  expect(typeOf({ type: 'string', parameters: own('varbinary(10)') })).toBe('longtext');
  expect(typeOf({ type: 'bytes', parameters: own('varbinary(10)') })).toBe('varbinary(10)');
  // Not every server has these.
  const uuid = { type: 'string', name: 'io.debezium.data.Uuid' } as const;
  expect(typeOf({ ...uuid, parameters: own('uuid') })).toBe('varchar(36)');
  expect(typeOf({ type: 'string', parameters: own('inet6') })).toBe('varchar(39)');
  const vector = { type: 'array', valueSchema: { type: 'float32', optional: false } } as const;
  expect(typeOf({ ...vector, parameters: own('vector(3)') })).toBe('json');
  const shape = { type: 'struct', name: 'io.debezium.data.geometry.Geometry' } as const;
  expect(typeOf({ ...shape, parameters: own('geomcollection') })).toBe('geometrycollection');
});

function column(type: string): TargetColumn {
  return { name: 'c', type } as TargetColumn;
}

function wanted(ddl: string, exact = true) {
  return { ddl, enumType: null, exact };
}

test.each([
  ['bigint(20)', 'int unsigned'],
  ['int unsigned', 'smallint unsigned'],
  ['decimal(20,0)', 'bigint unsigned'],
  ['longtext', 'varchar(20)'],
  ['longtext', 'json'],
  ['varchar(20)', 'char(20)'],
  ['text', 'varchar(500)'],
  ['tinytext', 'varchar(63)'],
  ['tinyblob', 'varbinary(255)'],
  ["enum('a','b')", "enum('b')"],
  ['double', 'float'],
  ['datetime(6)', 'timestamp(3)'],
  ['year(4)', 'year'],
])('%s holds %s', (actual, want) => {
  expect(mysqlTypeHolds(column(actual), wanted(want))).toBe(true);
});

test.each([
  ['int', 'int unsigned'],
  ['int unsigned', 'tinyint'],
  ['decimal(19,0)', 'bigint unsigned'],
  ['decimal(10,1)', 'decimal(10,2)'],
  ['text', 'longtext'],
  ['tinytext', 'varchar(64)'],
  ['tinyblob', 'varbinary(256)'],
  ['varchar(19)', 'char(20)'],
  ['longtext', 'longblob'],
  ["enum('a')", "enum('a','b')"],
  ['datetime', 'datetime(3)'],
  ['float', 'double'],
])('%s does not hold %s', (actual, want) => {
  expect(mysqlTypeHolds(column(actual), wanted(want))).toBe(false);
});

test('a derived type is judged value by value, but for what would be rounded (S16)', () => {
  expect(mysqlTypeHolds(column('varchar(5)'), wanted('longtext', false))).toBe(true);
  expect(mysqlTypeHolds(column('datetime'), wanted('datetime(6)', false))).toBe(false);
});

test('decimals have as many digits as the server has', () => {
  const decimal = (precision: string, scale: string): string =>
    typeOf({
      type: 'bytes',
      name: 'org.apache.kafka.connect.data.Decimal',
      parameters: { scale, 'connect.decimal.precision': precision },
    });
  expect(decimal('65', '30')).toBe('decimal(65,30)');
  expect(decimal('70', '2')).toBe('decimal(65,2)');
  expect(decimal('60', '40')).toBe('decimal(65,30)');
  expect(decimal('3', '-2')).toBe('decimal(5,0)');
});
