import { expect, test } from 'vitest';
import { LSN_ZERO } from '../../../src/model/lsn.ts';
import { attemptOf, firstOffset } from '../../../src/source/postgres/snapshot-offset.ts';

test('an offset names the attempt that it is of', () => {
  const attempt = { systemIdentifier: '7', timeline: 1, slotName: 's' };
  const offset = firstOffset(attempt, 'running', LSN_ZERO, null);
  expect(attemptOf(offset)).toEqual(attempt);
  expect([offset.snapshot, offset.endLsn, offset.eventsDone]).toEqual(['running', LSN_ZERO, 0]);
});
