import { expect, test } from 'vitest';
import { BinlogCounters } from '../../../../src/source/mysql/stream/binlog-counters.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

test('counts outlive readers, and times are told as ages', () => {
  const clock = new FakeClock();
  const counters = new BinlogCounters();
  expect(counters.counts(clock)).toEqual({
    disconnects: 0,
    recoveredStatements: 0,
    appliedStatements: 0,
    recoveryBeganAtMs: null,
    sinceRecoveredMs: null,
    sinceAppliedMs: null,
  });
  const began = clock.nowMs();
  counters.recovered(0, began, clock);
  expect(counters.counts(clock)).toMatchObject({
    recoveryBeganAtMs: began,
    sinceRecoveredMs: null,
  });
  counters.recovered(3, began, clock);
  counters.recovered(2, began, clock);
  counters.applied(clock);
  counters.disconnected();
  expect(counters.counts(clock)).toEqual({
    disconnects: 1,
    recoveredStatements: 5,
    appliedStatements: 1,
    recoveryBeganAtMs: began,
    sinceRecoveredMs: 0,
    sinceAppliedMs: 0,
  });
});
