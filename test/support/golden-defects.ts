import type { GoldenDifference } from './golden-differences.ts';

/** The name of the original's defect that explains a difference; null: the difference is ours. */
export function knownDefect(_difference: GoldenDifference): string | null {
  return null;
}
