import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dateText,
  instantText,
  isoDateText,
  isoTimestampText,
  isoTimeText,
  milliTimestampText,
  nanoTimestampText,
  nanoTimeText,
  timestampText,
  timeText,
} from '../../dialects/time-text.ts';

test('dates and times of every size (S18)', () => {
  expect(dateText(0)).toBe('1970-01-01');
  expect(dateText(-719_529)).toBe('-0001-12-31');
  expect(dateText(2_932_897)).toBe('+10000-01-01');
  expect(dateText(2_147_483_647)).toBe('infinity');
  expect(timeText(86_400_000_000)).toBe('24:00:00');
  expect(timeText(45_296_500_000)).toBe('12:34:56.5');
  expect(timeText(-3_020_399_000_001)).toBe('-838:59:59.000001');
  expect(nanoTimeText(1_000_000_001n)).toBe('00:00:01.000000001');
  expect(nanoTimeText(-1_500_000_000n)).toBe('-00:00:01.5');
});

test('timestamps without a zone have the digits that they need', () => {
  expect(timestampText(-1n)).toBe('1969-12-31 23:59:59.999999');
  expect(timestampText(500_000n)).toBe('1970-01-01 00:00:00.5');
  expect(timestampText(9_223_371_331_200_000_000n - 1n)).toBe('+294247-01-01 23:59:59.999999');
  expect(timestampText(2n ** 63n - 1n)).toBe('infinity');
  expect(milliTimestampText(-1n)).toBe('1969-12-31 23:59:59.999');
  expect(nanoTimestampText(-1n)).toBe('1969-12-31 23:59:59.999999999');
  expect(nanoTimestampText(-(2n ** 63n))).toBe('-infinity');
  expect(isoTimestampText('2020-02-29T12:34')).toBe('2020-02-29 12:34:00');
  expect(isoTimestampText('2020-02-29T12:34:56.700Z')).toBe('2020-02-29 12:34:56.7');
  expect(isoTimestampText('0000-00-00 00:00:00')).toBe('0000-00-00 00:00:00');
  expect(isoTimeText('12:34:56.120Z')).toBe('12:34:56.12');
  expect(isoTimeText('-838:59')).toBe('-838:59:00');
  expect(isoTimeText('noon')).toBe('noon');
  expect(isoDateText('2020-02-29Z')).toBe('2020-02-29');
});

test('instants are in UTC, with six digits', () => {
  expect(instantText('2020-02-29T12:34:56Z')).toBe('2020-02-29 12:34:56.000000Z');
  expect(instantText('2020-03-01T00:30:00.5+05:53:28')).toBe('2020-02-29 18:36:32.500000Z');
  expect(instantText('-0044-12-31T23:00:00-0130')).toBe('-0043-01-01 00:30:00.000000Z');
  expect(instantText('2020-02-29 12:00:00.123456789+00')).toBe('2020-02-29 12:00:00.123456789Z');
  expect(instantText('+294247-01-10T04:00:25.2Z')).toBe('infinity');
  expect(instantText('soon')).toBe('soon');
});

test('an instant has one text, in whatever form it comes', () => {
  const clocks = fc.tuple(fc.stringMatching(/^\d{4}(-\d\d){2}T\d\d(:\d\d){2}$/), fc.nat(7));
  fc.assert(
    fc.property(clocks, fc.stringMatching(/^\d{7}$/), ([clock, digits], fraction) => {
      const text = digits === 0 ? clock : `${clock}.${fraction.slice(0, digits)}`;
      expect(instantText(`${text}Z`)).toBe(instantText(`${text}+00:00`));
    }),
  );
  for (const text of ['2020-02-29T12:34:5xZ', '2020-02-29T12:34:56.Z', '2020-02-29T12:34:56.1Y']) {
    expect(instantText(text)).toBe(text);
  }
});

test('texts sort as times do, and SQLite reads the same time in them', () => {
  using database = new DatabaseSync(':memory:');
  const read = database.prepare(
    "SELECT CAST(round(unixepoch(?, 'subsec') * 1000) AS INTEGER) AS ms",
  );
  const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
  fc.assert(
    fc.property(micros, micros, (left, right) => {
      const [less, more] = left < right ? [left, right] : [right, left];
      const texts = [less, more].map(timestampText);
      expect(texts[0]! < texts[1]! || less === more).toBe(true);
      const instants = texts.map((text) => instantText(`${text.replace(' ', 'T')}Z`));
      expect(instants[0]! < instants[1]! || less === more).toBe(true);
      const whole = (less / 1000n) * 1000n;
      for (const text of [timestampText(whole), instantText(`${timestampText(whole)}Z`)]) {
        expect(BigInt(Number(read.get(text)?.['ms']))).toBe(whole / 1000n);
      }
    }),
  );
});
