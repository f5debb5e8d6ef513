import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { doubleText, floatText } from '../../../dialects/mysql/mysql-number-text.ts';

describe('doubleText', () => {
  test.each([
    [999_999_999_999_999.9, '999999999999999.9'],
    [1e15, '1e15'],
    [1234567890123456.8, '1234567890123456.8'],
    [-1e16, '-1e16'],
    [1e-15, '0.000000000000001'],
    [9.876543210987654e-15, '0.000000000000009876543210987654'],
    [1e-16, '1e-16'],
    [1.7976931348623157e308, '1.7976931348623157e308'],
  ])('%d', (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  test('is read as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(doubleText(value))).toBe(value);
      }),
    );
  });
});

describe('floatText', () => {
  test('is read as the same float, and is no longer than it must be', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = floatText(value);
        expect(Math.fround(Number(text))).toBe(value);
        expect(text.replace(/e.*|[-.]/g, '').replace(/^0+|0+$/g, '').length).toBeLessThan(10);
      }),
    );
  });
});
