import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTimestamp } from '../../../dialects/civil-calendar.ts';
import { parseDate, parseTime, parseTimestamp } from '../../../dialects/postgres/postgres-time.ts';

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

test('of a time with an offset the day counts in UTC', () => {
  expect(parseTime('00:00:00+15:59')).toBe(28_860_000_000n);
});
