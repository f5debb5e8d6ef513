import type { ConnectSchema, ConnectType, ConnectValue } from '../model/connect-schema.ts';
import { DECIMAL, formatDecimal, isDecimal } from '../model/connect-schema.ts';
import { enumMembers } from './record-shape.ts';

/** What a value is in another schema; undefined: something of it would be lost. */
export type ValueFit = (value: ConnectValue) => ConnectValue | undefined;

/** Low and high of integers; a bigint is a number of 64 bits. */
const BITS: Readonly<Partial<Record<ConnectType, number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
};

/** Units of one another: what is of the same kind differs by a factor. */
const NANOS: Readonly<Record<string, readonly [string, bigint]>> = {
  'io.debezium.time.Timestamp': ['timestamp', 1_000_000n],
  'io.debezium.time.MicroTimestamp': ['timestamp', 1000n],
  'io.debezium.time.NanoTimestamp': ['timestamp', 1n],
  'io.debezium.time.Time': ['time', 1_000_000n],
  'io.debezium.time.MicroTime': ['time', 1000n],
  'io.debezium.time.NanoTime': ['time', 1n],
};

/**
 * How values of one schema become those of another without loss. Null: nobody knows such a way, or
 * there is none for any value but null.
 */
export function valueFit(from: ConnectSchema, to: ConnectSchema): ValueFit | null {
  const fit = presentFit(from, to);
  if (fit === null) return null;
  return (value) => (value === null ? (to.optional ? null : undefined) : fit(value));
}

function presentFit(from: ConnectSchema, to: ConnectSchema): ValueFit | null {
  const members = enumMembers(to);
  if (members !== null && from.type === 'string') return memberFit(members, to);
  if (from.type === to.type && from.name === to.name && sameDetails(from, to)) return same;
  const [unit, wanted] = [NANOS[from.name ?? ''], NANOS[to.name ?? '']];
  if (unit !== undefined || wanted !== undefined) {
    if (unit === undefined || wanted === undefined || unit[0] !== wanted[0]) return null;
    return integerFit(to, (value) => scaled(value, unit[1], wanted[1]));
  }
  if (to.name === DECIMAL) return decimalFit(from, Number(to.parameters?.['scale'] ?? 0));
  if (to.name !== undefined) return null;
  if (to.type === 'string') return textFit(from);
  if (BITS[to.type] !== undefined) return toInteger(from, to);
  return to.type === 'float64' || to.type === 'float32' ? floatFit(from, to.type) : null;
}

function same(value: ConnectValue): ConnectValue {
  return value;
}

/** Lengths and the like say nothing of a value's form; a scale and what is inside do. */
function sameDetails(from: ConnectSchema, to: ConnectSchema): boolean {
  if (from.parameters?.['scale'] !== to.parameters?.['scale']) return false;
  const inside = ({ valueSchema, keySchema, fields }: ConnectSchema): string =>
    JSON.stringify([valueSchema, keySchema, fields], (_, part: unknown) =>
      typeof part === 'bigint' ? `${part}` : part,
    );
  return inside(from) === inside(to);
}

function memberFit(members: readonly string[], { name }: ConnectSchema): ValueFit {
  const known = new Set(members);
  const isSet = name === 'io.debezium.data.EnumSet';
  return (value) => {
    if (typeof value !== 'string') return undefined;
    const parts = isSet ? value.split(',').filter((part) => part !== '') : [value];
    return parts.every((part) => known.has(part)) ? value : undefined;
  };
}

function scaled(value: bigint, from: bigint, to: bigint): bigint | undefined {
  const nanos = value * from;
  return nanos % to === 0n ? nanos / to : undefined;
}

function wholeOf(value: ConnectValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** In the form and the range of the type. */
function integerFit(
  { type }: ConnectSchema,
  change: (value: bigint) => bigint | undefined,
): ValueFit {
  const bits = BITS[type] ?? 64;
  return (value) => {
    const whole = wholeOf(value);
    const changed = whole === undefined ? undefined : change(whole);
    if (changed === undefined || BigInt.asIntN(bits, changed) !== changed) return undefined;
    return bits === 64 ? changed : Number(changed);
  };
}

function toInteger(from: ConnectSchema, to: ConnectSchema): ValueFit | null {
  const fit = integerFit(to, (value) => value);
  if (from.name === DECIMAL) {
    return (value) => {
      if (!isDecimal(value)) return undefined;
      const one = 10n ** BigInt(value.scale);
      return value.unscaled % one === 0n ? fit(value.unscaled / one) : undefined;
    };
  }
  if (from.name !== undefined) return null;
  if (from.type === 'string') {
    return (value) =>
      typeof value === 'string' && /^(?:0|-?[1-9]\d{0,18})$/.test(value)
        ? fit(BigInt(value))
        : undefined;
  }
  const isNumber = BITS[from.type] !== undefined || from.type.startsWith('float');
  return isNumber ? (value) => (Object.is(value, -0) ? undefined : fit(value)) : null;
}

function decimalFit(from: ConnectSchema, scale: number): ValueFit | null {
  if (from.name === DECIMAL) {
    return (value) => {
      if (!isDecimal(value)) return undefined;
      const unscaled = scaled(value.unscaled, 10n ** BigInt(scale), 10n ** BigInt(value.scale));
      return unscaled === undefined ? undefined : { unscaled, scale };
    };
  }
  if (from.name !== undefined || BITS[from.type] === undefined) return null;
  return (value) => {
    const whole = wholeOf(value);
    return whole === undefined ? undefined : { unscaled: whole * 10n ** BigInt(scale), scale };
  };
}

function textFit(from: ConnectSchema): ValueFit | null {
  if (from.name === DECIMAL) {
    return (value) => (isDecimal(value) ? formatDecimal(value) : undefined);
  }
  if (enumMembers(from) !== null) return same;
  if (from.name !== undefined || BITS[from.type] === undefined) return null;
  return (value) => wholeOf(value)?.toString();
}

function floatFit(from: ConnectSchema, type: 'float32' | 'float64'): ValueFit | null {
  const isNumber = BITS[from.type] !== undefined || from.type.startsWith('float');
  if (from.name !== undefined || !isNumber) return null;
  return (value) => {
    const number = Number(value);
    if (typeof value === 'bigint' && BigInt(number) !== value) return undefined;
    return type === 'float64' || Object.is(Math.fround(number), number) ? number : undefined;
  };
}
