import { TidemarkError } from '../../foundation/errors.ts';

/**
 * A unique index other than the key refuses a row. Unlike what else a target refuses for good,
 * this may pass: the row that has the value may be about to lose it, by a record of another
 * partition.
 */
export class UniqueViolation extends TidemarkError {}
