import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { MOST_CLOCK_LETTERS, putClock, putDate, putFraction, putInstant } from './clock-text.ts';

/*
 * MariaDB's own temporal types with a fraction, written under mysql56_temporal_format=OFF (PITFALLS
 * B71). They share their type numbers with those of old, and only the table's definition tells how
 * many digits they have. All of them are one number, big-endian.
 */

const DASH = 0x2d;
const SPACE = 0x20;
/** By digits of the fraction. */
const TIME_BYTES = [3, 4, 4, 5, 5, 5, 6] as const;
const DATETIME_BYTES = [5, 6, 6, 7, 7, 7, 8] as const;
const FRACTION_BYTES = [0, 1, 1, 2, 2, 3, 3] as const;
const SECONDS_PER_DAY = 86_400;
/** 838:59:59, and one second. */
const TIME_ZERO_SECONDS = 3_020_400;

/** TIME(digits): units of the last digit since -838:59:59.999…. */
export function mariadbTimeWriter(digits: number): BinlogValueWriter {
  const size = TIME_BYTES[digits] ?? 3;
  const unit = 10 ** digits;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, size);
    const value = bytes.readUIntBE(at, size) - TIME_ZERO_SECONDS * unit;
    const magnitude = Math.abs(value);
    const seconds = Math.floor(magnitude / unit);
    if (seconds >= TIME_ZERO_SECONDS) invalidValue('no time', bytes, at, next);
    out.reserve(MOST_CLOCK_LETTERS);
    if (value < 0) out.bytes[out.position++] = DASH;
    const to = putSeconds(out.bytes, out.position, seconds);
    out.position = putFraction(out.bytes, to, magnitude - seconds * unit, digits);
    return next;
  };
}

/** DATETIME(digits): ((year·13 + month)·32 + day) days of seconds, in units of the last digit. */
export function mariadbDatetimeWriter(digits: number): BinlogValueWriter {
  const size = DATETIME_BYTES[digits] ?? 5;
  const unit = BigInt(10 ** digits);
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, size);
    const whole = BigInt(`0x${bytes.toString('hex', at, next)}`);
    const total = Number(whole / unit);
    const date = Math.floor(total / SECONDS_PER_DAY);
    const yearMonth = Math.floor(date / 32);
    const year = Math.floor(yearMonth / 13);
    if (year > 9999) invalidValue('no datetime', bytes, at, next);
    out.reserve(MOST_CLOCK_LETTERS);
    let to = putDate(out.bytes, out.position, year, yearMonth - year * 13, date % 32);
    out.bytes[to] = SPACE;
    to = putSeconds(out.bytes, to + 1, total - date * SECONDS_PER_DAY);
    out.position = putFraction(out.bytes, to, Number(whole % unit), digits);
    return next;
  };
}

/** TIMESTAMP(digits): seconds, then the digits of the fraction as a number. */
export function mariadbTimestampWriter(digits: number): BinlogValueWriter {
  const size = FRACTION_BYTES[digits] ?? 0;
  return (bytes: Buffer, at: number, end: number, out: ByteWriter) => {
    const next = behind(bytes, at, end, 4 + size);
    const fraction = size === 0 ? 0 : bytes.readUIntBE(at + 4, size);
    if (fraction >= 10 ** digits) invalidValue('no timestamp', bytes, at, next);
    out.reserve(MOST_CLOCK_LETTERS);
    const to = putInstant(out.bytes, out.position, bytes.readUInt32BE(at));
    out.position = putFraction(out.bytes, to, fraction, digits);
    return next;
  };
}

function putSeconds(target: Buffer, at: number, seconds: number): number {
  const minutes = Math.floor(seconds / 60);
  const hour = Math.floor(minutes / 60);
  return putClock(target, at, hour, minutes - hour * 60, seconds - minutes * 60);
}
