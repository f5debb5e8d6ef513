import { expect, test } from 'vitest';
import { isTimeZone, parseDailyHours } from '../../src/config/daily-hours.ts';

test('ranges of the day, several and over midnight', () => {
  expect(parseDailyHours('22:00-06:30')).toEqual([{ from: 1320, to: 390 }]);
  expect(parseDailyHours(' 1:05 - 2:00 ,12:00-24:00')).toEqual([
    { from: 65, to: 120 },
    { from: 720, to: 1440 },
  ]);
});

test.each(['', '22-06', '22:00', '22:00-22:00', '25:00-01:00', '24:00-01:00', '10:60-11:00', 'a'])(
  '%s is refused',
  (text) => {
    expect(parseDailyHours(text)).toBeUndefined();
  },
);

test('time zones are those of the system', () => {
  expect(['UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
