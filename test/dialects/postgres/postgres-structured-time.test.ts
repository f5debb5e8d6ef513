import { describe, expect, test } from 'vitest';
import { STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import { parseStructured } from '../../../dialects/postgres/postgres-structured-time.ts';
import type { StructuredPart } from '../../../src/model/table-schema.ts';

function parts(part: StructuredPart, text: string): Record<string, unknown> {
  const schema = STRUCTURED[part];
  const { values } = parseStructured({ part, digits: 6 }, schema, text);
  return Object.fromEntries((schema.fields ?? []).map(({ name }, i) => [name, values[i]]));
}

describe('parseStructured', () => {
  test('dates, before 1 as well, and infinities by name', () => {
    expect(parts('date', '2020-02-29')).toEqual({
      year: 2020,
      month: 2,
      day: 29,
      specialValue: null,
    });
    expect(parts('date', '0044-03-15 BC')).toMatchObject({ year: -43 });
    expect(parts('date', '-infinity')).toEqual({
      year: null,
      month: null,
      day: null,
      specialValue: 'NEGATIVE_INFINITY',
    });
    expect(parts('timestamp', 'infinity')).toMatchObject({
      year: null,
      nanos: null,
      specialValue: 'POSITIVE_INFINITY',
      precision: 6,
    });
  });

  test('times, to the end of the day', () => {
    expect(parts('time', '24:00:00')).toEqual({
      hour: 24,
      minute: 0,
      second: 0,
      nanos: 0,
      precision: 6,
    });
    expect(parts('zoned-time', '12:34:56.789-05:30')).toMatchObject({
      hour: 12,
      nanos: 789_000_000,
      offsetSeconds: -19_800,
    });
    expect(parts('zoned-time', '01:02:03+05:53:28')).toMatchObject({ offsetSeconds: 21_208 });
  });

  test('timestamps, with and without a zone', () => {
    expect(parts('timestamp', '0044-03-15 12:00:00.5 BC')).toMatchObject({
      year: -43,
      month: 3,
      day: 15,
      hour: 12,
      nanos: 500_000_000,
    });
    expect(parts('zoned-timestamp', '0044-03-15 12:00:00+00 BC')).toMatchObject({
      year: -43,
      hour: 12,
      offsetSeconds: 0,
      zoneId: 'Z',
      precision: 6,
    });
  });

  test('intervals part by part, with their signs (P90)', () => {
    expect(parts('duration', 'P-1Y-2M3DT-4H-5M-6.789S')).toEqual({
      years: -1,
      months: -2,
      days: 3,
      hours: -4,
      minutes: -5,
      seconds: -6n,
      nanos: -789_000_000,
      precision: 6,
    });
    expect(() => parts('duration', 'infinity')).toThrow(/no structured form/);
  });

  test('in arrays the original keeps milliseconds', () => {
    const format = { part: 'time', digits: 6, cut: 'ms' } as const;
    const { values } = parseStructured(format, STRUCTURED.time, '01:02:03.456789');
    expect(values).toEqual([1, 2, 3, 456_000_000, 6]);
  });

  test.each<[StructuredPart, string]>([
    ['date', '2020-2-29'],
    ['time', '1:2'],
    ['timestamp', '2020-02-29'],
    ['zoned-time', '01:02:03'],
  ])('refuses a %s that is none', (part, text) => {
    expect(() => parts(part, text)).toThrow(/the text/);
  });
});
