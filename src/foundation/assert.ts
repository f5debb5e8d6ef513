import { TidemarkError } from './errors.ts';

/** Throws INTERNAL when an invariant of our own does not hold. Never for input from outside. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TidemarkError('INTERNAL', message);
}

/** The value, which an invariant of our own says is there. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new TidemarkError('INTERNAL', message);
  return value;
}

/** Makes a `switch` over a union exhaustive for the compiler. */
export function unreachable(value: never): never {
  throw new TidemarkError('INTERNAL', `unexpected case: ${JSON.stringify(value)}`);
}
