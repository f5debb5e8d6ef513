import { TidemarkError } from '../../foundation/errors.ts';
import { DECIMAL, isDecimal } from '../../model/connect-schema.ts';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
  Decimal,
} from '../../model/connect-schema.ts';
import { javaBigDecimal, javaDouble, javaFloat } from '../../model/java-number.ts';
import { CONNECT_DATE, CONNECT_TIME, CONNECT_TIMESTAMP, DAY_MS } from '../logical-time.ts';

/** What a value can be cast to. */
export type CastType =
  'int8' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64' | 'boolean' | 'string';

const BITS: Readonly<Record<string, number>> = { int8: 8, int16: 16, int32: 32, int64: 64 };

/** Whether `type` is one of them. */
export function isCastType(type: ConnectType): type is CastType {
  return type in BITS || ['float32', 'float64', 'boolean', 'string'].includes(type);
}

/** A value in another type, as Connect's Cast converts it. */
export function castValue(
  schema: ConnectSchema,
  value: ConnectValue,
  type: CastType,
): ConnectValue {
  if (value === null) return null;
  if (schema.type === 'struct' || schema.type === 'array' || schema.type === 'map') {
    throw refused(schema, type);
  }
  if (type === 'string') return text(schema, value);
  if (type === 'boolean') return truth(schema, value);
  if (typeof value === 'string') return parsed(value, type);
  const number = numberOf(schema, value, type);
  if (type === 'float32') return Math.fround(floating(number));
  if (type === 'float64') return floating(number);
  return wrapped(number, type);
}

/** Booleans, numbers, bigints, decimals; anything else cannot be a number. */
function numberOf(
  schema: ConnectSchema,
  value: ConnectValue,
  type: CastType,
): number | bigint | Decimal {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (isDecimal(value)) return value;
  throw refused(schema, type);
}

function floating(value: number | bigint | Decimal): number {
  return typeof value === 'object' ? Number(javaBigDecimal(value)) : Number(value);
}

/** Java's narrowing: integers keep their low bits, floats are cut to 32 or 64 bits first. */
function wrapped(value: number | bigint | Decimal, type: CastType): number | bigint {
  const bits = BITS[type] ?? 64;
  const whole = bits === 64 ? clamped(value, 64) : clamped(value, 32);
  const low = BigInt.asIntN(bits, whole);
  return bits === 64 ? low : Number(low);
}

function clamped(value: number | bigint | Decimal, bits: 32 | 64): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'object') {
    const by = 10n ** BigInt(Math.abs(value.scale));
    return value.scale > 0 ? value.unscaled / by : value.unscaled * by;
  }
  if (Number.isNaN(value)) return 0n;
  const most = 2n ** BigInt(bits - 1);
  if (value >= Number(most)) return most - 1n;
  if (value <= -Number(most)) return -most;
  return BigInt(Math.trunc(value));
}

function parsed(value: string, type: CastType): number | bigint {
  if (type === 'float32' || type === 'float64') {
    const trimmed = value.trim();
    const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(trimmed)
      ? Number(trimmed.replace(/[dDfF]$/, ''))
      : SPECIAL[trimmed];
    if (number === undefined) throw unreadable(value, type);
    return type === 'float32' ? Math.fround(number) : number;
  }
  const bits = BITS[type] ?? 64;
  if (!/^[+-]?\d+$/.test(value)) throw unreadable(value, type);
  const number = BigInt(value.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, number) !== number) throw unreadable(value, type);
  return bits === 64 ? number : Number(number);
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN,
  Infinity,
  '+Infinity': Infinity,
  '-Infinity': -Infinity,
};

function truth(schema: ConnectSchema, value: ConnectValue): boolean {
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (typeof value === 'boolean') return value;
  // A long keeps the value, all other numbers are cut to it.
  return clamped(numberOf(schema, value, 'boolean'), 64) !== 0n;
}

function text(schema: ConnectSchema, value: ConnectValue): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (value !== null && isDecimal(value)) return javaBigDecimal(value);
  const millis = millisOf(schema, value);
  if (millis !== null) return dateText(millis);
  if (typeof value === 'number') {
    if (schema.type === 'float32') return javaFloat(value);
    return schema.type === 'float64' ? javaDouble(value) : String(value);
  }
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw refused(schema, 'string');
}

function millisOf(schema: ConnectSchema, value: ConnectValue): number | null {
  switch (schema.name) {
    case CONNECT_DATE:
      return Number(value) * DAY_MS;
    case CONNECT_TIME:
    case CONNECT_TIMESTAMP:
      return Number(value);
    default:
      return null;
  }
}

/** By its value, not by its type: within the first day a time, at midnight a date. */
function dateText(millis: number): string {
  const iso = new Date(millis).toISOString();
  if (millis < DAY_MS) return iso.slice(iso.indexOf('T') + 1);
  return millis % DAY_MS === 0 ? iso.slice(0, iso.indexOf('T')) : iso;
}

function refused(schema: ConnectSchema, type: CastType): TidemarkError {
  const found = schema.name === DECIMAL ? 'a decimal' : (schema.name ?? schema.type);
  return new TidemarkError('TRANSFORM', `Cast cannot make ${type} of ${found}`);
}

function unreadable(value: string, type: CastType): TidemarkError {
  return new TidemarkError('TRANSFORM', `Cast: a text of ${value.length} characters is no ${type}`);
}
