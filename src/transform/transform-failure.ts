import type { ErrorCode } from '../foundation/error-table.ts';
import type { ErrorDetails } from '../foundation/errors.ts';
import { TidemarkError } from '../foundation/errors.ts';

/** A transform could not work on a record; `transform` is its name in the properties. */
export class TransformFailure extends TidemarkError {
  readonly transform: string;

  constructor(transform: string, code: ErrorCode, message: string, details: ErrorDetails) {
    super(code, message, details);
    this.transform = transform;
  }
}
