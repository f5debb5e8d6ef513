import { TidemarkError } from '../src/foundation/errors.ts';
import type { ConnectValue, Struct } from '../src/model/connect-schema.ts';
import { isStruct } from '../src/model/connect-schema.ts';

/*
 * Values of records as targets read them. Each throws `mismatch` where a value is not of the kind.
 */

/** VALUE_CONVERSION: a record holds another kind of value than its schema says. */
export function mismatch(expected: string, value: ConnectValue): TidemarkError {
  const kind = Buffer.isBuffer(value) ? 'bytes' : Array.isArray(value) ? 'array' : typeof value;
  return new TidemarkError('VALUE_CONVERSION', `a value should be ${expected} but is ${kind}`);
}

/** A number; of 64 bits what a double makes of it. */
export function asNumber(value: ConnectValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw mismatch('a number', value);
}

/** A whole number of 64 bits; one that a double holds exactly too. */
export function asBigInt(value: ConnectValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw mismatch('an integer', value);
}

/** A text. */
export function asString(value: ConnectValue): string {
  if (typeof value === 'string') return value;
  throw mismatch('a string', value);
}

/** A struct of any schema. */
export function asStruct(value: ConnectValue): Struct {
  if (isStruct(value)) return value;
  throw mismatch('a struct', value);
}

/** A whole number in digits. */
export function integerText(value: ConnectValue): string {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    return String(value);
  }
  throw mismatch('an integer', value);
}
