import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { timeLiteral } from './mysql-literal-times.ts';

const PREFIX = 'io.debezium.time.Structured';

/**
 * A structured date, time or duration as ISO text, for the rules of texts to judge; null: the
 * struct is something else. Infinities are words that no rule takes.
 */
export function structuredLiteral(value: Struct): string | null {
  const { name = '', fields = [] } = value.schema;
  if (!name.startsWith(PREFIX)) return null;
  const parts: Parts = new Map(fields.map((field, i) => [field.name, value.values[i] ?? null]));
  const special = parts.get('specialValue');
  if (typeof special === 'string') return special;
  switch (name.slice(PREFIX.length)) {
    case 'Date':
      return date(parts);
    case 'Time':
      return clock(parts);
    case 'ZonedTime':
      return clock(parts) + offset(parts);
    case 'Timestamp':
      return `${date(parts)} ${clock(parts)}`;
    case 'ZonedTimestamp':
      return `${date(parts)} ${clock(parts)}${offset(parts)}`;
    case 'Duration':
      return duration(parts);
    default:
      return null;
  }
}

/** A duration without days, months and years, which is all that a TIME can be. */
export function durationTime(value: Struct): string {
  const parts: Parts = new Map(
    (value.schema.fields ?? []).map((field, i) => [field.name, value.values[i] ?? null]),
  );
  const nanos = number(parts, 'nanos');
  const whole = ['years', 'months', 'days'].every((name) => number(parts, name) === 0);
  if (!whole || nanos % 1000 !== 0) {
    throw new TidemarkError('VALUE_CONVERSION', 'an interval is none that a TIME can hold');
  }
  const seconds =
    number(parts, 'hours') * 3600 + number(parts, 'minutes') * 60 + number(parts, 'seconds');
  return timeLiteral(seconds * 1_000_000 + nanos / 1000);
}

type Parts = ReadonlyMap<string, ConnectValue>;

function number(parts: Parts, name: string): number {
  return Number(parts.get(name) ?? 0);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function date(parts: Parts): string {
  const [year, month, day] = ['year', 'month', 'day'].map((name) => number(parts, name));
  return `${pad(year ?? 0, 4)}-${pad(month ?? 0, 2)}-${pad(day ?? 0, 2)}`;
}

function clock(parts: Parts): string {
  const text = ['hour', 'minute', 'second'].map((name) => pad(number(parts, name), 2)).join(':');
  const nanos = number(parts, 'nanos');
  return nanos === 0 ? text : `${text}.${pad(nanos, 9)}`;
}

function offset(parts: Parts): string {
  const minutes = number(parts, 'offsetSeconds') / 60;
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

function duration(parts: Parts): string {
  const seconds = number(parts, 'seconds');
  const nanos = number(parts, 'nanos');
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const fraction = nanos === 0 ? '' : `.${pad(Math.abs(nanos), 9)}`;
  const units = ['years', 'months', 'days', 'hours', 'minutes'];
  const words = units.map((unit) => `${number(parts, unit)} ${unit}`).join(' ');
  return `${words} ${sign}${Math.abs(seconds)}${fraction} seconds`;
}
