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
  | { readonly kind: 'stopped' };

export type TaskEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'error'; readonly error: TidemarkError; readonly decision: RestartDecision }
  | { readonly kind: 'retry' }
  | { readonly kind: 'stop' };

/** What the restart policy says of an error. */
export type RestartDecision =
  | { readonly kind: 'retry'; readonly attempt: number; readonly delayMs: number }
  | { readonly kind: 'fail' };

/** The transition table; an event that means nothing in a state leaves it as it is. */
export function nextTaskState(state: TaskState, event: TaskEvent): TaskState {
  if (state.kind === 'stopped' || state.kind === 'failed') return state;
  switch (event.kind) {
    case 'started':
      return { kind: 'running' };
    case 'retry':
      return { kind: 'starting' };
    case 'stop':
      return { kind: 'stopped' };
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
