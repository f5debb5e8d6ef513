import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bigIntToBytes } from '../../src/model/connect-schema.ts';
import { javaBigDecimal } from '../../src/model/java-number.ts';
import { isPlainDecimal, longBytes, readLongDecimal } from '../../src/rowpath/long-decimal.ts';

const whole = (text: string): [Buffer, number, number] => {
  // Surrounded by digits, so that a reader which leaves its range is found out.
  const bytes = Buffer.from(`99${text}99`);
  return [bytes, 2, bytes.length - 2];
};

const MOST = 10n ** 38n - 1n;
const unscaled = fc.oneof(
  fc.bigInt({ min: -MOST, max: MOST }),
  fc.integer().map(BigInt),
  fc
    .tuple(fc.integer({ min: 0, max: 126 }), fc.integer({ min: -1, max: 1 }), fc.boolean())
    .map(([power, more, negative]) => (2n ** BigInt(power) + BigInt(more)) * (negative ? -1n : 1n))
    .filter((value) => value <= MOST && value >= -MOST),
);

/** As a server prints it. */
function textOf(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}

test('any number of up to 38 digits, as a minimal two’s complement (PITFALLS B66, C8)', () => {
  fc.assert(
    fc.property(unscaled, fc.nat({ max: 30 }), (value, scale) => {
      const text = textOf(value, scale);
      const start = readLongDecimal(...whole(text), scale);
      if (text.replace(/[-.]/g, '').length > 38) expect(start).toBe(-1);
      else expect(longBytes.subarray(start)).toEqual(bigIntToBytes(value));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['', 0],
  ['-', 0],
  ['.5', 1],
  ['1.5', 0],
  ['15', 1],
  ['1.55', 1],
  ['1x.5', 1],
  ['NaN', 0],
  ['1200', -2],
  ['9'.repeat(39), 0],
])('%j of scale %i is left to the general path', (text, scale) => {
  expect(readLongDecimal(...whole(text), scale)).toBe(-1);
});

test('where a text is said to be plain, it is that of Java', () => {
  fc.assert(
    fc.property(unscaled, fc.nat({ max: 12 }), (value, scale) => {
      const text = textOf(value, scale);
      if (!isPlainDecimal(...whole(text), scale)) return;
      expect(javaBigDecimal({ unscaled: value, scale })).toBe(text);
    }),
    { numRuns: 2000 },
  );
  expect(isPlainDecimal(...whole('-12.30'), 2)).toBe(true);
  expect(isPlainDecimal(...whole('0.000000'), 6)).toBe(true);
});

test.each([
  ['-0.00', 2],
  ['007.00', 2],
  ['0.0000001', 7],
  ['1.5', 2],
  ['1.x', 1],
  ['1200', -2],
  ['', 0],
])('%j of scale %i may be none', (text, scale) => {
  expect(isPlainDecimal(...whole(text), scale)).toBe(false);
});
