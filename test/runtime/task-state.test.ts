import { expect, test } from 'vitest';

import { TidemarkError } from '../../src/foundation/errors.ts';
import { nextTaskState, type TaskEvent, type TaskState } from '../../src/runtime/task-state.ts';

const error = new TidemarkError('PG_CONNECTION_LOST', 'x');
const states: Record<TaskState['kind'], TaskState> = {
  starting: { kind: 'starting' },
  running: { kind: 'running' },
  'backing-off': { kind: 'backing-off', attempt: 1, delayMs: 5, error },
  failed: { kind: 'failed', error },
  stopped: { kind: 'stopped' },
  ended: { kind: 'ended' },
};
const events: Record<string, TaskEvent> = {
  started: { kind: 'started' },
  stop: { kind: 'stop' },
  end: { kind: 'end' },
  again: { kind: 'retry' },
  retry: { kind: 'error', error, decision: { kind: 'retry', attempt: 2, delayMs: 9 } },
  fail: { kind: 'error', error, decision: { kind: 'fail' } },
};

test.each<[TaskState['kind'], string, TaskState['kind']]>([
  ['starting', 'started', 'running'],
  ['starting', 'retry', 'backing-off'],
  ['starting', 'fail', 'failed'],
  ['starting', 'stop', 'stopped'],
  ['running', 'retry', 'backing-off'],
  ['running', 'fail', 'failed'],
  ['running', 'stop', 'stopped'],
  ['running', 'end', 'ended'],
  ['ended', 'stop', 'ended'],
  ['ended', 'fail', 'ended'],
  ['backing-off', 'again', 'starting'],
  ['backing-off', 'stop', 'stopped'],
  ['failed', 'started', 'failed'],
  ['failed', 'stop', 'failed'],
  ['failed', 'again', 'failed'],
  ['stopped', 'started', 'stopped'],
  ['stopped', 'fail', 'stopped'],
])('%s on %s → %s', (from, event, to) => {
  expect(nextTaskState(states[from], events[event] as TaskEvent).kind).toBe(to);
});
