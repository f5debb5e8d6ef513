import { expect, test } from 'vitest';
import { intervalMicros, parseInterval } from '../../../dialects/postgres/postgres-interval.ts';

test('months, days and the clock keep their own signs (P90)', () => {
  expect(parseInterval('P1Y-2M3DT-4H5M-6.5S')).toEqual({
    years: 1,
    months: -2,
    days: 3,
    hours: -4,
    minutes: 5,
    micros: -65e5,
  });
  expect(parseInterval('PT-0.000001S')).toMatchObject({ micros: -1 });
  expect(parseInterval('infinity')).toBeNull();
});

test.each(['', 'P', '1 day', 'P1W', 'PT1', 'P1.5D', 'p1d'])('refuses %j', (text) => {
  expect(() => parseInterval(text)).toThrow(expect.objectContaining({ code: 'VALUE_CONVERSION' }));
});

test('the ends of int64 hold what lies beyond', () => {
  expect(intervalMicros('P178000000Y')).toBe(9_223_372_036_854_775_807n);
  expect(intervalMicros('P-178000000Y')).toBe(-9_223_372_036_854_775_808n);
});
