/** What the runtime does after an error: `backoff` tries again, `stop` waits for a person. */
export type RetryDirective = 'backoff' | 'stop';

/** 1 failed while running, 2 bad configuration, 3 environment not ready (DESIGN section 10). */
export type ExitCode = 1 | 2 | 3;

/** What a code means, and what follows from it. */
export interface ErrorPolicy {
  readonly retry: RetryDirective;
  readonly exitCode: ExitCode;
  readonly httpStatus: number;
  /** What is wrong in general, one sentence. */
  readonly meaning: string;
  /** What the operator does about it. */
  readonly cure: string;
}

/** One row of the table of errors. */
export function policy(
  retry: RetryDirective,
  exitCode: ExitCode,
  httpStatus: number,
  meaning: string,
  cure: string,
): ErrorPolicy {
  return { retry, exitCode, httpStatus, meaning, cure };
}
