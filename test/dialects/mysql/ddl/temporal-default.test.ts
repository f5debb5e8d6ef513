import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporalDefault } from '../../../../dialects/mysql/ddl/temporal-default.ts';

// As information_schema of MySQL 9.7.4 and MariaDB 10.11.18 shows them.
test.each([
  ['2020-01-02', 'date', 0, '2020-01-02'],
  ['2020/1/2', 'date', 0, '2020-01-02'],
  ['70-1-2', 'date', 0, '1970-01-02'],
  ['69-1-2', 'date', 0, '2069-01-02'],
  ['20200305', 'date', 0, '2020-03-05'],
  ['0', 'date', 0, '0000-00-00'],
  ['2020-01-02', 'datetime', 0, '2020-01-02 00:00:00'],
  ['2020-01-02T03:04:05.678', 'datetime', 1, '2020-01-02 03:04:05.6'],
  ['20200102030405', 'datetime', 3, '2020-01-02 03:04:05.000'],
  ['2020-01-02 03:04', 'timestamp', 0, '2020-01-02 03:04:00'],
  ['0', 'timestamp', 6, '0000-00-00 00:00:00.000000'],
  ['1:2:3', 'time', 0, '01:02:03'],
  ['01:02', 'time', 0, '01:02:00'],
  ['-12:00:00', 'time', 0, '-12:00:00'],
  ['1 02:03:04', 'time', 0, '26:03:04'],
  ['123456', 'time', 3, '12:34:56.000'],
  ['0', 'time', 0, '00:00:00'],
  ['100:00:00', 'time', 0, '100:00:00'],
  ['2020', 'year', 0, '2020'],
  ['70', 'year', 0, '1970'],
  ['20', 'year', 0, '2020'],
  ['0', 'year', 0, '0000'],
  ['yesterday', 'datetime', 0, 'yesterday'],
  ['2020-01-02 later', 'datetime', 0, '2020-01-02 later'],
])('%s in a %s(%i)', (text, base, fraction, expected) => {
  expect(temporalDefault(text, base, fraction)).toBe(expected);
});

test('whatever is written, something comes out, and stays what it is', () => {
  const bases = fc.constantFrom('date', 'time', 'datetime', 'timestamp', 'year');
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^[\d:. -]{0,24}$/)),
      bases,
      (text, base) => {
        const once = temporalDefault(text, base, 0);
        expect(temporalDefault(once, base, 0)).toBe(once);
      },
    ),
  );
});
