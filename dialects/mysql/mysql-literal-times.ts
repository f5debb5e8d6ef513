import { TidemarkError } from '../../src/foundation/errors.ts';
import { civilFromDays, clockText, dateOf } from '../civil-calendar.ts';

/*
 * Dates and times as MySQL reads them. What it would cut or round in silence is refused: digits
 * below the microsecond, years without four digits, infinities, times past 838:59:59 (PITFALLS
 * S18).
 */

const DAY_MILLIS = 86_400_000;
const DAY_MICROS = 86_400_000_000;
/** 0001-01-01 and 9999-12-31, in days since 1970. A year 0 here is a part of a zero date. */
const DAYS_MIN = -719_162;
const DAYS_MAX = 2_932_896;
/** TIME ends at 838:59:59. */
const TIME_MICROS_MAX = 3_020_399_000_000;

function outside(what: string): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', `${what} lies outside of the range of MySQL`, {
    cure: 'Make the column a VARCHAR in the target, or correct the value in the source.',
  });
}

let lastDays = Number.NaN;
let lastDate = '';

/** Days since 1970, proleptic Gregorian. Rows of one batch often share a day. */
export function dateLiteral(days: number): string {
  if (days === lastDays) return lastDate;
  if (!(days >= DAYS_MIN && days <= DAYS_MAX)) throw outside('a date');
  lastDays = days;
  lastDate = dateOf(civilFromDays(days));
  return lastDate;
}

/** A time of day or a duration, of either sign. */
export function timeLiteral(micros: number): string {
  if (!(Math.abs(micros) <= TIME_MICROS_MAX)) throw outside('a time');
  return micros < 0 ? `-${clockText(-micros)}` : clockText(micros);
}

/** Microseconds since 1970. */
export function timestampLiteral(micros: bigint): string {
  const small = Number(micros);
  if (Number.isSafeInteger(small)) {
    const days = Math.floor(small / DAY_MICROS);
    return `${dateLiteral(days)} ${clockText(small - days * DAY_MICROS)}`;
  }
  // From the year 2255 on: as precise as before.
  const millis = micros / 1000n;
  const rest = micros - millis * 1000n;
  const days = Math.floor(Number(rest < 0n ? millis - 1n : millis) / DAY_MILLIS);
  const micro = micros - BigInt(days) * BigInt(DAY_MICROS);
  return `${dateLiteral(days)} ${clockText(Number(micro))}`;
}

/** Whole microseconds; a digit below is refused rather than lost. */
export function microsOfNanos(nanos: bigint): bigint {
  if (nanos % 1000n === 0n) return nanos / 1000n;
  throw new TidemarkError('VALUE_CONVERSION', 'a time has nanoseconds, MySQL has microseconds', {
    cure: 'Make the column a BIGINT in the target: it takes the nanoseconds as they are.',
  });
}

const CLOCK = String.raw`(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?`;
const ISO = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)(?:[T ]${CLOCK})?$`);
/** 1 BC, of a calendar that has it; without the zone it is a zero date of MySQL's own. */
const YEAR_0 = /^0000.*Z$/;
const ISO_TIME = /^(-?\d{1,3}:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?Z?$/;

/** A fraction of up to six digits with its point; zeros behind them are none. */
function fractionOf(digits: string | undefined): string {
  if (digits === undefined) return '';
  if (digits.length > 6 && !/^0+$/.test(digits.slice(6))) microsOfNanos(1n);
  return `.${digits.slice(0, 6)}`;
}

/** An ISO-8601 date. */
export function isoDateLiteral(text: string): string {
  const match = ISO.exec(text.endsWith('Z') && text.length === 11 ? text.slice(0, 10) : text);
  if (match === null || YEAR_0.test(text)) throw outside('a date');
  const [, year, month, day] = match;
  return `${year}-${month}-${day}`;
}

/** An ISO-8601 timestamp; one with an offset is turned into UTC, one without stays as it is. */
export function isoTimestampLiteral(text: string): string {
  const match = ISO.exec(text);
  if (match === null || YEAR_0.test(text)) throw outside('a timestamp');
  const [, year, month, day, time = '00:00:00', digits, zone = 'Z'] = match;
  const fraction = fractionOf(digits);
  if (zone === 'Z' || /^[+-]00(?::?00)?$/.test(zone)) {
    return `${year}-${month}-${day} ${time}${fraction}`;
  }
  const offset = /^([+-]\d\d):?(\d\d)?$/.exec(zone);
  const hours = Number(offset?.[1]);
  const minutes = hours * 60 + Math.sign(hours || 1) * Number(offset?.[2] ?? 0);
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
  const days = daysOf(Number(year), Number(month), Number(day));
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second - minutes * 60;
  return `${timestampLiteral(BigInt(seconds) * 1_000_000n)}${fraction}`;
}

/** An ISO-8601 time, or a duration of MySQL's. */
export function isoTimeLiteral(text: string): string {
  const match = ISO_TIME.exec(text);
  if (match === null) throw outside('a time');
  return `${match[1]}${fractionOf(match[2])}`;
}

function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
