import type { ConnectValue, Struct } from '../src/model/connect-schema.ts';
import { pad } from './civil-calendar.ts';
import { instantText, isoTimestampText, isoTimeText } from './time-text.ts';

const PREFIX = 'io.debezium.time.Structured';

/**
 * The text of a structured date, time or duration (time.precision.mode=structured), the same as of
 * the modes that write numbers or ISO 8601; null: the struct is something else.
 */
export function structuredText(value: Struct): string | null {
  const { name = '', fields = [] } = value.schema;
  if (!name.startsWith(PREFIX)) return null;
  const parts: Parts = new Map(fields.map((field, i) => [field.name, value.values[i] ?? null]));
  const special = parts.get('specialValue');
  if (typeof special === 'string') return special.startsWith('NEG') ? '-infinity' : 'infinity';
  switch (name.slice(PREFIX.length)) {
    case 'Date':
      return date(parts);
    case 'Time':
      return isoTimeText(clock(parts));
    case 'ZonedTime':
      return clock(parts) + offset(parts);
    case 'Timestamp':
      return isoTimestampText(`${date(parts)}T${clock(parts)}`);
    case 'ZonedTimestamp':
      return instantText(`${date(parts)}T${clock(parts)}${offset(parts)}`);
    case 'Duration':
      return duration(parts);
    default:
      return null;
  }
}

type Parts = ReadonlyMap<string, ConnectValue>;

function number(parts: Parts, name: string): number {
  return Number(parts.get(name) ?? 0);
}

/** Year 0 is 1 BC. */
function date(parts: Parts): string {
  const year = number(parts, 'year');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  const [month, day] = [number(parts, 'month'), number(parts, 'day')];
  return `${sign}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function clock(parts: Parts): string {
  const text = ['hour', 'minute', 'second'].map((name) => pad(number(parts, name), 2)).join(':');
  const nanos = number(parts, 'nanos');
  return nanos === 0 ? text : `${text}.${pad(nanos, 9).replace(/0+$/, '')}`;
}

function offset(parts: Parts): string {
  const seconds = number(parts, 'offsetSeconds');
  if (seconds === 0) return 'Z';
  const size = Math.abs(seconds);
  const units = [Math.floor(size / 3600), Math.floor(size / 60) % 60];
  const rest = size % 60 === 0 ? '' : `:${pad(size % 60, 2)}`;
  return `${seconds < 0 ? '-' : '+'}${units.map((unit) => pad(unit, 2)).join(':')}${rest}`;
}

/** As Debezium's interval.handling.mode=string has it, with the sign in front of each unit. */
function duration(parts: Parts): string {
  const of = (unit: string): number => number(parts, unit);
  const [seconds, nanos] = [of('seconds'), of('nanos')];
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const fraction = nanos === 0 ? '' : `.${pad(Math.abs(nanos), 9).replace(/0+$/, '')}`;
  const date = `P${of('years')}Y${of('months')}M${of('days')}D`;
  return `${date}T${of('hours')}H${of('minutes')}M${sign}${Math.abs(seconds)}${fraction}S`;
}
