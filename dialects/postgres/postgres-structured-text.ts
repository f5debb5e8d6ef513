import type { ConnectValue, Struct } from '../../src/model/connect-schema.ts';

const PREFIX = 'io.debezium.time.Structured';

/** The input text of a structured date, time or interval; null: the struct is something else. */
export function structuredText(value: Struct): string | null {
  const { name = '', fields = [] } = value.schema;
  if (!name.startsWith(PREFIX)) return null;
  const parts = new Map(fields.map((field, i) => [field.name, value.values[i] ?? null]));
  const special = parts.get('specialValue');
  if (typeof special === 'string') return special.startsWith('NEG') ? '-infinity' : 'infinity';
  switch (name.slice(PREFIX.length)) {
    case 'Date':
      return date(parts) + era(parts);
    case 'Time':
      return clock(parts);
    case 'ZonedTime':
      return clock(parts) + offset(parts);
    case 'Timestamp':
      return `${date(parts)} ${clock(parts)}${era(parts)}`;
    case 'ZonedTimestamp':
      return `${date(parts)} ${clock(parts)}${offset(parts)}${era(parts)}`;
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

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Year 0 is 1 BC. */
function date(parts: Parts): string {
  const year = number(parts, 'year');
  const shown = year > 0 ? year : 1 - year;
  return `${pad(shown, 4)}-${pad(number(parts, 'month'), 2)}-${pad(number(parts, 'day'), 2)}`;
}

function era(parts: Parts): string {
  return number(parts, 'year') > 0 ? '' : ' BC';
}

function clock(parts: Parts): string {
  const text = ['hour', 'minute', 'second'].map((name) => pad(number(parts, name), 2)).join(':');
  const nanos = number(parts, 'nanos');
  return nanos === 0 ? text : `${text}.${pad(nanos, 9)}`;
}

function offset(parts: Parts): string {
  const seconds = number(parts, 'offsetSeconds');
  const size = Math.abs(seconds);
  const units = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  return `${seconds < 0 ? '-' : '+'}${units.map((unit) => pad(unit, 2)).join(':')}`;
}

/** Seconds and their fraction have one sign, which `-0` seconds would lose. */
function duration(parts: Parts): string {
  const seconds = number(parts, 'seconds');
  const nanos = number(parts, 'nanos');
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const fraction = `${sign}${Math.abs(seconds)}.${pad(Math.abs(nanos), 9)}`;
  const units = ['years', 'months', 'days', 'hours', 'minutes'];
  return `${units.map((unit) => `${number(parts, unit)} ${unit}`).join(' ')} ${fraction} seconds`;
}
