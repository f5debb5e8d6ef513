import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors, toTidemarkError } from '../foundation/errors.ts';
import type { Logger } from './logger.ts';
import { decideRestart, type RetryOptions } from './restart-policy.ts';
import { nextTaskState, type TaskEvent, type TaskState } from './task-state.ts';

/** A task that can be run again after an error. */
export interface SupervisedTask {
  readonly name: string;
  /**
   * One life of the task: until the signal aborts (returns) or an error (throws). Calls `started`
   * once it is up and `healthy` after the first confirmed work: that alone resets the backoff.
   */
  run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void>;
  /** True when the task has worked before, in this or an earlier process. */
  hasWorked(): boolean;
}

/** How the log speaks of a task. */
export interface TaskRole {
  readonly label: string;
  /** What a failure for good means for the rest, for those who read only this line. */
  readonly afterFailure: string;
  /** Whoever runs the task shows its last error: the log has no need to. */
  readonly isShown?: boolean;
}

/** Runs a task again after errors that may pass, by class of error, until it stops or fails. */
export class Supervisor {
  readonly #task: SupervisedTask;
  readonly #options: RetryOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #role: TaskRole;
  #state: TaskState = { kind: 'starting' };
  #lastError: TidemarkError | null = null;

  constructor(
    task: SupervisedTask,
    options: RetryOptions,
    clock: Clock,
    logger: Logger,
    role: TaskRole = { label: task.name, afterFailure: '' },
  ) {
    this.#task = task;
    this.#role = role;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Why the task was last tried again; null after its first work since then. */
  get lastError(): TidemarkError | null {
    return this.#lastError;
  }

  /** Resolves when the task has stopped or failed for good; never rejects. */
  async run(signal: AbortSignal): Promise<TaskState> {
    const backoff = new Backoff({
      initialMs: this.#options.initialDelayMs,
      maxMs: this.#options.maxDelayMs,
    });
    const started = (): void => this.#apply({ kind: 'started' });
    const healthy = (): void => {
      backoff.reset();
      this.#lastError = null;
    };
    while (!signal.aborted && this.#state.kind !== 'failed') {
      try {
        await this.#task.run(signal, started, healthy);
        if (!signal.aborted) this.#apply({ kind: 'end' });
        break;
      } catch (thrown) {
        if (signal.aborted) {
          this.#logger.debug({ err: thrown }, 'error while stopping');
          break;
        }
        await this.#recover(thrown, backoff, signal);
      }
    }
    this.#apply({ kind: 'stop' });
    return this.#state;
  }

  async #recover(thrown: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    // Several at once are all logged with the one that decides; none of them is lost.
    const error = leadingError(thrown);
    const decision = decideRestart(error, backoff, {
      maxRetries: this.#options.maxRetries,
      hasWorked: this.#task.hasWorked(),
    });
    this.#lastError = error;
    this.#apply({ kind: 'error', error, decision });
    const fields = { task: this.#role.label, code: error.code, cure: error.cure };
    if (decision.kind === 'fail') {
      // Where code and message say it all, a stack would only bury them.
      const detail = DEFECTS.has(error.code) ? { err: error } : {};
      const { afterFailure, isShown = false } = this.#role;
      const then = afterFailure === '' ? '' : `; ${afterFailure}`;
      this.#logger[isShown ? 'debug' : 'error'](
        { ...fields, ...detail },
        `task failed: ${error.message}${then}`,
      );
      this.#logger.debug({ err: error }, 'where it failed');
      return;
    }
    // The level rises with the delay: a blip is information, a long outage an error.
    const level = decision.attempt > 5 ? 'error' : decision.attempt > 1 ? 'warn' : 'info';
    this.#logger[level](
      { ...fields, attempt: decision.attempt, delayMs: decision.delayMs },
      `task will be tried again: ${error.message}`,
    );
    await this.#clock.sleep(decision.delayMs, signal);
    this.#apply({ kind: 'retry' });
  }

  #apply(event: TaskEvent): void {
    this.#state = nextTaskState(this.#state, event);
  }
}

/** Errors that somebody has to look for in the program. */
const DEFECTS: ReadonlySet<TidemarkError['code']> = new Set(['INTERNAL', 'DECODE']);

/** Of several errors the first that no retry mends, with the messages of all. */
function leadingError(thrown: unknown): TidemarkError {
  if (!(thrown instanceof TidemarkErrors)) return toTidemarkError(thrown);
  const lead = thrown.errors.find((error) => error.retry === 'stop') ?? thrown.errors[0];
  if (lead === undefined || thrown.errors.length === 1) return lead ?? toTidemarkError(thrown);
  const cures = [...new Set(thrown.errors.map((error) => error.cure))].join(' ');
  return new TidemarkError(lead.code, thrown.message.replaceAll('\n', '; '), {
    cure: cures,
    cause: thrown,
  });
}
