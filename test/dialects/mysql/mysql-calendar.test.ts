import { describe, expect, test } from 'vitest';
import {
  calendarDate,
  calendarParts,
  calendarTime,
  instantText,
  signedTime,
} from '../../../dialects/mysql/mysql-calendar.ts';
import { named, STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import { optional } from '../../../src/model/connect-schema.ts';
import type { DateRules } from '../../../src/model/mysql-text-format.ts';

const RULES: DateRules = { zero: 'null', adjustYears: true };
const REQUIRED: ConnectSchema = named('int64', 'x');
const OPTIONAL = optional(REQUIRED);

const date = (text: string, schema: ConnectSchema, rules = RULES): ConnectValue =>
  calendarDate({ kind: 'calendar-date', as: 'days', rules }, schema, text);
const datetime = (text: string, as: 'ms' | 'us' | 'ns' | 'iso', rules = RULES): ConnectValue =>
  calendarTime({ kind: 'calendar-time', as, rules }, OPTIONAL, text);

describe('zero and partial dates (PITFALLS B73)', () => {
  test.each(['0000-00-00', '2020-00-15', '2020-02-00', '0000-01-01'])('%s', (text) => {
    expect(date(text, OPTIONAL)).toBeNull();
    expect(date(text, REQUIRED)).toBe(0);
    expect(date(text, OPTIONAL, { ...RULES, zero: 'epoch' })).toBe(0);
    expect(() => date(text, OPTIONAL, { ...RULES, zero: 'fail' })).toThrow(/none of a calendar/);
  });

  test('a DATETIME, and a TIMESTAMP', () => {
    expect(datetime('2020-00-15 10:00:00', 'ms')).toBeNull();
    const instant = { kind: 'instant', digits: 0, rules: RULES } as const;
    expect(instantText(instant, REQUIRED, '0000-00-00 00:00:00')).toBe('1970-01-01T00:00:00Z');
    expect(instantText(instant, OPTIONAL, '0000-00-00 00:00:00')).toBeNull();
  });
});

describe('dates', () => {
  // As Debezium 3.6.0 streams them, and by the proleptic calendar.
  test.each([
    ['2020-02-29', 18321],
    ['9999-12-31', 2932896],
    ['1000-01-01', -354285],
    ['1582-10-10', -141432],
    ['0069-01-01', 36160],
    ['0070-01-01', 0],
  ])('%s', (text, days) => {
    expect(date(text, REQUIRED)).toBe(days);
  });

  test('years of two digits stay where enable.time.adjuster is off', () => {
    expect(date('0001-01-01', REQUIRED, { ...RULES, adjustYears: false })).toBe(-719162);
  });

  test('as ISO text', () => {
    const format = { kind: 'calendar-date', as: 'iso', rules: RULES } as const;
    expect(calendarDate(format, REQUIRED, '2017-09-15')).toBe('2017-09-15Z');
  });

  test.each(['', '2020-13-01', '2020-01-32', '20-01-01', '2020-01-01 00:00:00'])(
    'refuses %j',
    (text) => {
      expect(() => date(text, OPTIONAL)).toThrow(
        expect.objectContaining({ code: 'VALUE_CONVERSION' }),
      );
    },
  );
});

describe('DATETIME has no zone (PITFALLS B72)', () => {
  test('in every unit', () => {
    const text = '2020-02-29 12:34:56.789012';
    expect(datetime(text, 'ms')).toBe(1582979696789n);
    expect(datetime(text, 'us')).toBe(1582979696789012n);
    expect(datetime(text, 'ns')).toBe(1582979696789012000n);
    expect(datetime(text, 'iso')).toBe('2020-02-29T12:34:56.789012Z');
    expect(datetime('0001-01-01 00:00:00', 'us')).toBe(978307200000000n);
  });

  test('nanoseconds reach from 1677 to 2262', () => {
    expect(() => datetime('2263-01-01 00:00:00', 'ns')).toThrow(/64 bits/);
    expect(() => datetime('x', 'ns')).toThrow(/not a datetime/);
  });

  test('a TIMESTAMP has as many digits as it declares', () => {
    const format = { kind: 'instant', digits: 6, rules: RULES } as const;
    expect(instantText(format, REQUIRED, '1970-01-01 00:00:01.000000')).toBe(
      '1970-01-01T00:00:01.000000Z',
    );
  });
});

describe('TIME is a duration (PITFALLS B75)', () => {
  test.each([
    ['-838:59:59', -3020399000000n],
    ['838:59:58.999999', 3020398999999n],
    ['-00:00:00.000001', -1n],
    ['24:00:00.000', 86400000000n],
  ])('%s', (text, micros) => {
    expect(signedTime('us', text)).toBe(micros);
    expect(signedTime('ns', text)).toBe(micros * 1000n);
    expect(() => signedTime('ms', text)).toThrow(/no time of day/);
  });

  test('a time of day in the forms that know no other', () => {
    expect(signedTime('ms', '12:34:56.789')).toBe(45296789);
    expect(signedTime('iso', '04:05:11.789000')).toBe('04:05:11.789Z');
    expect(() => signedTime('iso', '1:2:3')).toThrow(/not a TIME/);
  });
});

describe('structured parts', () => {
  const parts = (part: 'date' | 'timestamp' | 'zoned-timestamp' | 'duration', text: string) => {
    const schema = STRUCTURED[part];
    const { values } = calendarParts({ kind: 'calendar-parts', part, digits: 3 }, schema, text);
    const named = schema.fields?.map(({ name }, i) => [name, values[i]] as const) ?? [];
    return Object.fromEntries(named.filter(([, item]) => item !== null));
  };

  test('keep zeros', () => {
    expect(parts('date', '2020-00-00')).toEqual({ year: 2020, month: 0, day: 0 });
    expect(parts('timestamp', '0000-00-00 01:02:03.500')).toEqual({
      year: 0,
      month: 0,
      day: 0,
      hour: 1,
      minute: 2,
      second: 3,
      nanos: 500_000_000,
      precision: 3,
    });
    expect(parts('zoned-timestamp', '2020-01-01 00:00:00')).toMatchObject({
      offsetSeconds: 0,
      zoneId: 'Z',
    });
  });

  test('of a negative duration all are negative', () => {
    expect(parts('duration', '-838:59:00.500')).toEqual({
      years: 0,
      months: 0,
      days: 0,
      hours: -838,
      minutes: -59,
      seconds: 0n,
      nanos: -500_000_000,
      precision: 3,
    });
  });
});
