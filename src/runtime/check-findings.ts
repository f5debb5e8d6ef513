import type { TidemarkError } from '../foundation/errors.ts';

/** What a check of one part found. */
export interface CheckFindings {
  readonly problems: readonly TidemarkError[];
  readonly warnings: readonly string[];
}
