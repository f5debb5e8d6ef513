import type { ResolvedOptions } from '../config/option.ts';
import type { Backoff } from '../foundation/backoff.ts';
import type { TidemarkError } from '../foundation/errors.ts';
import type { RestartDecision } from './task-state.ts';

/** `errors.max.retries` and `errors.retry.delay.*`. */
export interface RetryOptions {
  readonly maxRetries: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
}

/** What bears on the decision beside the error itself. */
export interface RestartLimits {
  /** errors.max.retries: -1 for ever, 0 never. */
  readonly maxRetries: number;
  /**
   * The task has worked before (it holds an offset). Without one, an environment that is not ready
   * is told to the operator at once instead of being retried for ever.
   */
  readonly hasWorked: boolean;
}

/** Decides from the error's class and the attempts so far; only a retry advances the backoff. */
export function decideRestart(
  error: TidemarkError,
  backoff: Backoff,
  limits: RestartLimits,
): RestartDecision {
  if (error.retry === 'stop') return { kind: 'fail' };
  const neverReady = error.exitCode === 3 && !limits.hasWorked && error.code !== 'PG_SLOT_IN_USE';
  if (neverReady) return { kind: 'fail' };
  if (limits.maxRetries >= 0 && backoff.attempt >= limits.maxRetries) return { kind: 'fail' };
  return { kind: 'retry', attempt: backoff.attempt + 1, delayMs: backoff.nextDelayMs() };
}

/** A connector's own properties win over the section `runtime`. */
export function retryOptionsOf(runtime: ResolvedOptions, own: ResolvedOptions): RetryOptions {
  const number = (name: string): number => own.optionalNumber(name) ?? runtime.number(name);
  return {
    maxRetries: number('errors.max.retries'),
    initialDelayMs: number('errors.retry.delay.initial.ms'),
    maxDelayMs: number('errors.retry.delay.max.ms'),
  };
}
