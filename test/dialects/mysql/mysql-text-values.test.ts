// Texts of MySQL 9.7.4 and MariaDB 10.11.18, and what Debezium 3.6.0 makes of the same rows.
import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../../../dialects/mysql/ddl/table-definition.ts';
import { parseMysqlText } from '../../../dialects/mysql/mysql-text-values.ts';
import { mapMysqlType } from '../../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { MysqlValueModes } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { ConnectValue } from '../../../src/model/connect-schema.ts';
import { mysqlColumnType } from '../../support/mysql-column-type.ts';

function value(
  base: string,
  text: string,
  more: Partial<ColumnType> = {},
  modes: Partial<MysqlValueModes> = {},
): ConnectValue {
  const mapping = mapMysqlType(mysqlColumnType(base, more), {
    ...DEFAULT_MYSQL_VALUE_MODES,
    ...modes,
  });
  if (!mapping.supported) throw new Error(mapping.typeName);
  return parseMysqlText(mapping.format, mapping.schema, text);
}

describe('parseMysqlText', () => {
  test.each<[string, Partial<ColumnType>, string, ConnectValue]>([
    ['tinyint', {}, '-128', -128],
    ['int', { unsigned: true, zerofill: true }, '0000000042', 42n],
    ['int', { unsigned: true, zerofill: true }, '0000000000', 0n],
    ['bigint', {}, '-9223372036854775808', -9223372036854775808n],
    ['float', {}, '0.1', Math.fround(0.1)],
    ['float', { length: 7, scale: 4 }, '123.4567', 123.45670318603516],
    ['double', {}, '-1.7976931348623157e308', -1.7976931348623157e308],
    ['double', {}, '1e15', 1e15],
    ['decimal', { length: 10, scale: 2 }, '-12.30', { unscaled: -1230n, scale: 2 }],
    ['decimal', { length: 8, scale: 2, zerofill: true }, '000001.50', { unscaled: 150n, scale: 2 }],
    ['year', { length: 4 }, '0000', 0],
    ['year', { length: 4 }, '2155', 2155],
    ['enum', { members: ['x,y'] }, 'x,y', 'x,y'],
    ['set', { members: ['r', 'g'] }, 'r,g', 'r,g'],
    ['json', {}, '{"a": 3}', '{"a": 3}'],
    ['uuid', {}, '6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f', '6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'],
    ['date', {}, '2020-02-29', 18321],
    ['time', { length: 6 }, '-838:59:58.999999', -3020398999999n],
    ['datetime', { length: 3 }, '1969-12-31 23:59:59.999', -1n],
    ['timestamp', { length: 3 }, '2000-01-01 00:00:00.000', '2000-01-01T00:00:00.000Z'],
    ['bit', { length: 1 }, '\u0001', true],
    ['bit', { length: 9 }, '\u0001\u0055', Buffer.from('5501', 'hex')],
    ['binary', { length: 2 }, 'a\u00ff', Buffer.from('61ff', 'hex')],
  ])('%s %j %s', (base, type, text, expected) => {
    expect(value(base, text, type)).toEqual(expected);
  });

  test('BIGINT UNSIGNED over 2^63 is an error with `long`, never a negative number', () => {
    const unsigned = { unsigned: true };
    const text = '18446744073709551615';
    expect(() => value('bigint', text, unsigned)).toThrow(/64 bits/);
    expect(value('bigint', text, unsigned, { bigintUnsigned: 'precise' })).toEqual({
      unscaled: 18446744073709551615n,
      scale: 0,
    });
  });

  test('decimals as text and as double', () => {
    const type = { length: 8, scale: 2 };
    expect(value('decimal', '-1.50', type, { decimal: 'string' })).toBe('-1.50');
    expect(value('decimal', '-1.50', type, { decimal: 'double' })).toBe(-1.5);
    const filled = { ...type, zerofill: true };
    expect(value('decimal', '000001.50', filled, { decimal: 'string' })).toBe('1.50');
  });

  test('a TINYINT(1) is true whatever it holds, but for zero (PITFALLS B78)', () => {
    const modes = { tinyIntOne: 'boolean' } as const;
    const one = { length: 1 };
    expect(['0', '1', '-5'].map((text) => value('tinyint', text, one, modes))).toEqual([
      false,
      true,
      true,
    ]);
    expect(() => value('tinyint', 'x', one, modes)).toThrow(/whole number/);
  });

  test.each(['', 'x', '0x1', '1e', 'NaN'])('a FLOAT(M,D) is no %j', (text) => {
    expect(() => value('float', text, { length: 7, scale: 4 })).toThrow(/not a number/);
  });
});

test('bytes in every encoding of binary.handling.mode', () => {
  const text = Buffer.from('fbefff', 'hex').toString('latin1');
  const encoded = (binary: MysqlValueModes['binary']) => value('blob', text, {}, { binary });
  expect(encoded('bytes')).toEqual(Buffer.from('fbefff', 'hex'));
  expect(encoded('hex')).toBe('fbefff');
  expect(encoded('base64')).toBe('++//');
  expect(encoded('base64-url-safe')).toBe('--__');
});
