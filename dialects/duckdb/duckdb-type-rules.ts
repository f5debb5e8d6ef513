import type { DuckdbType } from './duckdb-type-name.ts';

/** The smallest and the largest whole number of a type. */
type Range = readonly [min: bigint, max: bigint];

function signed(bits: bigint): Range {
  return [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

function unsigned(bits: bigint): Range {
  return [0n, 2n ** bits - 1n];
}

const WHOLE: ReadonlyMap<string, Range> = new Map([
  ['TINYINT', signed(8n)],
  ['SMALLINT', signed(16n)],
  ['INTEGER', signed(32n)],
  ['BIGINT', signed(64n)],
  ['HUGEINT', signed(128n)],
  ['UTINYINT', unsigned(8n)],
  ['USMALLINT', unsigned(16n)],
  ['UINTEGER', unsigned(32n)],
  ['UBIGINT', unsigned(64n)],
  ['UHUGEINT', unsigned(128n)],
]);

/** Whole numbers of up to so many bits a floating-point type holds, each and every one. */
const FLOATS: ReadonlyMap<string, bigint> = new Map([
  ['FLOAT', 24n],
  ['DOUBLE', 53n],
]);

/** Whether the type has whole numbers only. */
export function isWholeType({ base, depth }: DuckdbType): boolean {
  return depth === 0 && WHOLE.has(base);
}

function wholeFits([min, max]: Range, to: DuckdbType): boolean {
  const range = WHOLE.get(to.base);
  if (range !== undefined) return range[0] <= min && max <= range[1];
  const bits = FLOATS.get(to.base);
  if (bits !== undefined) return -(2n ** bits) <= min && max <= 2n ** bits;
  if (to.digits === null) return false;
  const [precision, scale] = to.digits;
  const limit = 10n ** BigInt(precision - scale);
  return -limit < min && max < limit;
}

/** Elements of the first type are elements of the second, with nothing lost. */
function baseFits(from: DuckdbType, to: DuckdbType): boolean {
  const range = WHOLE.get(from.base);
  if (range !== undefined) return wholeFits(range, to);
  if (from.base === 'FLOAT') return to.base === 'FLOAT' || to.base === 'DOUBLE';
  if (from.digits !== null && to.digits !== null) {
    const [precision, scale] = from.digits;
    return to.digits[1] >= scale && to.digits[0] - to.digits[1] >= precision - scale;
  }
  if (from.labels !== null && to.labels !== null) {
    const labels = new Set(to.labels);
    return from.labels.every((label) => labels.has(label));
  }
  return from.base === to.base;
}

/** Every value of the first type is one of the second. */
export function duckdbTypeFits(from: DuckdbType, to: DuckdbType): boolean {
  return from.depth === to.depth && baseFits(from, to);
}
