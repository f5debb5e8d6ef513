import { TidemarkError } from '../foundation/errors.ts';

/** CONFIG_UNSUPPORTED: a table that is left out of a comparison. */
export function notCompared(what: string): TidemarkError {
  return new TidemarkError('CONFIG_UNSUPPORTED', `verify does not compare ${what}`, {
    cure: 'Leave the table out with --table.',
  });
}
