import { TidemarkError } from '../../foundation/errors.ts';
import { DAY_MS } from '../logical-time.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** A run of one letter, or text that stands for itself. */
type Part =
  | { readonly kind: 'letter'; readonly letter: string; readonly count: number }
  | { readonly kind: 'text'; readonly text: string };

/** What was read so far; all that is missing is that of 1970-01-01T00:00Z. */
interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  milli: number;
  afternoon: boolean;
  offsetMinutes: number;
}

const DATE_MS_MAX = 8.64e15;
const CYCLE_MS = 146_097 * DAY_MS;

const KNOWN = 'GyMLdDEuaHkKhmsSzZX';

/**
 * Java's SimpleDateFormat in UTC with English names, on the proleptic Gregorian calendar. Weeks are
 * not built, nor years of weeks.
 */
export class SimpleDateFormat {
  readonly #parts: readonly Part[];
  readonly #pattern: string;

  /** Throws CONFIG_INVALID for letters without meaning. */
  constructor(property: string, pattern: string) {
    this.#pattern = pattern;
    this.#parts = partsOf(pattern);
    for (const part of this.#parts) {
      if (part.kind !== 'letter' || KNOWN.includes(part.letter)) continue;
      throw new TidemarkError(
        'CONFIG_INVALID',
        `${property}: ${JSON.stringify(pattern)} has the letter ${part.letter}`,
        { cure: `Letters are ${KNOWN}; other text stands in single quotes.` },
      );
    }
  }

  format(millis: number): string {
    // Java's calendar goes on where that of JavaScript ends; every 400 years are alike.
    const cycles = Math.abs(millis) > DATE_MS_MAX ? Math.floor(millis / CYCLE_MS) : 0;
    const date = new Date(millis - cycles * CYCLE_MS);
    const year = date.getUTCFullYear() + cycles * 400;
    return this.#parts
      .map((part) => (part.kind === 'text' ? part.text : formatted(part, date, year)))
      .join('');
  }

  /** Milliseconds since 1970. Throws TRANSFORM for a text that has another form. */
  parse(text: string): number {
    const fields: Fields = {
      year: 1970,
      month: 0,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
      milli: 0,
      afternoon: false,
      offsetMinutes: 0,
    };
    let rest = text;
    for (const [i, part] of this.#parts.entries()) {
      const length =
        part.kind === 'text'
          ? literal(part.text, rest)
          : read(part, this.#parts[i + 1], rest, fields);
      if (length === null) throw this.#unreadable(text);
      rest = rest.slice(length);
    }
    const { year, month, day, hour, minute, second, milli, afternoon, offsetMinutes } = fields;
    const date = new Date(0);
    date.setUTCFullYear(year, month, day);
    date.setUTCHours(afternoon ? (hour % 12) + 12 : hour, minute - offsetMinutes, second, milli);
    return date.getTime();
  }

  #unreadable(text: string): TidemarkError {
    const what = `a text of ${text.length} characters`;
    return new TidemarkError('TRANSFORM', `${what} is no time of the form ${this.#pattern}`, {
      cure: 'Correct the format of the TimestampConverter.',
    });
  }
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (const [found] of pattern.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+|'/g)) {
    const [first = ''] = found;
    if (first === "'") {
      const text = found === "''" ? "'" : found.slice(1, -1).replaceAll("''", "'");
      parts.push({ kind: 'text', text });
    } else if (/[a-zA-Z]/.test(first)) {
      parts.push({ kind: 'letter', letter: first, count: found.length });
    } else parts.push({ kind: 'text', text: found });
  }
  return parts;
}

