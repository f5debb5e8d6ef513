import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { javaBigDecimal, javaDouble, javaFloat } from '../../src/model/java-number.ts';

describe('numbers as Java prints them', () => {
  test.each([
    [1, '1.0'],
    [1.5, '1.5'],
    [-0.25, '-0.25'],
    [1e100, '1.0E100'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [123456789.125, '1.23456789125E8'],
    [4.9e-324, '4.9E-324'],
    [1.7976931348623157e308, '1.7976931348623157E308'],
    [-0, '-0.0'],
    [0, '0.0'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('double %s', (value, text) => {
    expect(javaDouble(value)).toBe(text);
  });

  test.each([
    [0.1, '0.1'],
    [1.4e-45, '1.4E-45'],
    [-3.4028234663852886e38, '-3.4028235E38'],
    [16777216, '1.6777216E7'],
    [1e10, '1.0E10'],
    [Infinity, 'Infinity'],
  ])('float %s', (value, text) => {
    expect(javaFloat(Math.fround(value))).toBe(text);
  });

  test('the text gives the number back', () => {
    const number = { noNaN: true, noDefaultInfinity: true };
    fc.assert(
      fc.property(fc.double(number), fc.float(number), (double, float) => {
        expect(Number(javaDouble(double))).toBe(double);
        expect(Math.fround(Number(javaFloat(float)))).toBe(float);
        expect(javaDouble(double)).toMatch(/^-?[0-9]+\.[0-9]+(E-?[0-9]+)?$/);
      }),
    );
  });

  test.each([
    [0n, 2, '0.00'],
    [-1230n, 2, '-12.30'],
    [1n, 6, '0.000001'],
    [1n, 7, '1E-7'],
    [123n, -2, '1.23E+4'],
    [5n, 0, '5'],
  ])('decimal %s scale %s', (unscaled, scale, text) => {
    expect(javaBigDecimal({ unscaled, scale })).toBe(text);
  });
});
