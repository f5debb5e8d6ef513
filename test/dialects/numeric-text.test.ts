import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseNumeric, withoutTrailingZeros, withScale } from '../../dialects/numeric-text.ts';
import { formatDecimal } from '../../src/model/connect-schema.ts';

test('any number there and back', () => {
  const numbers = fc.tuple(fc.bigInt(), fc.integer({ min: 0, max: 40 }));
  fc.assert(
    fc.property(numbers, ([unscaled, scale]) => {
      expect(parseNumeric(formatDecimal({ unscaled, scale }))).toEqual({ unscaled, scale });
    }),
  );
});

test('a scale is reached without rounding, or refused', () => {
  const number = parseNumeric('-12.30');
  expect(withScale(number, 3)).toEqual({ unscaled: -12_300n, scale: 3 });
  expect(withScale(number, 1)).toEqual({ unscaled: -123n, scale: 1 });
  expect(() => withScale(number, 0)).toThrow(/more digits than scale 0/);
});

test('zeros leave only the fraction', () => {
  expect(withoutTrailingZeros(parseNumeric('100.00'))).toEqual({ unscaled: 100n, scale: 0 });
  expect(withoutTrailingZeros(parseNumeric('0.000'))).toEqual({ unscaled: 0n, scale: 0 });
});

test.each(['', '1e5', '+1', '1.', '.5', '0x1', '1 2', 'NaN', 'Infinity'])('refuses %j', (text) => {
  expect(() => parseNumeric(text)).toThrow(expect.objectContaining({ code: 'VALUE_CONVERSION' }));
});
