import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { isSearchSinkClass } from '../config/search-sink-options.ts';
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

/**
 * A connector's own properties win over the section `runtime`; by their names of Connect, or by
 * those that the classes of the JDBC sinks have for them, whose wait does not grow.
 */
export function retryOptionsOf(
  runtime: ResolvedOptions,
  { connectorClass, options: own }: Pick<ConnectorConfig, 'connectorClass' | 'options'>,
): RetryOptions {
  const given = (...names: readonly string[]): number | undefined =>
    names.map((name) => own.optionalNumber(name)).find((value) => value !== undefined);
  // Those of a search sink are of its bulks, and have defaults: a server that is away for longer
  // than they last would stop the sink for good.
  const isSearch = isSearchSinkClass(connectorClass);
  const delayMs = isSearch ? undefined : given('retry.backoff.ms', 'flush.retry.delay.ms');
  const delay = (name: string): number => given(name) ?? delayMs ?? runtime.number(name);
  const retries = isSearch ? undefined : given('max.retries', 'flush.max.retries');
  return {
    maxRetries: given('errors.max.retries') ?? retries ?? runtime.number('errors.max.retries'),
    initialDelayMs: delay('errors.retry.delay.initial.ms'),
    maxDelayMs: delay('errors.retry.delay.max.ms'),
  };
}
