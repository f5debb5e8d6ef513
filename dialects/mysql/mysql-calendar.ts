import { must } from '../../src/foundation/assert.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type { DateRules, MysqlTextFormat } from '../../src/model/mysql-text-format.ts';
import {
  daysFromCivil,
  inUnit,
  isoDate,
  isoTime,
  isoTimestamp,
  MICROS_PER_DAY,
} from '../civil-calendar.ts';
import { conversionError } from '../value-conversion.ts';

/*
 * Dates and times of MySQL, by integers. Its zero and partial dates are values that no calendar
 * has (PITFALLS B73), and its TIME is a duration (B75).
 */

type Format<K extends MysqlTextFormat['kind']> = Extract<MysqlTextFormat, { kind: K }>;

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const DATETIME = /^(\d{4}-\d\d-\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const TIME = /^(-?)(\d{2,3}):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const INT64_MAX = 9223372036854775807n;

/** DATE: days since 1970, or ISO text. */
export function calendarDate(
  { as, rules }: Format<'calendar-date'>,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  const days = daysOf(text, rules) ?? zeroDate(rules, schema);
  if (days === null) return null;
  return as === 'days' ? days : `${isoDate(days)}Z`;
}

/** DATETIME: units since 1970 as if in UTC, or ISO text. */
export function calendarTime(
  { as, rules }: Format<'calendar-time'>,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  const micros = microsOf(text, rules, schema);
  if (micros === null) return null;
  if (as === 'iso') return `${isoTimestamp(micros, 'needed')}Z`;
  const value = inUnit(as, micros);
  if (value <= INT64_MAX && value >= -INT64_MAX - 1n) return value;
  throw conversionError(
    'the time lies outside of 64 bits of nanoseconds since 1970',
    'Set time.precision.mode to microseconds, or leave the column out.',
  );
}

/** TIMESTAMP: an instant, which the session shows in UTC (PITFALLS B72). */
export function instantText(
  { digits, rules }: Format<'instant'>,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  const micros = microsOf(text, rules, schema);
  return micros === null ? null : `${isoTimestamp(micros, digits)}Z`;
}

/** TIME: a duration with its sign, in units; a time of day only where it is one. */
export function signedTime(as: Format<'signed-time'>['as'], text: string): ConnectValue {
  const micros = durationMicros(text);
  if (as === 'us' || as === 'ns') return inUnit(as, micros);
  if (micros < 0n || micros >= MICROS_PER_DAY) {
    throw conversionError(
      'the TIME is no time of day',
      'Set time.precision.mode to adaptive_time_microseconds or structured.',
    );
  }
  return as === 'ms' ? Number(inUnit('ms', micros)) : `${isoTime(micros, 'needed')}Z`;
}

/** The parts that the server printed, zeros included (time.precision.mode=structured). */
export function calendarParts(
  { part, digits }: Format<'calendar-parts'>,
  schema: ConnectSchema,
  text: string,
): Struct {
  if (part === 'duration') return structOf(schema, { ...durationParts(text), precision: digits });
  if (part === 'date') return structOf(schema, dateParts(text));
  const match = DATETIME.exec(text);
  if (match === null) throw conversionError('the text is not a datetime');
  const [, date = '', hour, minute, second, fraction = ''] = match;
  const zone = part === 'timestamp' ? {} : { offsetSeconds: 0, zoneId: 'Z' };
  return structOf(schema, {
    ...dateParts(date),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanos: Number(fraction.padEnd(9, '0')),
    ...zone,
    precision: digits,
  });
}

type Parts = Readonly<Record<string, number | bigint | string>>;

/** In the order of the schema's fields; what is not given is null. */
function structOf(schema: ConnectSchema, parts: Parts): Struct {
  const fields = must(schema.fields, 'a struct has fields');
  return { schema, values: fields.map(({ name }): ConnectValue => parts[name] ?? null) };
}

function dateParts(text: string): { year: number; month: number; day: number } {
  const match = DATE.exec(text);
  if (match === null) throw conversionError('the text is not a date');
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
}

/** Days since 1970; null of a date that no calendar has. */
function daysOf(text: string, { adjustYears }: DateRules): number | null {
  const { year, month, day } = dateParts(text);
  if (year === 0 || month === 0 || day === 0) return null;
  if (month > 12 || day > 31) throw conversionError('the text is not a date');
  return daysFromCivil(adjustYears ? adjusted(year) : year, month, day);
}

/** Years of two digits, as MySQL itself reads them: 70 is 1970, 69 is 2069. */
function adjusted(year: number): number {
  if (year > 99) return year;
  return year < 70 ? year + 2000 : year + 1900;
}

/** What stands for a date that no calendar has: 1970-01-01, or null. */
function zeroDate({ zero }: DateRules, { optional }: ConnectSchema): number | null {
  if (zero === 'null') return optional ? null : 0;
  if (zero === 'epoch') return 0;
  throw conversionError('the date is none of a calendar: it is zero, or a part of it is');
}

function microsOf(text: string, rules: DateRules, schema: ConnectSchema): bigint | null {
  const match = DATETIME.exec(text);
  if (match === null) throw conversionError('the text is not a datetime');
  const [, date = '', hour, minute, second, fraction = ''] = match;
  const days = daysOf(date, rules);
  if (days === null) {
    const zero = zeroDate(rules, schema);
    return zero === null ? null : BigInt(zero);
  }
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const micros = BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return BigInt(days) * MICROS_PER_DAY + micros;
}

function durationMicros(text: string): bigint {
  const { hours, minutes, seconds, micros, negative } = clockOf(text);
  const magnitude = BigInt((hours * 60 + minutes) * 60 + seconds) * 1_000_000n + BigInt(micros);
  return negative ? -magnitude : magnitude;
}

/** Every part has the sign. */
function durationParts(text: string): Parts {
  const { hours, minutes, seconds, micros, negative } = clockOf(text);
  const signed = (part: number): number => (negative && part !== 0 ? -part : part);
  return {
    years: 0,
    months: 0,
    days: 0,
    hours: signed(hours),
    minutes: signed(minutes),
    seconds: BigInt(signed(seconds)),
    nanos: signed(micros * 1000),
  };
}

interface Clock {
  readonly negative: boolean;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly micros: number;
}

function clockOf(text: string): Clock {
  const match = TIME.exec(text);
  if (match === null) throw conversionError('the text is not a TIME');
  const [, sign, hours, minutes, seconds, fraction = ''] = match;
  return {
    negative: sign === '-',
    hours: Number(hours),
    minutes: Number(minutes),
    seconds: Number(seconds),
    micros: Number(fraction.padEnd(6, '0')),
  };
}
