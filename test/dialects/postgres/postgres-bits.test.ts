import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitsToBytes, bitToBoolean } from '../../../dialects/postgres/postgres-bits.ts';

describe('bitsToBytes', () => {
  // Recorded from Debezium 3.6.0.
  test.each([
    ['10100101', 'pQ=='],
    ['101010101010101010101010101010101', 'VVVVVQE='],
    ['101', 'BQ=='],
    ['11111111111111111111', '//8P'],
    ['000000000000000000000000000000001', 'AQ=='],
    ['1000000000000000000000000000000000000000000000000000000000000001', 'AQAAAAAAAIA='],
    ['0000', ''],
    ['', ''],
  ])('%s', (text, base64) => {
    expect(bitsToBytes(text).toString('base64')).toBe(base64);
  });

  test('is the number that the digits say', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 90n) - 1n }), (value) => {
        const bytes = bitsToBytes(value.toString(2)).toReversed();
        expect(BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)).toBe(value);
      }),
    );
  });

  test('takes nothing else', () => {
    expect(() => bitsToBytes('102')).toThrow(/not a bit string/);
  });
});

test('bitToBoolean', () => {
  expect([bitToBoolean('1'), bitToBoolean('0')]).toEqual([true, false]);
  expect(() => bitToBoolean('10')).toThrow(/not a single bit/);
});
