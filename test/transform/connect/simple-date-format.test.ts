import { expect, test } from 'vitest';
import { SimpleDateFormat } from '../../../src/transform/connect/simple-date-format.ts';

const format = (pattern: string): SimpleDateFormat => new SimpleDateFormat('format', pattern);
const TIME = Date.UTC(2024, 1, 29, 13, 4, 5, 67);

test.each([
  ['yyyyMMddHHmmssSSS', '20240229130405067'],
  ["yy/M/d h:m:s a 'o''clock'", "24/2/29 1:4:5 PM o'clock"],
  ['EEEE, MMMM d, yyyy G', 'Thursday, February 29, 2024 AD'],
  ['D u k K Z X z', '60 4 13 1 +0000 Z UTC'],
])('%s writes %s', (pattern, text) => {
  expect(format(pattern).format(TIME)).toBe(text);
});

test.each([
  ['yyyyMMddHHmmssSSS', '20240229130405067', TIME],
  ["yyyy-MM-dd'T'HH:mm:ssX", '2024-02-29T13:04:05+02:00', TIME - 67 - 7_200_000],
  ["yyyy-MM-dd'T'HH:mm:ssZ", '2024-02-29T13:04:05-0130', TIME - 67 + 5_400_000],
  ['d MMMM yyyy hh a', '29 february 2024 12 AM', Date.UTC(2024, 1, 29)],
  ['yyyy-MM-dd', '2024-02-30', Date.UTC(2024, 2, 1)],
  ['yyyy-MM-dd', '-0001-01-01', Date.parse('-000001-01-01')],
  ['EEE, d MMM yyyy k', 'Thu, 29 Feb 2024 24', Date.UTC(2024, 1, 29)],
  ['HH:mm', '01:02', 3_720_000],
])('%s reads %s', (pattern, text, millis) => {
  expect(format(pattern).parse(text)).toBe(millis);
});

test('two digits are a year near today', () => {
  const year = new Date(format('yy').parse('24')).getUTCFullYear();
  expect(year % 100).toBe(24);
  expect(Math.abs(new Date().getUTCFullYear() - 30 - year)).toBeLessThanOrEqual(50);
});

test.each(['2024/02/29', 'x', ''])('%s has another form', (text) => {
  expect(() => format('yyyy-MM-dd').parse(text)).toThrow('is no time of the form yyyy-MM-dd');
});

test('letters without meaning are refused', () => {
  expect(() => format('yyyy-ww')).toThrow('format: "yyyy-ww" has the letter w');
});

test('times go beyond the calendar of JavaScript, as the end of that of Debezium does', () => {
  const all = format('yyyy-MM-dd HH:mm:ss.SSS EEE G');
  expect(all.format(9_223_372_036_825_200)).toBe('294247-01-10 04:00:25.200 Sun AD');
  expect(all.format(8.64e15 - 1)).toBe('275760-09-12 23:59:59.999 Fri AD');
  expect(all.format(8.64e15 + 1000)).toBe('275760-09-13 00:00:01.000 Sat AD');
});
