import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usualDays, usualMicros } from '../../../dialects/duckdb/duckdb-usual-times.ts';

const date = fc.date({
  min: new Date('1000-01-01'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

test('a time in the usual form is what Date makes of it, with its microseconds', () => {
  fc.assert(
    fc.property(date, fc.integer({ min: 0, max: 999 }), (at, micros) => {
      const iso = at.toISOString().slice(0, -1) + String(micros).padStart(3, '0');
      const expected = BigInt(at.getTime()) * 1000n + BigInt(micros);
      expect(usualMicros(`${iso}Z`, iso.length, 'T')).toBe(expected);
      expect(usualMicros(iso.replace('T', ' '), iso.length, ' ')).toBe(expected);
      expect(usualDays(iso)).toBe(Math.floor(at.getTime() / 86_400_000));
    }),
    { seed: 11 },
  );
});

test.each([
  ['a day that its month does not have', '2023-02-29T10:00:00'],
  ['the 31st of a month of 30 days', '2024-04-31T10:00:00'],
  ['a month that there is not', '2024-13-01T10:00:00'],
  ['an hour that there is not', '2024-01-01T24:00:00'],
  ['a leap second', '2024-01-01T23:59:60'],
  ['a year before 1000', '0999-12-31T23:59:59'],
  ['another separator', '2024-01-01 10:00:00'],
  ['more digits than microseconds', '2024-01-01T10:00:00.1234567'],
  ['a fraction without digits', '2024-01-01T10:00:00.'],
  ['what is no time', 'infinity'],
  ['nothing', ''],
])('not in the usual form: %s', (_what, text) => {
  expect(usualMicros(text, text.length, 'T')).toBeUndefined();
});
