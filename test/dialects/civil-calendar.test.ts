import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  civilFromDays,
  clockText,
  daysFromCivil,
  inUnit,
  isoDate,
  isoTime,
  isoTimestamp,
} from '../../dialects/civil-calendar.ts';

describe('the calendar', () => {
  test('any day there and back; the next day is one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_440_588, max: 2_145_031_948 }), (days) => {
        const { year, month, day } = civilFromDays(days);
        expect(daysFromCivil(year, month, day)).toBe(days);
        const next = civilFromDays(days + 1);
        expect(next.day === 1 || next.day === day + 1).toBe(true);
      }),
    );
  });

  // `Date` is right between the years 100 and 9999, so it can judge there.
  test('agrees with the platform where that can be asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: -682_944, max: 2_932_896 }), (days) => {
        expect(isoDate(days)).toBe(new Date(days * 86_400_000).toISOString().slice(0, 10));
      }),
    );
  });
});

test('times of the day', () => {
  expect(isoTime(86_400_000_000n, 'needed')).toBe('24:00:00');
  expect(isoTime(1n, 'needed')).toBe('00:00:00.000001');
  expect(isoTime(100_000n, 3)).toBe('00:00:00.100');
});

test('as clocks show them, 24:00 and more hours included', () => {
  expect(clockText(0)).toBe('00:00:00');
  expect(clockText(86_400_000_000)).toBe('24:00:00');
  expect(clockText(86_399_999_999)).toBe('23:59:59.999999');
  expect(clockText(1)).toBe('00:00:00.000001');
  expect(clockText(45_296_012_034)).toBe('12:34:56.012034');
  expect(clockText(3_020_399_000_000)).toBe('838:59:59');
});

test('years outside of four digits have a sign, as in ISO 8601', () => {
  expect(isoDate(daysFromCivil(-43, 3, 15))).toBe('-0043-03-15');
  expect(isoTimestamp(-1n, 'needed')).toBe('1969-12-31T23:59:59.999999');
  expect(isoDate(daysFromCivil(12_345, 6, 7))).toBe('+12345-06-07');
});

test('ms are rounded down, also before 1970', () => {
  expect(inUnit('ms', 1999n)).toBe(1n);
  expect(inUnit('ms', -1n)).toBe(-1n);
  expect(inUnit('us', -1n)).toBe(-1n);
  expect(inUnit('ns', -1n)).toBe(-1000n);
});
