import { TidemarkError } from '../foundation/errors.ts';
import type { ErrorCode } from '../foundation/error-table.ts';
import type { ErrorDetails } from '../foundation/errors.ts';

/**
 * A refusal of the schema registry. `registryCode` is the `error_code` of Confluent's REST API; its
 * first three digits are the HTTP status.
 */
export class RegistryError extends TidemarkError {
  readonly registryCode: number;

  constructor(registryCode: number, code: ErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details);
    this.name = 'RegistryError';
    this.registryCode = registryCode;
  }
}
