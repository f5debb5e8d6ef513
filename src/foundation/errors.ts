import type { ExitCode, RetryDirective } from './error-policy.ts';
import { ERROR_TABLE, type ErrorCode } from './error-table.ts';

/** What is known in this case beyond the code and the message. */
export interface ErrorDetails {
  /** Overrides the table's cure where the exact statement or value is known. */
  readonly cure?: string;
  readonly cause?: unknown;
}

/** The one error class. `message` says what happened here; policy and cure are the table's. */
export class TidemarkError extends Error {
  readonly code: ErrorCode;
  readonly cure: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TidemarkError';
    this.code = code;
    this.cure = details.cure ?? ERROR_TABLE[code].cure;
  }

  get retry(): RetryDirective {
    return ERROR_TABLE[this.code].retry;
  }

  get exitCode(): ExitCode {
    return ERROR_TABLE[this.code].exitCode;
  }

  get httpStatus(): number {
    return ERROR_TABLE[this.code].httpStatus;
  }

  /** Shape for `--json` and HTTP: `{code, message, cure}`. */
  toJSON(): { code: ErrorCode; message: string; cure: string } {
    return { code: this.code, message: this.message, cure: this.cure };
  }
}

/** Several errors found at once (`check`, configuration): all of them are shown. */
export class TidemarkErrors extends Error {
  readonly errors: readonly TidemarkError[];

  constructor(errors: readonly TidemarkError[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'TidemarkErrors';
    this.errors = errors;
  }
}

/** Wraps whatever was thrown; a `TidemarkError` passes through unchanged. */
export function toTidemarkError(thrown: unknown, code: ErrorCode = 'INTERNAL'): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidemarkError(code, message, { cause: thrown });
}
