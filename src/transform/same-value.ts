import { isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectValue } from '../model/connect-schema.ts';

/** Equal as Java's `equals`: NaN is NaN, 0.0 is not -0.0, 1.0 is not 1.00. */
export function sameValue(a: ConnectValue, b: ConnectValue): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') {
    return Object.is(a, b);
  }
  if (Buffer.isBuffer(a)) return Buffer.isBuffer(b) && a.equals(b);
  if (isStruct(a)) return isStruct(b) && sameValues(a.values, b.values);
  if (isDecimal(a)) return isDecimal(b) && a.unscaled === b.unscaled && a.scale === b.scale;
  if (a instanceof Map) return b instanceof Map && sameEntries(a, b);
  if (!Array.isArray(a) || !Array.isArray(b)) return false;
  return sameValues(a as readonly ConnectValue[], b as readonly ConnectValue[]);
}

function sameValues(a: readonly ConnectValue[], b: readonly ConnectValue[]): boolean {
  return a.length === b.length && a.every((item, i) => sameValue(item, b[i] ?? null));
}

function sameEntries(
  a: ReadonlyMap<string | number, ConnectValue>,
  b: ReadonlyMap<string | number, ConnectValue>,
): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([key, item]) => b.has(key) && sameValue(item, b.get(key) ?? null));
}
