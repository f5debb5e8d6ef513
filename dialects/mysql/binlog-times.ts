import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { MOST_CLOCK_LETTERS, putClock, putDate, putFraction, putInstant } from './clock-text.ts';
import { unsignedInteger } from './unsigned-integer.ts';

/*
 * Dates and times as the server prints them. Zero and partial dates are values like others
 * (PITFALLS B73); what no server stores (month 13, hour 25) means that the row was read wrongly.
 */

const DASH = 0x2d;
const SPACE = 0x20;

/** Big-endian fraction of `(digits + 1) / 2` bytes behind a temporal value (PITFALLS B70). */
function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

function fractionAt(bytes: Buffer, at: number, width: number): number {
  let fraction = 0;
  for (let i = at; i < at + width; i++) fraction = fraction * 256 + (bytes[i] as number);
  return fraction;
}

/** The stored fraction counts 100^bytes parts: an odd number of digits has a zero behind. */
function shownFraction(fraction: number, digits: number): number {
  return (digits & 1) === 0 ? fraction : (fraction / 10) | 0;
}

/** Type 10: three bytes, day in 5 bits, month in 4, year above. */
export function writeDate(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 3);
  const packed = unsignedInteger(bytes, at, 3);
  const year = packed >> 9;
  const month = (packed >> 5) & 15;
  if (year > 9999 || month > 12) invalidValue('no date', bytes, at, next);
  out.reserve(MOST_CLOCK_LETTERS);
  out.position = putDate(out.bytes, out.position, year, month, packed & 31);
  return next;
}

/** Type 18: 5 bytes big-endian (sign, 17 bits year·13+month, day, hour, minute, second). */
export function datetimeWriter(digits: number): BinlogValueWriter {
  const behindPoint = fractionBytes(digits);
  const parts = 100 ** behindPoint;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, 5 + behindPoint);
    const high = bytes.readUIntBE(at, 3);
    const low = bytes.readUInt16BE(at + 3);
    const fraction = fractionAt(bytes, at + 5, behindPoint);
    const yearMonth = (high >> 6) & 0x1ffff;
    const year = Math.floor(yearMonth / 13);
    const hour = ((high & 1) << 4) | (low >> 12);
    const minute = (low >> 6) & 63;
    const second = low & 63;
    if (high < 0x800000 || year > 9999 || hour > 23 || minute > 59 || second > 59) {
      invalidValue('no datetime', bytes, at, next);
    }
    if (fraction >= parts) invalidValue('no datetime', bytes, at, next);
    out.reserve(MOST_CLOCK_LETTERS);
    const target = out.bytes;
    let to = putDate(target, out.position, year, yearMonth - year * 13, (high >> 1) & 31);
    target[to] = SPACE;
    to = putClock(target, to + 1, hour, minute, second);
    out.position = putFraction(target, to, shownFraction(fraction, digits), digits);
    return next;
  };
}

/**
 * Type 19: hours, minutes, seconds and fraction as one number, big-endian, 0x80… is zero. Seen as a
 * whole it is plain two's complement, so that a negative time needs no borrowing (PITFALLS B70).
 */
export function timeWriter(digits: number): BinlogValueWriter {
  const behindPoint = fractionBytes(digits);
  const parts = 100 ** behindPoint;
  const unit = 256 ** behindPoint;
  const zero = 0x800000 * unit;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, 3 + behindPoint);
    const value = bytes.readUIntBE(at, 3 + behindPoint) - zero;
    const magnitude = Math.abs(value);
    const clock = Math.floor(magnitude / unit);
    const fraction = magnitude - clock * unit;
    const hour = clock >> 12;
    const minute = (clock >> 6) & 63;
    const second = clock & 63;
    if (hour > 838 || minute > 59 || second > 59 || fraction >= parts) {
      invalidValue('no time', bytes, at, next);
    }
    out.reserve(MOST_CLOCK_LETTERS);
    if (value < 0) out.bytes[out.position++] = DASH;
    const to = putClock(out.bytes, out.position, hour, minute, second);
    out.position = putFraction(out.bytes, to, shownFraction(fraction, digits), digits);
    return next;
  };
}

/** Type 17: seconds since 1970 UTC, big-endian, then the fraction; zero seconds: the zero date. */
export function timestampWriter(digits: number): BinlogValueWriter {
  const behindPoint = fractionBytes(digits);
  const parts = 100 ** behindPoint;
  return (bytes, at, end, out) => {
    const next = behind(bytes, at, end, 4 + behindPoint);
    const fraction = fractionAt(bytes, at + 4, behindPoint);
    if (fraction >= parts) invalidValue('no timestamp', bytes, at, next);
    out.reserve(MOST_CLOCK_LETTERS);
    const to = putInstant(out.bytes, out.position, bytes.readUInt32BE(at));
    out.position = putFraction(out.bytes, to, shownFraction(fraction, digits), digits);
    return next;
  };
}

/** Type 7, of tables older than MySQL 5.6.4: seconds, little-endian (PITFALLS B71). */
export function writeOldTimestamp(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 4);
  out.reserve(MOST_CLOCK_LETTERS);
  out.position = putInstant(out.bytes, out.position, bytes.readUInt32LE(at));
  return next;
}

/** Type 11 of the same age: the digits of hhmmss as a signed number. */
export function writeOldTime(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 3);
  const value = bytes.readIntLE(at, 3);
  const magnitude = Math.abs(value);
  const hour = Math.floor(magnitude / 10_000);
  const minute = Math.floor(magnitude / 100) % 100;
  const second = magnitude % 100;
  if (hour > 838 || minute > 59 || second > 59) invalidValue('no time', bytes, at, next);
  out.reserve(MOST_CLOCK_LETTERS);
  if (value < 0) out.bytes[out.position++] = DASH;
  out.position = putClock(out.bytes, out.position, hour, minute, second);
  return next;
}

/** Type 12 of the same age: the digits of YYYYMMDDhhmmss as a number of 8 bytes. */
export function writeOldDatetime(bytes: Buffer, at: number, end: number, out: ByteWriter): number {
  const next = behind(bytes, at, end, 8);
  const value = bytes.readUInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at);
  const date = Math.floor(value / 1_000_000);
  const clock = value - date * 1_000_000;
  const hour = Math.floor(clock / 10_000);
  const minute = Math.floor(clock / 100) % 100;
  const year = Math.floor(date / 10_000);
  const month = Math.floor(date / 100) % 100;
  const day = date % 100;
  if (year > 9999 || month > 12 || day > 31 || hour > 23 || minute > 59 || clock % 100 > 59) {
    invalidValue('no datetime', bytes, at, next);
  }
  out.reserve(MOST_CLOCK_LETTERS);
  const to = putDate(out.bytes, out.position, year, month, day);
  out.bytes[to] = SPACE;
  out.position = putClock(out.bytes, to + 1, hour, minute, clock % 100);
  return next;
}
