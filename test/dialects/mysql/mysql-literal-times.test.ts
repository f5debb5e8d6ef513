import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dateLiteral,
  isoDateLiteral,
  isoTimeLiteral,
  isoTimestampLiteral,
  microsOfNanos,
  timeLiteral,
  timestampLiteral,
} from '../../../dialects/mysql/mysql-literal-times.ts';

const DAY_MS = 86_400_000;

test("dates and timestamps are JavaScript's, over all years of four digits", () => {
  const ms = fc.integer({ min: -719_162 * DAY_MS, max: 2_932_896 * DAY_MS });
  fc.assert(
    fc.property(ms, (at) => {
      const iso = new Date(at).toISOString();
      expect(dateLiteral(Math.floor(at / DAY_MS))).toBe(iso.slice(0, 10));
      const text = timestampLiteral(BigInt(at) * 1000n)
        .padEnd(20, '.')
        .padEnd(26, '0');
      expect(text).toBe(`${iso.slice(0, 10)} ${iso.slice(11, 23)}000`);
      // An offset only moves the clock.
      const east = new Date(Math.min(at, 2_932_895 * DAY_MS) + 19_800_000).toISOString();
      const utc = new Date(Math.min(at, 2_932_895 * DAY_MS)).toISOString();
      expect(isoTimestampLiteral(east.replace('Z', '+05:30')).slice(0, 19)).toBe(
        `${utc.slice(0, 10)} ${utc.slice(11, 19)}`,
      );
    }),
  );
});

test('times may be negative, and end where MySQL ends', () => {
  expect(timeLiteral(-1)).toBe('-00:00:00.000001');
  expect(timeLiteral(3_020_399_000_000)).toBe('838:59:59');
  expect(() => timeLiteral(3_020_399_000_001)).toThrow(/outside of the range/);
  expect(isoTimeLiteral('-01:02:03.5')).toBe('-01:02:03.5');
  expect(isoTimeLiteral('10:00:00Z')).toBe('10:00:00');
});

test('ISO texts: zero dates stay, what is below the microsecond is refused (S18)', () => {
  expect(isoDateLiteral('0000-00-00')).toBe('0000-00-00');
  expect(isoDateLiteral('2026-11-22Z')).toBe('2026-11-22');
  expect(isoTimestampLiteral('2026-11-22T06:30:00.123456000Z')).toBe('2026-11-22 06:30:00.123456');
  expect(isoTimestampLiteral('2026-11-22T06:30')).toBe('2026-11-22 06:30');
  expect(() => isoTimestampLiteral('2026-11-22T06:30:00.1234567Z')).toThrow(/nanoseconds/);
  expect(() => isoTimestampLiteral('+10000-01-01T00:00:00Z')).toThrow(/outside of the range/);
  // 1 BC: the server would take it, and its own calendar has another leap year there.
  for (const ofBc of ['0000-12-31T23:59:59Z', '0000-02-29Z']) {
    expect(() => isoTimestampLiteral(ofBc)).toThrow(/outside of the range/);
    expect(() => isoDateLiteral(ofBc)).toThrow(/outside of the range/);
  }
  expect(() => dateLiteral(-719_163)).toThrow(/outside of the range/);
  expect(() => isoTimestampLiteral("2026-11-22' OR 1")).toThrow(/outside of the range/);
  expect(microsOfNanos(-5000n)).toBe(-5n);
  expect(() => microsOfNanos(5001n)).toThrow(/nanoseconds/);
});
