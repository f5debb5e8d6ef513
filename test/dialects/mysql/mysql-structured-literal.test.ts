import { expect, test } from 'vitest';
import {
  durationTime,
  structuredLiteral,
} from '../../../dialects/mysql/mysql-structured-literal.ts';
import { STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import { struct } from '../../support/sink-records.ts';

test('the parts are put together, zero dates included', () => {
  const day = { year: 2026, month: 2, day: 3 };
  const clock = { hour: 4, minute: 5, second: 6, nanos: 7000 };
  expect(structuredLiteral(struct(STRUCTURED.date, day))).toBe('2026-02-03');
  expect(structuredLiteral(struct(STRUCTURED.date, { year: 0, month: 0, day: 0 }))).toBe(
    '0000-00-00',
  );
  expect(structuredLiteral(struct(STRUCTURED.timestamp, { ...day, ...clock }))).toBe(
    '2026-02-03 04:05:06.000007000',
  );
  const zoned = { ...day, ...clock, offsetSeconds: -5400 };
  expect(structuredLiteral(struct(STRUCTURED['zoned-timestamp'], zoned))).toBe(
    '2026-02-03 04:05:06.000007000-01:30',
  );
  expect(structuredLiteral(struct(STRUCTURED.date, { specialValue: 'POSITIVE_INFINITY' }))).toBe(
    'POSITIVE_INFINITY',
  );
});

test('a duration of hours and less is a TIME, and no other', () => {
  const value = { hours: -838, minutes: -59, seconds: -59n, nanos: 0 };
  expect(durationTime(struct(STRUCTURED.duration, value))).toBe('-838:59:59');
  expect(structuredLiteral(struct(STRUCTURED.duration, value))).toBe(
    '0 years 0 months 0 days -838 hours -59 minutes -59 seconds',
  );
  expect(() => durationTime(struct(STRUCTURED.duration, { days: 1 }))).toThrow(/interval/);
});
