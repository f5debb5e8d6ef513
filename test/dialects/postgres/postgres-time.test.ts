import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  civilFromDays,
  daysFromCivil,
  isoDate,
  isoTime,
  isoTimestamp,
  parseDate,
  parseTime,
  parseTimestamp,
} from '../../../dialects/postgres/postgres-time.ts';

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

test.each([
  ['0001-01-01', -719_162],
  ['0001-12-31 BC', -719_163],
  ['4713-01-01 BC', -2_440_550],
])('%s is day %i', (text, days) => {
  expect(parseDate(text)).toBe(days);
});

test('µs of any timestamp there and back', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
      (at) => {
        expect(parseTimestamp(isoTimestamp(at, 6).replace('T', ' '))).toBe(at);
      },
    ),
  );
});

test('times of the day', () => {
  expect(isoTime(86_400_000_000n, 'needed')).toBe('24:00:00');
  expect(isoTime(1n, 'needed')).toBe('00:00:00.000001');
  expect(isoTime(100_000n, 3)).toBe('00:00:00.100');
  expect(parseTime('00:00:00+15:59')).toBe(28_860_000_000n);
});
