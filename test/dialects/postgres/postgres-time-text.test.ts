import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dateText,
  isoTimestampText,
  microTimestampText,
  milliTimestampText,
  nanoTimestampText,
} from '../../../dialects/postgres/postgres-time-text.ts';

describe('dates', () => {
  test.each([
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [19_782, '2024-02-29'],
    [-719_162, '0001-01-01'],
    [-719_163, '0001-12-31 BC'],
    [-735_160, '0044-03-15 BC'],
    [-2_440_588, '4714-11-24 BC'],
    [2_145_042_905, '5874897-12-31'],
    [2_147_483_647, 'infinity'],
    [2_146_033_979, 'infinity'],
    [-2_147_483_648, '-infinity'],
    // What Debezium 3.6 writes for infinities, while streaming and in a snapshot.
    [-2_147_472_692, 'infinity'],
    [-2_147_472_691, '-infinity'],
    [-622_191_234, 'infinity'],
    [-625_821_272, '-infinity'],
  ])('%i is %s', (days, text) => {
    expect(dateText(days)).toBe(text);
  });

  test('beyond the range of PostgreSQL there is none', () => {
    expect(dateText(2_145_042_906)).toBeNull();
    expect(dateText(-2_440_589)).toBeNull();
  });

  test('agree with the calendar of the language where both reach', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        expect(dateText(days)).toBe(new Date(days * 86_400_000).toISOString().slice(0, 10));
      }),
    );
  });
});

describe('timestamps', () => {
  test.each([
    [0n, '1970-01-01 00:00:00'],
    [-1n, '1969-12-31 23:59:59.999999'],
    [-63_517_780_799_500_000n, '0044-03-15 12:00:00.500000 BC'],
    // Past what a double counts exactly (2^53 µs is the year 2255).
    [9_007_199_254_740_993n, '2255-06-05 23:47:34.740993'],
    [9_223_371_244_799_999_999n, '294246-12-31 23:59:59.999999'],
    [9_223_372_036_825_200_000n, 'infinity'],
    [9_223_372_036_854_775_807n, 'infinity'],
    [-9_223_372_036_854_775_808n, '-infinity'],
    [-9_223_372_036_832_400_000n, '-infinity'],
  ])('%i µs is %s', (micros, text) => {
    expect(microTimestampText(micros)).toBe(text);
  });

  test('in ms the sentinel comes in either unit', () => {
    expect(milliTimestampText(9_223_372_036_825_200n)).toBe('infinity');
    expect(milliTimestampText(9_223_372_036_825_200_000n)).toBe('infinity');
    expect(milliTimestampText(-9_223_372_036_832_400n)).toBe('-infinity');
    expect(milliTimestampText(-1n)).toBe('1969-12-31 23:59:59.999000');
  });

  test('in ns the extremes are infinities, and below the µs it rounds down', () => {
    expect(nanoTimestampText(9_223_372_036_854_775_807n)).toBe('infinity');
    expect(nanoTimestampText(-9_223_372_036_854_775_808n)).toBe('-infinity');
    expect(nanoTimestampText(-1n)).toBe('1969-12-31 23:59:59.999999');
    expect(nanoTimestampText(1_999n)).toBe('1970-01-01 00:00:00.000001');
  });
});

test.each([
  ['2020-01-01T00:00:00.123456Z', '2020-01-01T00:00:00.123456Z'],
  ['infinity', 'infinity'],
  ['-infinity', '-infinity'],
  ['-0043-03-15T12:00:00.500000Z', '0044-03-15 12:00:00.500000Z BC'],
  ['+12345-06-07T08:09:10Z', '12345-06-07 08:09:10Z'],
  ['+12345-06-07', '12345-06-07'],
  ['-0001-01-01', '0002-01-01 BC'],
  ['+294247-01-10T04:00:25.2Z', 'infinity'],
  ['-290308-12-21T19:59:27.6', '-infinity'],
])('ISO text %s is read as %s', (iso, text) => {
  expect(isoTimestampText(iso)).toBe(text);
});
