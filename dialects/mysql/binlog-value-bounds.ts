import { DecodeError } from '../../src/foundation/byte-reader.ts';

/** Position behind `count` bytes at `at`; they must lie before `end`. */
export function behind(bytes: Buffer, at: number, end: number, count: number): number {
  const next = at + count;
  if (next > end) invalidValue(`${count} bytes wanted, ${end - at} left`, bytes, at, end);
  return next;
}

/** The error of a value that is none of its type: it shows the value, not the rows around it. */
export function invalidValue(what: string, bytes: Buffer, at: number, end: number): never {
  throw new DecodeError(what, bytes.subarray(at, Math.max(at, end)), 0);
}
