import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendarDate, signedTime } from '../../dialects/mysql/mysql-calendar.ts';
import {
  instant,
  isoDatetimeLength,
  isoTimeLength,
  readCalendarDays,
  readDatetimeMicros,
  readDurationMicros,
  readLateDatetime,
  readTimeOfDay,
  skipZeros,
} from '../../src/rowpath/mysql-text-scan.ts';
import { UNUSUAL } from '../../src/rowpath/text-scan.ts';

const whole = (text: string): [Buffer, number, number] => {
  // Surrounded by digits, so that a reader which leaves its range is found out.
  const bytes = Buffer.from(`99${text}99`);
  return [bytes, 2, bytes.length - 2];
};

test.each([
  ['007', '7'],
  ['0000', '0'],
  ['00.5', '0.5'],
  ['10', '10'],
  ['', ''],
])('zeros in front of %j', (text, rest) => {
  const [bytes, start, end] = whole(text);
  expect(bytes.toString('latin1', skipZeros(bytes, start, end), end)).toBe(rest);
});

const DAYS_FORMAT = {
  kind: 'calendar-date',
  as: 'days',
  rules: { zero: 'epoch', adjustYears: true },
} as const;

describe('days', () => {
  test('of every date of a calendar, as the general path reads them', () => {
    const year = fc.integer({ min: 100, max: 9998 });
    const day = fc.oneof(fc.integer({ min: 0, max: 365 }), fc.constant(59));
    fc.assert(
      fc.property(year, day, (inYear, ofYear) => {
        const date = new Date(Date.UTC(inYear, 0, 1 + ofYear));
        const text = date.toISOString().slice(0, 10);
        const days = readCalendarDays(...(whole(text).slice(0, 2) as [Buffer, number]));
        expect(days).toBe(calendarDate(DAYS_FORMAT, { type: 'int32', optional: false }, text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '0099-12-31',
    '2023-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-00-01',
    '2024-01-00',
    '2024-13-01',
  ])('%s is left to the general path (PITFALLS B73)', (text) => {
    expect(readCalendarDays(...(whole(text).slice(0, 2) as [Buffer, number]))).toBe(UNUSUAL);
  });
});

test('durations as the general path reads them (PITFALLS B75)', () => {
  const two = fc.nat({ max: 59 }).map((part) => String(part).padStart(2, '0'));
  const hours = fc.nat({ max: 838 }).map((part) => String(part).padStart(2, '0'));
  const fraction = fc.stringMatching(/^(?:\.[0-9]{1,6})?$/);
  fc.assert(
    fc.property(fc.boolean(), hours, two, two, fraction, (negative, hour, minute, second, rest) => {
      const text = `${negative ? '-' : ''}${hour}:${minute}:${second}${rest}`;
      expect(BigInt(readDurationMicros(...whole(text)))).toBe(signedTime('us', text));
    }),
    { numRuns: 2000 },
  );
});

test.each(['', '-', '1:02:03', '01:02', '01:60:00', '01:02:03.', '01:02:03.1234567', '01:02:0x'])(
  '%j is no usual duration',
  (text) => {
    expect(readDurationMicros(...whole(text))).toBe(UNUSUAL);
    expect(isoTimeLength(...whole(text))).toBe(UNUSUAL);
  },
);

test('a time of day is below 24 hours and not negative', () => {
  expect(readTimeOfDay(...whole('23:59:59.9'))).toBe(86_399_900_000);
  expect(readTimeOfDay(...whole('24:00:00'))).toBe(UNUSUAL);
  expect(readTimeOfDay(...whole('-00:00:01'))).toBe(UNUSUAL);
});

test('datetimes whose microseconds are exact', () => {
  expect(readDatetimeMicros(...whole('1685-01-02 00:00:00'))).toBeLessThan(0);
  expect(readDatetimeMicros(...whole('1684-12-30 00:00:00'))).toBe(UNUSUAL);
  expect(readDatetimeMicros(...whole('2255-01-01 00:00:00'))).toBe(UNUSUAL);
  expect(readLateDatetime(...whole('9999-12-31 23:59:59.5'))).toBe(true);
  expect(instant).toEqual({ seconds: 253_402_300_799, micros: 500_000 });
  expect(readLateDatetime(...whole('1969-12-31 23:59:59'))).toBe(false);
  expect(readLateDatetime(...whole('2300-12-31 23:59:60'))).toBe(false);
  expect(isoDatetimeLength(...whole('2024-01-01 01:02:03.1000'))).toBe(21);
});
