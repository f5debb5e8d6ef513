import type { ConnectValue } from '../../src/model/connect-schema.ts';
import { isDecimal } from '../../src/model/connect-schema.ts';
import type { TypedCell } from '../typed-cells.ts';
import { usualMicros } from './duckdb-usual-times.ts';

/*
 * Values as DuckDB's vectors have them, without a text on the way: what a CAST of the text of
 * `duckdb-scalars` would be (a property test holds both equal). Whatever is not in the usual form
 * is undefined, and goes by its text, which DuckDB reads or refuses.
 */

/** Undefined: only its text will do. */
export type TypedValue = (value: Exclude<ConnectValue, null>) => TypedCell | undefined;

function small(min: number, max: number): TypedValue {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value + 0
      : undefined;
}

function large(min: bigint, max: bigint): TypedValue {
  return (value) => {
    if (typeof value === 'bigint') return value >= min && value <= max ? value : undefined;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= min
      ? BigInt(value)
      : undefined;
  };
}

/** Whole numbers, by type. */
export const TYPED_WHOLE: Readonly<Record<string, TypedValue>> = {
  TINYINT: small(-128, 127),
  SMALLINT: small(-32_768, 32_767),
  INTEGER: small(-2_147_483_648, 2_147_483_647),
  BIGINT: large(-(2n ** 63n), 2n ** 63n - 1n),
  UTINYINT: small(0, 255),
  USMALLINT: small(0, 65_535),
  UINTEGER: small(0, 4_294_967_295),
  UBIGINT: large(0n, 2n ** 64n - 1n),
};

/** What is not finite is a word. */
export const typedDouble: TypedValue = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export const typedFloat: TypedValue = (value) =>
  typeof value === 'number' && Number.isFinite(value) && Math.fround(value) === value
    ? value
    : undefined;

export const typedBoolean: TypedValue = (value) => (typeof value === 'boolean' ? value : undefined);

/** Of another scale than the column's it would be rounded, or get zeros. */
export function typedDecimal(precision: number, scale: number): TypedValue {
  const end = 10n ** BigInt(precision);
  return (value) => {
    if (!isDecimal(value) || value.scale !== scale) return undefined;
    const { unscaled } = value;
    return unscaled < end && unscaled > -end ? unscaled : undefined;
  };
}

/** The years 1000 to 9999: what lies beyond may stand for an infinite time. */
const FIRST_DAY = Date.UTC(1000, 0, 1) / 86_400_000;
const END_DAY = Date.UTC(10_000, 0, 1) / 86_400_000;
const MICROS_PER_DAY = 86_400_000_000n;
const FIRST_MICRO = BigInt(FIRST_DAY) * MICROS_PER_DAY;
const END_MICRO = BigInt(END_DAY) * MICROS_PER_DAY;

/** Days since 1970. */
export const typedDays: TypedValue = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= FIRST_DAY && value < END_DAY
    ? value + 0
    : undefined;

/** µs since 1970. */
export const typedMicros: TypedValue = (value) =>
  typeof value === 'bigint' && value >= FIRST_MICRO && value < END_MICRO ? value : undefined;

/** ms since 1970. */
export const typedMillis: TypedValue = (value) =>
  typeof value === 'bigint' ? typedMicros(value * 1000n) : undefined;

/** µs since 1970, of `2024-02-29T10:00:00.123456Z`. */
export const typedInstant: TypedValue = (value) =>
  typeof value === 'string' && value.endsWith('Z')
    ? usualMicros(value, value.length - 1, 'T')
    : undefined;
