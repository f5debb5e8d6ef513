import { expect, test } from 'vitest';
import { STRUCTURED } from '../../dialects/semantic-schemas.ts';
import { structuredText } from '../../dialects/structured-time-text.ts';
import type { StructuredPart } from '../../src/model/table-schema.ts';
import { struct } from '../support/sink-records.ts';

const of = (part: StructuredPart, values: Parameters<typeof struct>[1]): string | null =>
  structuredText(struct(STRUCTURED[part], values));

test('structured times have the text of the other modes', () => {
  const date = { year: 2020, month: 2, day: 9 };
  const clock = { hour: 1, minute: 2, second: 3, nanos: 450_000_000 };
  expect(of('date', date)).toBe('2020-02-09');
  expect(of('date', { year: -43, month: 3, day: 15 })).toBe('-0043-03-15');
  expect(of('date', { year: 12_345, month: 3, day: 15 })).toBe('+12345-03-15');
  expect(of('time', clock)).toBe('01:02:03.45');
  expect(of('timestamp', { ...date, ...clock })).toBe('2020-02-09 01:02:03.45');
  expect(of('zoned-time', { ...clock, offsetSeconds: -12_600 })).toBe('01:02:03.45-03:30');
  expect(of('zoned-time', { ...clock, offsetSeconds: 0 })).toBe('01:02:03.45Z');
  const zoned = { ...date, ...clock, offsetSeconds: 21_208 };
  expect(of('zoned-timestamp', zoned)).toBe('2020-02-08 19:08:35.450000Z');
  expect(of('timestamp', { specialValue: 'POSITIVE_INFINITY' })).toBe('infinity');
  expect(of('date', { specialValue: 'NEGATIVE_INFINITY' })).toBe('-infinity');
});

test('durations in ISO 8601, each unit with its sign', () => {
  const days = { years: 1, months: -2, days: 3, hours: 0, minutes: -5 };
  expect(of('duration', { ...days, seconds: -6n, nanos: -700_000_000 })).toBe(
    'P1Y-2M3DT0H-5M-6.7S',
  );
  expect(of('duration', { ...days, seconds: 0n, nanos: 0 })).toBe('P1Y-2M3DT0H-5M0S');
});

test('another struct is none of these', () => {
  const other = { type: 'struct', optional: false, name: 'other', fields: [] } as const;
  expect(structuredText({ schema: other, values: [] })).toBeNull();
});
