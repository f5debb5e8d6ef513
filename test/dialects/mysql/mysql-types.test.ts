// Schemas as Debezium 3.6.0 writes them for MySQL 8.0.15 and MariaDB 10.11.19 (recorded 2026).
import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../../../dialects/mysql/ddl/table-definition.ts';
import { mapMysqlType } from '../../../dialects/mysql/mysql-types.ts';
import type { MysqlTypeMapping } from '../../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { MysqlValueModes } from '../../../dialects/mysql/mysql-value-modes.ts';
import { mysqlColumnType } from '../../support/mysql-column-type.ts';

function mapped(
  base: string,
  more: Partial<ColumnType> = {},
  modes: Partial<MysqlValueModes> = {},
): MysqlTypeMapping {
  return mapMysqlType(mysqlColumnType(base, more), { ...DEFAULT_MYSQL_VALUE_MODES, ...modes });
}

/** Type, and name of the semantics where there are some. */
function kind(mapping: MysqlTypeMapping): string {
  if (!mapping.supported) return `no ${mapping.typeName}`;
  const { type, name } = mapping.schema;
  return name === undefined ? type : `${type} ${name.replace(/^.*\./, '')}`;
}

const UNSIGNED = { unsigned: true };

describe('mapMysqlType', () => {
  test.each<[string, Partial<ColumnType>, string]>([
    ['tinyint', { length: 4 }, 'int16'],
    ['tinyint', { length: 1 }, 'int16'],
    ['tinyint', UNSIGNED, 'int16'],
    ['smallint', {}, 'int16'],
    ['smallint', UNSIGNED, 'int32'],
    ['mediumint', {}, 'int32'],
    ['mediumint', UNSIGNED, 'int32'],
    ['int', {}, 'int32'],
    ['int', UNSIGNED, 'int64'],
    ['bigint', {}, 'int64'],
    ['bigint', UNSIGNED, 'int64'],
    ['float', {}, 'float32'],
    ['float', { length: 7, scale: 4 }, 'float64'],
    ['double', {}, 'float64'],
    ['decimal', { length: 10, scale: 2 }, 'bytes Decimal'],
    ['bit', { length: 1 }, 'boolean'],
    ['bit', { length: 5 }, 'bytes Bits'],
    ['char', { length: 5 }, 'string'],
    ['varchar', { length: 5 }, 'string'],
    ['tinytext', {}, 'string'],
    ['longtext', {}, 'string'],
    ['binary', { length: 5 }, 'bytes'],
    ['varbinary', { length: 5 }, 'bytes'],
    ['longblob', {}, 'bytes'],
    ['enum', { members: ['a'] }, 'string Enum'],
    ['set', { members: ['a'] }, 'string EnumSet'],
    ['json', {}, 'string Json'],
    ['year', { length: 4 }, 'int32 Year'],
    ['date', {}, 'int32 Date'],
    ['time', { length: 0 }, 'int64 MicroTime'],
    ['datetime', { length: 3 }, 'int64 Timestamp'],
    ['datetime', { length: 4 }, 'int64 MicroTimestamp'],
    ['timestamp', { length: 6 }, 'string ZonedTimestamp'],
    ['uuid', {}, 'string Uuid'],
    ['inet4', {}, 'string'],
    ['inet6', {}, 'string'],
    ['geometry', {}, 'struct Geometry'],
    ['point', {}, 'struct Point'],
    ['geometrycollection', {}, 'struct Geometry'],
    ['multipolygon', {}, 'struct Geometry'],
    ['vector', { length: 3 }, 'array FloatVector'],
    ['xmltype', {}, 'no xmltype'],
  ])('%s %j: %s', (base, type, expected) => {
    expect(kind(mapped(base, type))).toBe(expected);
  });

  test('modes of numbers', () => {
    const bigint = mapped('bigint', UNSIGNED, { bigintUnsigned: 'precise' });
    expect(bigint).toMatchObject({
      schema: { parameters: { scale: '0', 'connect.decimal.precision': '20' } },
      format: { kind: 'decimal', scale: 0 },
    });
    const decimal = { length: 10, scale: 2 };
    expect(kind(mapped('decimal', decimal, { decimal: 'double' }))).toBe('float64');
    expect(kind(mapped('decimal', decimal, { decimal: 'string' }))).toBe('string');
    expect(kind(mapped('tinyint', {}, { release: '3.7' }))).toBe('int8');
    expect(kind(mapped('tinyint', UNSIGNED, { release: '3.7' }))).toBe('int16');
  });

  test('only a width of 1 may be a boolean (PITFALLS B78)', () => {
    const modes = { tinyIntOne: 'boolean' } as const;
    expect(kind(mapped('tinyint', { length: 1 }, modes))).toBe('boolean');
    expect(kind(mapped('tinyint', { length: 4 }, modes))).toBe('int16');
    expect(kind(mapped('smallint', { length: 1 }, modes))).toBe('int16');
  });

  test('ZEROFILL concerns the text only', () => {
    expect(mapped('int', { unsigned: true, zerofill: true })).toMatchObject({
      schema: { type: 'int64' },
      format: { kind: 'zero-padded', number: { kind: 'integer' } },
    });
  });

  test('bytes in the encoding that binary.handling.mode names', () => {
    expect(kind(mapped('blob', {}, { binary: 'hex' }))).toBe('string');
    expect(mapped('blob', {}, { binary: 'hex' })).toMatchObject({ format: { encoding: 'hex' } });
  });

  test('members with a comma are escaped in `allowed`, as the original does', () => {
    expect(mapped('enum', { members: ['a', "it's", 'x,y'] })).toMatchObject({
      schema: { parameters: { allowed: "a,it's,x\\,y" } },
    });
  });

  test('the length of a bit string is told', () => {
    expect(mapped('bit', { length: 33 })).toMatchObject({
      schema: { parameters: { length: '33' } },
    });
  });
});
