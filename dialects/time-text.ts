import { clockText, daysFromCivil, isoDate, modulo, pad } from './civil-calendar.ts';
import {
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteMillis,
  infiniteNanos,
} from './infinite-times.ts';

/*
 * Times as texts, for targets that keep them as such (SQLite, whose functions read ISO 8601 with a
 * blank between date and time) or read them (DuckDB). Of each time there is one text, whatever
 * digits the record had: texts are equal where times are, and sort as these do (from the year 0 to
 * 9999). Without a zone a fraction has the digits that it needs; an instant is in UTC with six and
 * a Z, which would stand in the wrong order otherwise. Nothing is lost: years outside of these have
 * ISO 8601's signs, PostgreSQL's infinities their words, nanoseconds nine digits (PITFALLS S18).
 */

const DAY_MICROS = 86_400_000_000;
const DAY_SECONDS = 86_400;
const FRACTION_DIGITS = 6;

/** Rows have few days, and a row has several times. */
const KNOWN_DATES = 4096;
const dates = new Map<number, string>();

function dateOf(days: number): string {
  let text = dates.get(days);
  if (text === undefined) {
    if (dates.size >= KNOWN_DATES) dates.clear();
    text = isoDate(days);
    dates.set(days, text);
  }
  return text;
}

/** Days since 1970. */
export function dateText(days: number): string {
  return infiniteDays(days) ?? dateOf(days);
}

function withoutZeros(clock: string): string {
  return clock.endsWith('0') && clock.includes('.') ? clock.replace(/\.?0+$/, '') : clock;
}

/** A time of day, or a duration of either sign. */
export function timeText(micros: number): string {
  return micros < 0 ? `-${withoutZeros(clockText(-micros))}` : withoutZeros(clockText(micros));
}

/** The same with nine digits where there are that many. */
export function nanoTimeText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos;
  const text = withNanos(clockText(Number(size / 1000n)), Number(size % 1000n));
  return nanos < 0n ? `-${text}` : text;
}

function withNanos(clock: string, nanos: number): string {
  if (nanos === 0) return withoutZeros(clock);
  const micros = clock.includes('.') ? clock : `${clock}.000000`;
  return withoutZeros(micros + pad(nanos, 3));
}

/** Microseconds since 1970, without a zone. */
export function timestampText(micros: bigint): string {
  return infiniteMicros(micros) ?? timestamp(micros, 0);
}

/** Milliseconds since 1970, without a zone. */
export function milliTimestampText(millis: bigint): string {
  return infiniteMillis(millis) ?? timestamp(millis * 1000n, 0);
}

/** Nanoseconds since 1970, without a zone. */
export function nanoTimestampText(nanos: bigint): string {
  const infinite = infiniteNanos(nanos);
  if (infinite !== undefined) return infinite;
  const rest = modulo(nanos, 1000n);
  return timestamp((nanos - rest) / 1000n, Number(rest));
}

function timestamp(micros: bigint, nanos: number): string {
  const small = Number(micros);
  if (Number.isSafeInteger(small)) {
    const days = Math.floor(small / DAY_MICROS);
    return `${dateOf(days)} ${withNanos(clockText(small - days * DAY_MICROS), nanos)}`;
  }
  // From the year 2255 on: as precise as before.
  const ofDay = modulo(micros, BigInt(DAY_MICROS));
  const days = Number((micros - ofDay) / BigInt(DAY_MICROS));
  return `${dateOf(days)} ${withNanos(clockText(Number(ofDay)), nanos)}`;
}

const ISO = new RegExp(
  String.raw`^([+-]?\d{4,})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?` +
    String.raw`(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$`,
);
const ISO_TIME = /^(-?\d{1,3}:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?$/;

/** An ISO-8601 date. What is none, such as a zero date of MySQL, stays as it is. */
export function isoDateText(text: string): string {
  return infiniteIso(text) ?? (text.endsWith('Z') ? text.slice(0, -1) : text);
}

/** An ISO-8601 time, or a duration of MySQL's. */
export function isoTimeText(text: string): string {
  const match = ISO_TIME.exec(text);
  if (match === null) return text;
  const [, minutes, seconds = '00', digits] = match;
  return withoutZeros(`${minutes}:${seconds}${digits === undefined ? '' : `.${digits}`}`);
}

/** An ISO-8601 timestamp without a zone; a Z that stands for none is left out. */
export function isoTimestampText(text: string): string {
  const infinite = infiniteIso(text);
  if (infinite !== undefined) return infinite;
  const match = ISO.exec(text);
  if (match === null) return text;
  const [, year, month, day, hour = '00', minute = '00', second = '00', digits = ''] = match;
  const fraction = digits === '' ? '' : `.${digits}`;
  return `${year}-${month}-${day} ${withoutZeros(`${hour}:${minute}:${second}${fraction}`)}`;
}

const USUAL = '0000-00-00T00:00:00.000000';
const USUAL_SECONDS = USUAL.indexOf('.');
const ZERO = 48;

/** Four digits of a year, six of a second at most, and UTC: what sources send, told at a glance. */
function isUsualInstant(text: string): boolean {
  const end = text.length - 1;
  const isLong = end > USUAL_SECONDS + 1 && end <= USUAL.length;
  if (!(isLong || end === USUAL_SECONDS) || !text.endsWith('Z')) return false;
  for (let i = 0; i < end; i++) {
    const wanted = USUAL.charCodeAt(i);
    const found = text.charCodeAt(i);
    if (wanted === ZERO ? found < ZERO || found > ZERO + 9 : found !== wanted) return false;
  }
  return true;
}

/** An ISO-8601 timestamp with an offset, in UTC. */
export function instantText(text: string): string {
  if (isUsualInstant(text)) {
    const fraction = text.length === USUAL_SECONDS + 1 ? '' : text.slice(USUAL_SECONDS + 1, -1);
    const clock = text.slice(11, USUAL_SECONDS);
    return `${text.slice(0, 10)} ${clock}.${fraction.padEnd(FRACTION_DIGITS, '0')}Z`;
  }
  const infinite = infiniteIso(text);
  if (infinite !== undefined) return infinite;
  const match = ISO.exec(text);
  if (match === null) return text;
  const [, year = '', month, day, hour = '00', minute = '00', second = '00'] = match;
  const [digits = '', zone = 'Z'] = match.slice(7);
  const fraction = `.${digits.padEnd(FRACTION_DIGITS, '0')}Z`;
  const offset = zone === 'Z' ? 0 : offsetSeconds(zone);
  if (offset === 0) return `${year}-${month}-${day} ${hour}:${minute}:${second}${fraction}`;
  const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const days = daysFromCivil(Number(year), Number(month), Number(day));
  const seconds = days * DAY_SECONDS + clock - offset;
  const utcDays = Math.floor(seconds / DAY_SECONDS);
  const ofDay = (seconds - utcDays * DAY_SECONDS) * 1_000_000;
  return `${dateOf(utcDays)} ${clockText(ofDay)}${fraction}`;
}

/** `+05:53:28`, `-0330`, `+01`. */
function offsetSeconds(zone: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = zone
    .slice(1)
    .replaceAll(':', '')
    .replaceAll(/\d\d(?=\d)/g, '$& ')
    .split(' ')
    .map(Number);
  const size = hours * 3600 + minutes * 60 + seconds;
  return zone.startsWith('-') ? -size : size;
}
