import fc from 'fast-check';
import { expect, test } from 'vitest';

import { bigIntToBytes, bytesToBigInt, formatDecimal } from '../../src/model/connect-schema.ts';

test.each<[bigint, string]>([
  [0n, '00'],
  [127n, '7f'],
  [128n, '0080'],
  [-1n, 'ff'],
  [-128n, '80'],
  [-129n, 'ff7f'],
  [255n, '00ff'],
  [2n ** 63n, '008000000000000000'],
])('%s is %s as minimal two’s complement (C8)', (value, hex) => {
  expect(bigIntToBytes(value).toString('hex')).toBe(hex);
});

test('bytes and number are each other’s inverse', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (value) => {
      expect(bytesToBigInt(bigIntToBytes(value))).toBe(value);
    }),
  );
});

test.each<[bigint, number, string]>([
  [1230n, 2, '12.30'],
  [-5n, 2, '-0.05'],
  [0n, 3, '0.000'],
  [12n, -2, '1200'],
  [0n, -2, '0'],
  [7n, 0, '7'],
])('%s with scale %i is %s', (unscaled, scale, text) => {
  expect(formatDecimal({ unscaled, scale })).toBe(text);
});
