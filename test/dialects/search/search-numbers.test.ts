import { expect, test } from 'vitest';
import {
  BOOLEAN,
  decimalField,
  decimalTextField,
  DOUBLE_FIELD,
  SINGLE_FIELD,
  unsignedField,
  WHOLE,
} from '../../../dialects/search/search-numbers.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';

function numeric(precision: number, scale: number): ConnectSchema {
  const parameters = { scale: String(scale), 'connect.decimal.precision': String(precision) };
  return { type: 'bytes', optional: true, name: DECIMAL, parameters };
}

test('whole numbers have all digits and one type, so that columns may grow (S15)', () => {
  expect(WHOLE.encode(9007199254740993n)).toBe('9007199254740993');
  expect(WHOLE.encode(-(2n ** 63n))).toBe('-9223372036854775808');
  expect(WHOLE.encode(-128)).toBe('-128');
  expect(WHOLE.mapping).toEqual({ type: 'long' });
  expect(unsignedField({ product: 'elasticsearch' }).encode(2n ** 64n - 1n)).toBe(
    '18446744073709551615',
  );
  const lacks = new Set(['unsigned_long']);
  const field = unsignedField({ product: 'elasticsearch', lacks });
  expect(field.encode({ unscaled: 2n ** 64n - 1n, scale: 0 })).toBe('18446744073709551615');
  expect(field.mapping).toMatchObject({ type: 'double', fields: { exact: { type: 'keyword' } } });
});

test('floats are the fewest digits that are the same; what JSON lacks is a text', () => {
  expect(SINGLE_FIELD.encode(Math.fround(0.1))).toBe('0.1');
  expect(SINGLE_FIELD.encode(Math.fround(3.4028235e38))).toBe('3.4028235e+38');
  expect(DOUBLE_FIELD.encode(5e-324)).toBe('5e-324');
  expect(DOUBLE_FIELD.encode(-0)).toBe('-0.0');
  expect([Number.NaN, Infinity, -Infinity].map(DOUBLE_FIELD.encode)).toEqual([
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
  ]);
});

test('decimals are exact: numbers where a double has their digits, else texts (S16)', () => {
  const short = decimalField(numeric(12, 2));
  expect(short.encode({ unscaled: 999999999999n, scale: 2 })).toBe('9999999999.99');
  expect(short.encode({ unscaled: 1200n, scale: 2 })).toBe('12');
  expect(short.encode({ unscaled: -1n, scale: 2 })).toBe('-0.01');
  const long = decimalField(numeric(38, 10));
  expect(long.encode({ unscaled: 10n ** 38n - 1n, scale: 10 })).toBe(
    '"9999999999999999999999999999.9999999999"',
  );
  expect(decimalField(numeric(14, -2)).encode({ unscaled: 1n, scale: -2 })).toBe('"100"');
  expect(decimalField({ type: 'bytes', optional: true }).mapping).toEqual(long.mapping);
  const parameters = { '__tidemark.source.type': 'numeric(4,1)' };
  const text = decimalTextField({ type: 'string', optional: true, parameters });
  expect(text.encode('12.50')).toBe('12.5');
  expect(text.encode('NAN')).toBe('"NAN"');
});

test('a record with another kind of value is refused', () => {
  expect(BOOLEAN.encode(true)).toBe('true');
  expect(() => BOOLEAN.encode(1)).toThrow(/should be a boolean/);
  expect(() => WHOLE.encode(1.5)).toThrow(/should be an integer/);
});
