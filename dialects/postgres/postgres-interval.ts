import { conversionError } from '../value-conversion.ts';

/** Months, days and µs are separate and signed separately (PITFALLS P90). */
export interface Interval {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  /** Seconds of the minute, in µs. */
  readonly micros: number;
}

const NUMBER = '(-?\\d+)';
const INTERVAL = new RegExp(
  `^P(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}D)?` +
    `(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:(-?)(\\d+)(?:\\.(\\d{1,6}))?S)?)?$`,
);

const MICROS_PER_MONTH = 2_629_800_000_000n;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** Reads IntervalStyle iso_8601. Null for infinity and -infinity (PostgreSQL 17). */
export function parseInterval(text: string): Interval | null {
  if (text === 'infinity' || text === '-infinity') return null;
  const match = INTERVAL.exec(text);
  if (match === null || text === 'P') throw conversionError('the text is not an ISO interval');
  const part = (index: number): number => Number(match[index] ?? 0);
  const micros = part(7) * 1_000_000 + Number((match[8] ?? '').padEnd(6, '0'));
  return {
    years: part(1),
    months: part(2),
    days: part(3),
    hours: part(4),
    minutes: part(5),
    micros: match[6] === '-' ? -micros : micros,
  };
}

/**
 * µs, a month being 365.25/12 days: lossy by nature. Exact below 2^53 µs (285 years); above, the
 * original computes in doubles and holds at the ends of int64, and so do we.
 */
export function intervalMicros(text: string): bigint {
  const interval = parseInterval(text);
  if (interval === null) return text.startsWith('-') ? INT64_MIN : INT64_MAX;
  const { years, months, days, hours, minutes, micros } = interval;
  const clock = (BigInt(hours) * 60n + BigInt(minutes)) * 60_000_000n + BigInt(micros);
  const exact =
    (BigInt(years) * 12n + BigInt(months)) * MICROS_PER_MONTH +
    BigInt(days) * 86_400_000_000n +
    clock;
  if (exact < 1n << 53n && exact > -(1n << 53n)) return exact;
  const approximateDays = (years * 12 + months) * 30.4375 + days;
  const seconds = ((approximateDays * 24 + hours) * 60 + minutes) * 60 + micros / 1_000_000;
  const rounded = BigInt(Math.trunc(seconds * 1_000_000));
  if (rounded > INT64_MAX) return INT64_MAX;
  return rounded < INT64_MIN ? INT64_MIN : rounded;
}

/** `P1Y2M3DT4H5M6.789S`, every part written, as the original's interval.handling.mode=string. */
export function intervalText(text: string): string {
  const interval = parseInterval(text);
  if (interval === null) return text;
  const { years, months, days, hours, minutes, micros } = interval;
  const whole = Math.floor(Math.abs(micros) / 1_000_000);
  const fraction = String(Math.abs(micros) % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const seconds = `${micros < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  return `P${years}Y${months}M${days}DT${hours}H${minutes}M${seconds}S`;
}
