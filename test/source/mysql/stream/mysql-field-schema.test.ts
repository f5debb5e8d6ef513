import { describe, expect, test } from 'vitest';
import { mapMysqlType } from '../../../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { ConnectSchema, ConnectValue } from '../../../../src/model/connect-schema.ts';
import type { FieldSchemaOptions } from '../../../../src/source/mysql/stream/mysql-field-schema.ts';
import {
  convertedFieldSchema,
  fieldSchema,
} from '../../../../src/source/mysql/stream/mysql-field-schema.ts';
import { MARIADB, MYSQL, tableDefinition } from '../../../support/mysql-definitions.ts';

function schemaOf(column: string, options: FieldSchemaOptions = {}, server = MYSQL): ConnectSchema {
  const [made] = tableDefinition(`CREATE TABLE t (c ${column})`, server).columns;
  const mapping = made && mapMysqlType(made.type, DEFAULT_MYSQL_VALUE_MODES);
  if (mapping?.supported !== true) throw new Error('no such column');
  return fieldSchema('g.t.c', made as NonNullable<typeof made>, mapping, options, server);
}

/** As Debezium 3.6 tells them of its own type tests (recorded 2026-11, MySQL 8.0.15). */
describe('defaults that Debezium tells, and so do we in either mode', () => {
  test.each<readonly [string, ConnectValue]>([
    ['TINYINT(1) NOT NULL DEFAULT 1', 1],
    ['INT UNSIGNED NOT NULL DEFAULT 4294967295', 4294967295n],
    ['BIGINT DEFAULT 9007199254740993', 9007199254740993n],
    ['FLOAT DEFAULT 1.5', 1.5],
    ['DECIMAL(10,2) DEFAULT 12.30', { unscaled: 1230n, scale: 2 }],
    ['DECIMAL(10,4) NOT NULL DEFAULT 0', { unscaled: 0n, scale: 4 }],
    ["BIT(1) DEFAULT b'1'", true],
    ["BIT(8) DEFAULT b'10100101'", Buffer.from([0xa5])],
    ["BIT(16) DEFAULT b'1'", Buffer.from([1, 0])],
    ["CHAR(5) DEFAULT 'abc'", 'abc'],
    ["VARCHAR(5) NOT NULL DEFAULT ''", ''],
    ["DATE DEFAULT '2020-02-29'", 18321],
    ["TIME(3) DEFAULT '01:02:03.456'", 3723456000n],
    ["DATETIME(6) DEFAULT '2020-02-29 01:02:03.456789'", 1582938123456789n],
    ["TIMESTAMP NOT NULL DEFAULT '2020-02-29 01:02:03'", '2020-02-29T01:02:03Z'],
    ["DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00'", 0n],
    ['YEAR DEFAULT 2020', 2020],
    ["SET('x','y') NOT NULL DEFAULT 'x,y'", 'x,y'],
  ])('%s', (column, expected) => {
    expect(schemaOf(column).default).toEqual(expected);
    expect(schemaOf(column, { defaults: 'debezium' }).default).toEqual(expected);
  });

  test.each([
    ["DATE DEFAULT '0000-00-00'"],
    ['INT DEFAULT (1+2)'],
    ['INT GENERATED ALWAYS AS (1) STORED'],
    ['BIGINT UNSIGNED DEFAULT 18446744073709551615'],
    ["BINARY(2) DEFAULT 'é'"],
    ['TEXT'],
  ])('%s has none (PITFALLS B73)', (column) => {
    expect(schemaOf(column).default).toBeUndefined();
  });

  test('bytes as a row has them, where the original keeps an escape', () => {
    expect(schemaOf("BINARY(3) DEFAULT 'ab'").default).toEqual(Buffer.from('ab\0'));
    expect(schemaOf("VARBINARY(3) DEFAULT 'ab'").default).toEqual(Buffer.from('ab'));
  });

  test('the clock is the epoch, and a UUID has none, for the original alone', () => {
    const clock = 'DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)';
    expect(schemaOf(clock).default).toBeUndefined();
    expect(schemaOf(clock, { defaults: 'debezium' }).default).toBe(0n);
    const uuid = "UUID DEFAULT '6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'";
    expect(schemaOf(uuid, {}, MARIADB).default).toMatch(/^6f0e/);
    expect(schemaOf(uuid, { defaults: 'debezium' }, MARIADB).default).toBeUndefined();
  });
});

test('comments are told if asked for, and by MariaDB always', () => {
  const column = "INT COMMENT 'net'";
  expect(schemaOf(column).doc).toBeUndefined();
  expect(schemaOf(column, { includeComments: true }).doc).toBe('net');
  expect(schemaOf(column, {}, MARIADB).doc).toBe('net');
  expect(schemaOf('INT', {}, MARIADB).doc).toBeUndefined();
});

test('types of the source, by name of the column or of the type', () => {
  const typeOf = (column: string, options: FieldSchemaOptions): string | undefined =>
    schemaOf(column, options).parameters?.['__debezium.source.column.type'];
  const byType = { propagateDatatype: [/^g\.t\.BIGINT UNSIGNED$/] };
  expect(typeOf('INT', { propagateSourceType: [/^g\.t\.c$/] })).toBe('INT');
  expect(typeOf('INT', byType)).toBeUndefined();
  expect(typeOf('BIGINT UNSIGNED', byType)).toBe('BIGINT UNSIGNED');
  const bits = schemaOf('BIT(9)', { propagateSourceType: [/c/], ownParameters: false });
  expect(bits.parameters).toEqual({
    length: '9',
    '__debezium.source.column.type': 'BIT',
    '__debezium.source.column.length': '9',
    '__debezium.source.column.name': 'c',
  });
});

test('a converter’s schema, with the column’s nullability and constant default', () => {
  const [column] = tableDefinition("CREATE TABLE t (c VARCHAR(9) DEFAULT 'a')").columns;
  if (column === undefined) throw new Error('no column');
  const format = { kind: 'custom', convert: (text: string) => `${text}!` } as const;
  const schema: ConnectSchema = { type: 'string', optional: false };
  expect(convertedFieldSchema(column, { schema, format }, {})).toEqual({
    type: 'string',
    optional: true,
    default: 'a!',
  });
  const own = { ...schema, default: 'b' };
  expect(convertedFieldSchema(column, { schema: own, format }, {}).default).toBe('b');
  const failing = { ...format, convert: () => expect.unreachable('throws') };
  expect(convertedFieldSchema(column, { schema, format: failing }, {}).default).toBeUndefined();
});
