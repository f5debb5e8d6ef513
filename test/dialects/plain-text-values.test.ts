import { describe, expect, test } from 'vitest';
import { parsePlainText } from '../../dialects/plain-text-values.ts';
import type { PlainTextFormat } from '../../dialects/plain-text-values.ts';
import { isDecimal } from '../../src/model/connect-schema.ts';
import type { ConnectSchema, ConnectType, ConnectValue } from '../../src/model/connect-schema.ts';

const schema = (type: ConnectType): ConnectSchema => ({ type, optional: false });

/** Decimals as `unscaled e scale`. */
function plain(value: ConnectValue): unknown {
  return isDecimal(value) ? `${value.unscaled} e ${value.scale}` : value;
}

type Row = readonly [type: ConnectType, format: PlainTextFormat, text: string, value: unknown];

// Recorded from Debezium 3.6.0.Final on PostgreSQL 15 (table t_num of the golden records).
const VALUES: readonly Row[] = [
  ['int16', { kind: 'integer' }, '-32768', -32768],
  ['int32', { kind: 'integer' }, '2147483647', 2147483647],
  ['int64', { kind: 'integer' }, '-9223372036854775808', -9223372036854775808n],
  ['int64', { kind: 'integer' }, '4294967295', 4294967295n],
  ['float32', { kind: 'float' }, '0.1', Math.fround(0.1)],
  ['float32', { kind: 'float' }, '1e-45', 1.401298464324817e-45],
  ['float64', { kind: 'float' }, '-1.7976931348623157e+308', -1.7976931348623157e308],
  ['float64', { kind: 'float' }, 'NaN', NaN],
  ['float64', { kind: 'float' }, '-Infinity', -Infinity],
  ['float64', { kind: 'float' }, '-0', -0],
  ['string', { kind: 'string' }, 'ab  ', 'ab  '],
  ['bytes', { kind: 'decimal', scale: 2 }, '-99999999.99', '-9999999999 e 2'],
  ['bytes', { kind: 'decimal', scale: -2 }, '12300', '123 e -2'],
  ['float64', { kind: 'decimal-double' }, 'NaN', NaN],
  ['float64', { kind: 'decimal-double' }, '12.30', 12.3],
  ['string', { kind: 'decimal-string' }, '1.00', '1.00'],
  ['string', { kind: 'decimal-string' }, 'NaN', 'NAN'],
  ['string', { kind: 'decimal-string' }, 'Infinity', 'POSITIVE_INFINITY'],
  ['string', { kind: 'decimal-string' }, '-Infinity', 'NEGATIVE_INFINITY'],
];

const REFUSED: readonly (readonly [ConnectType, PlainTextFormat, string])[] = [
  ['int16', { kind: 'integer' }, '32768'],
  ['int64', { kind: 'integer' }, '9223372036854775808'],
  ['int32', { kind: 'integer' }, ''],
  ['float64', { kind: 'float' }, ''],
  ['float64', { kind: 'float' }, '0x10'],
  ['bytes', { kind: 'decimal', scale: 2 }, 'NaN'],
  ['bytes', { kind: 'decimal', scale: 2 }, 'Infinity'],
  ['bytes', { kind: 'decimal', scale: 2 }, '1.234'],
];

describe('parsePlainText', () => {
  test.each(VALUES)('%s %j reads %j', (type, format, text, value) => {
    expect(plain(parsePlainText(format, schema(type), text))).toEqual(value);
  });

  test.each(REFUSED)('%s %j refuses %j', (type, format, text) => {
    expect(() => parsePlainText(format, schema(type), text)).toThrow(
      expect.objectContaining({ code: 'VALUE_CONVERSION' }),
    );
  });

  test('numbers of 131072 digits keep each of them (P91)', () => {
    const text = `${'9'.repeat(131_072)}.${'1'.repeat(16_383)}`;
    const value = parsePlainText({ kind: 'decimal', scale: 16_383 }, schema('bytes'), text);
    expect(isDecimal(value) && value.unscaled.toString()).toBe(text.replace('.', ''));
  });
});
