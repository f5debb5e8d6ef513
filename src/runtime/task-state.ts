import type { TidemarkError } from '../foundation/errors.ts';

/** Where a task stands; the one state, changed only by `nextTaskState`. */
export type TaskState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  | {
      readonly kind: 'backing-off';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: TidemarkError;
    }
  | { readonly kind: 'failed'; readonly error: TidemarkError }
  | { readonly kind: 'stopped' }
  /** It has done all there was to do: the tables are read, and no stream follows. */
  | { readonly kind: 'ended' };

export type TaskEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'error'; readonly error: TidemarkError; readonly decision: RestartDecision }
  | { readonly kind: 'retry' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'end' };

/** What the restart policy says of an error. */
export type RestartDecision =
  | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: 'fail' };

const FINAL: ReadonlySet<TaskState['kind']> = new Set(['stopped', 'failed', 'ended']);

/** The transition table; an event that means nothing in a state leaves it as it is. */
export function nextTaskState(state: TaskState, event: TaskEvent): TaskState {
  if (FINAL.has(state.kind)) return state;
  switch (event.kind) {
    case 'started':
      return { kind: 'running' };
    case 'retry':
      return { kind: 'starting' };
    case 'stop':
      return { kind: 'stopped' };
    case 'end':
      return { kind: 'ended' };
    case 'error':
      if (event.decision.kind === 'fail') return { kind: 'failed', error: event.error };
      return {
        kind: 'backing-off',
        attempt: event.decision.attempt,
        delayMs: event.decision.delayMs,
        error: event.error,
      };
  }
}