function formatted(
  { letter, count }: Part & { kind: 'letter' },
  date: Date,
  fullYear: number,
): string {
  const padded = (value: number): string => String(value).padStart(count, '0');
  const hour = date.getUTCHours();
  switch (letter) {
    case 'G':
      return fullYear > 0 ? 'AD' : 'BC';
    case 'y': {
      const year = fullYear > 0 ? fullYear : 1 - fullYear;
      return count === 2 ? String(year % 100).padStart(2, '0') : padded(year);
    }
    case 'M':
    case 'L':
      return named(MONTHS, date.getUTCMonth(), count) ?? padded(date.getUTCMonth() + 1);
    case 'd':
      return padded(date.getUTCDate());
    case 'D':
      return padded(dayOfYear(date));
    case 'E':
      return named(DAYS, date.getUTCDay(), Math.max(3, count)) ?? '';
    case 'u':
      return padded(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'H':
      return padded(hour);
    case 'k':
      return padded(hour === 0 ? 24 : hour);
    case 'K':
      return padded(hour % 12);
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12);
    case 'm':
      return padded(date.getUTCMinutes());
    case 's':
      return padded(date.getUTCSeconds());
    case 'S':
      return padded(date.getUTCMilliseconds());
    case 'z':
      return count < 4 ? 'UTC' : 'Coordinated Universal Time';
    case 'Z':
      return '+0000';
    default:
      return 'Z';
  }
}

/** Three letters are the short name, more the full one. */
function named(names: readonly string[], index: number, count: number): string | null {
  if (count < 3) return null;
  const name = names[index] ?? '';
  return count === 3 ? name.slice(0, 3) : name;
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start.getTime()) / DAY_MS) + 1;
}

function literal(text: string, rest: string): number | null {
  return rest.startsWith(text) ? text.length : null;
}

/** Takes a part off the beginning of the text; null: it is not there. */
function read(
  part: Part & { kind: 'letter' },
  next: Part | undefined,
  rest: string,
  fields: Fields,
): number | null {
  const { letter, count } = part;
  if ((letter === 'M' || letter === 'L') && count >= 3)
    return readName(MONTHS, rest, (i) => (fields.month = i));
  if (letter === 'E') return readName(DAYS, rest, () => undefined);
  if ('zZX'.includes(letter)) return readOffset(rest, fields);
  if (letter === 'a' || letter === 'G') return readHalf(letter, rest, fields);
  // Digits that stand next to digits are counted; otherwise as many as there are.
  const isPacked = next?.kind === 'letter' && !'EazZXG'.includes(next.letter);
  const found = (isPacked ? new RegExp(`^\\d{${count}}`) : /^\s*-?\d+/).exec(rest)?.[0];
  if (found === undefined) return null;
  setNumber(letter, count, Number(found), found.trim().length, fields);
  return found.length;
}

function readName(
  names: readonly string[],
  rest: string,
  take: (index: number) => void,
): number | null {
  const lower = rest.toLowerCase();
  const index = names.findIndex((name) => lower.startsWith(name.slice(0, 3).toLowerCase()));
  const name = names[index];
  if (name === undefined) return null;
  take(index);
  return lower.startsWith(name.toLowerCase()) ? name.length : 3;
}

function readHalf(letter: string, rest: string, fields: Fields): number | null {
  const found = (letter === 'a' ? /^(?:AM|PM)/i : /^(?:AD|BC)/i).exec(rest)?.[0];
  if (found === undefined) return null;
  if (found.toUpperCase() === 'PM') fields.afternoon = true;
  return 2;
}

function readOffset(rest: string, fields: Fields): number | null {
  const found = /^(?:Z|UTC|GMT)?(?:([+-])(\d{2}):?(\d{2})?)?/i.exec(rest);
  if (found === null || found[0] === '') return null;
  const minutes = Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0);
  fields.offsetMinutes = found[1] === '-' ? -minutes : minutes;
  return found[0].length;
}

function setNumber(
  letter: string,
  count: number,
  value: number,
  digits: number,
  fields: Fields,
): void {
  switch (letter) {
    case 'y':
      fields.year = count <= 2 && digits === 2 ? nearYear(value) : value;
      break;
    case 'M':
    case 'L':
      fields.month = value - 1;
      break;
    case 'd':
    case 'D':
      fields.day = value;
      break;
    case 'H':
    case 'K':
      fields.hour = value;
      break;
    case 'k':
      fields.hour = value === 24 ? 0 : value;
      break;
    case 'h':
      fields.hour = value === 12 ? 0 : value;
      break;
    case 'm':
      fields.minute = value;
      break;
    case 's':
      fields.second = value;
      break;
    case 'S':
      fields.milli = value;
      break;
    default:
  }
}

/** Two digits are a year within 80 years before and 20 years after today. */
function nearYear(value: number): number {
  const earliest = new Date().getUTCFullYear() - 80;
  const year = Math.floor(earliest / 100) * 100 + value;
  return year < earliest ? year + 100 : year;
}
