import { expect, test } from 'vitest';

import { Backoff } from '../../src/foundation/backoff.ts';
import type { ErrorCode } from '../../src/foundation/error-table.ts';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { decideRestart } from '../../src/runtime/restart-policy.ts';

function backoffAfter(attempts: number): Backoff {
  const backoff = new Backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
  for (let i = 0; i < attempts; i++) backoff.nextDelayMs();
  return backoff;
}

test.each<[ErrorCode, number, number, boolean, 'retry' | 'fail']>([
  ['PG_CONNECTION_LOST', 0, -1, true, 'retry'],
  ['PG_CONNECTION_LOST', 50, -1, true, 'retry'],
  ['PG_CONNECTION_LOST', 3, 3, true, 'fail'],
  ['PG_CONNECTION_LOST', 2, 3, true, 'retry'],
  ['PG_CONNECTION_LOST', 0, 0, true, 'fail'],
  // A pipeline that never ran: the operator hears at once that the server is not there.
  ['PG_CONNECT', 0, -1, false, 'fail'],
  ['PG_CONNECT', 0, -1, true, 'retry'],
  // The old reader of a crashed daemon needs a while to go (PITFALLS P55).
  ['PG_SLOT_IN_USE', 0, -1, false, 'retry'],
  ['PG_AUTH', 0, -1, true, 'fail'],
  ['PG_SLOT_MISMATCH', 0, -1, true, 'fail'],
  ['DECODE', 0, -1, true, 'fail'],
])(
  '%s after %i attempts of %i, worked before: %s → %s',
  (code, attempts, maxRetries, hasWorked, kind) => {
    const decision = decideRestart(new TidemarkError(code, 'x'), backoffAfter(attempts), {
      maxRetries,
      hasWorked,
    });
    expect(decision.kind).toBe(kind);
  },
);

test('the delay doubles to its ceiling and starts again after a healthy signal', () => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
  const error = new TidemarkError('PG_CONNECTION_LOST', 'x');
  const delays = Array.from({ length: 6 }, () => {
    const decision = decideRestart(error, backoff, { maxRetries: -1, hasWorked: true });
    return decision.kind === 'retry' ? decision.delayMs : null;
  });
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  expect(backoff.nextDelayMs()).toBe(100);
});
