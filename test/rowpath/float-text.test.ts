import fc from 'fast-check';
import { expect, test } from 'vitest';
import { javaDouble, javaFloat } from '../../src/model/java-number.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import {
  FLOAT32,
  FLOAT64,
  type FloatPrecision,
  writeJavaFloat,
} from '../../src/rowpath/float-text.ts';

/** What was written, or null when the text is left to the general path. */
function written(text: string, precision: FloatPrecision): string | null {
  // Surrounded by digits, so that a reader which leaves its range is found out.
  const bytes = Buffer.from(`99${text}99`);
  const out = new ByteWriter(1);
  const done = writeJavaFloat(out, bytes, 2, bytes.length - 2, precision);
  if (!done) expect(out.position).toBe(0);
  return done ? out.written().toString() : null;
}

test.each([
  ['1.5', '1.5'],
  ['-1', '-1.0'],
  ['0', '0.0'],
  ['-0', '-0.0'],
  ['0.000', '0.0'],
  ['0.001', '0.001'],
  ['0.0009', '9.0E-4'],
  ['9999999', '9999999.0'],
  ['10000000', '1.0E7'],
  ['370000000.37', '3.7000000037E8'],
  ['1.50', '1.5'],
  ['1e+20', '1.0E20'],
  ['-1.25e-07', '-1.25E-7'],
  // As MySQL prints exponents.
  ['1e20', '1.0E20'],
  ['-1.25e-7', '-1.25E-7'],
  ['123456789012345', '1.23456789012345E14'],
])('%s is %s in Java', (text, expected) => {
  expect(written(text, FLOAT64)).toBe(expected);
});

test.each([
  '',
  '-',
  '.',
  '5.',
  '0e1',
  'NaN',
  'Infinity',
  '-Infinity',
  '1234567890.1234567',
  '5e-324',
  '1.7976931348623157e+308',
  '1e+301',
  '1e',
  '1e-',
  '1e+12345',
  '1.2.3',
  '1x',
])('%j is left to the general path', (text) => {
  expect(written(text, FLOAT64)).toBeNull();
});

/** Texts as the server prints them, from the parts of a number. */
const parts = (digitsMax: number, exponentMax: number) =>
  fc.record({
    negative: fc.boolean(),
    digits: fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: digitsMax })
      .filter((all) => all[0] !== 0)
      .map((all) => all.join('')),
    exponent: fc.integer({ min: -exponentMax, max: exponentMax }),
  });

function serverText(negative: boolean, digits: string, exponent: number): string {
  const sign = negative ? '-' : '';
  if (exponent >= 0 && exponent < 15) {
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
    const fraction = digits.slice(exponent + 1);
    return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  }
  if (exponent < 0 && exponent >= -4) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const shift = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${shift}`;
}

test.each([
  ['double', 15, 320, FLOAT64, (text: string) => javaDouble(Number(text))],
  ['float', 6, 40, FLOAT32, (text: string) => javaFloat(Math.fround(Number(text)))],
] as const)(
  'of a %s it is what the general path writes',
  (_kind, most, exponents, precision, java) => {
    let taken = 0;
    fc.assert(
      fc.property(parts(most, exponents), ({ negative, digits, exponent }) => {
        const text = serverText(negative, digits, exponent);
        const fast = written(text, precision);
        if (fast === null) return;
        taken++;
        expect(fast).toBe(java(text));
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(1000);
  },
);
