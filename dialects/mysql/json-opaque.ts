import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { decimalWriter } from './binlog-decimal.ts';
import { BinlogType } from './binlog-type.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { MOST_CLOCK_LETTERS, putClock, putDate, putFraction } from './clock-text.ts';

/*
 * Values in JSON that JSON has no type for (PITFALLS B83): a column type, and its bytes.
 */

const QUOTE = 0x22;
const SPACE = 0x20;
const MINUS = 0x2d;
const MICRO_DIGITS = 6;
/** The server breaks its base64 into lines; in JSON the break is escaped. */
const LINE = 76;

/** Decimals as numbers, dates and times as texts, all else as base64 behind its type. */
export function writeOpaque(
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
  out: ByteWriter,
): void {
  switch (type) {
    case BinlogType.newDecimal:
      writeDecimal(bytes, start, end, out);
      return;
    case BinlogType.date:
    case BinlogType.datetime:
    case BinlogType.timestamp:
      writeDatetime(type === BinlogType.date, bytes, start, end, out);
      return;
    case BinlogType.time:
      writeTime(bytes, start, end, out);
      return;
    default: {
      const lines = bytes.toString('base64', start, end).match(LINES) ?? [];
      out.ascii(`"base64:type${type}:${lines.join('\\n')}"`);
    }
  }
}

const LINES = new RegExp(`.{1,${LINE}}`, 'g');

/** Precision and scale stand before the digits. */
function writeDecimal(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  const digits = behind(bytes, start, end, 2);
  const precision = bytes[start] as number;
  const scale = bytes[start + 1] as number;
  if (precision < 1 || precision > 65 || scale > precision) {
    invalidValue('no decimal in JSON', bytes, start, end);
  }
  decimalWriter(precision, scale)(bytes, digits, end, out);
}

/** 24 bits of µs, then 17 of the clock, 5 of the day, and year·13 + month. */
function writeDatetime(
  dateOnly: boolean,
  bytes: Buffer,
  start: number,
  end: number,
  out: ByteWriter,
): void {
  behind(bytes, start, end, 8);
  const micros = bytes.readUIntLE(start, 3);
  const whole = bytes.readUIntLE(start + 3, 5);
  const clock = whole % 0x2_0000;
  const date = (whole - clock) / 0x2_0000;
  const yearMonth = Math.floor(date / 32);
  const year = Math.floor(yearMonth / 13);
  if (year > 9999 || clock >> 12 > 23 || !isClock(clock, micros)) {
    invalidValue('no datetime in JSON', bytes, start, end);
  }
  out.reserve(MOST_CLOCK_LETTERS + 2);
  const target = out.bytes;
  let to = out.position;
  target[to++] = QUOTE;
  to = putDate(target, to, year, yearMonth - year * 13, date % 32);
  if (!dateOnly) {
    target[to++] = SPACE;
    to = putMicroClock(target, to, clock, micros);
  }
  target[to++] = QUOTE;
  out.position = to;
}

function writeTime(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
  behind(bytes, start, end, 8);
  const packed = bytes.readBigInt64LE(start);
  const magnitude = packed < 0n ? -packed : packed;
  const micros = Number(magnitude & 0xff_ffffn);
  const clock = Number(magnitude >> 24n);
  if (clock >> 12 > 838 || clock > 0x7f_ffff || !isClock(clock, micros)) {
    invalidValue('no time in JSON', bytes, start, end);
  }
  out.reserve(MOST_CLOCK_LETTERS + 2);
  const target = out.bytes;
  let to = out.position;
  target[to++] = QUOTE;
  if (packed < 0n) target[to++] = MINUS;
  to = putMicroClock(target, to, clock, micros);
  target[to++] = QUOTE;
  out.position = to;
}

function isClock(clock: number, micros: number): boolean {
  return ((clock >> 6) & 63) < 60 && (clock & 63) < 60 && micros < 1_000_000;
}

function putMicroClock(target: Buffer, at: number, clock: number, micros: number): number {
  const to = putClock(target, at, clock >> 12, (clock >> 6) & 63, clock & 63);
  return putFraction(target, to, micros, MICRO_DIGITS);
}
