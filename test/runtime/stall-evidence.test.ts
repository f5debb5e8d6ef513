import { expect, test } from 'vitest';
import { counted, ofBlocker, seconds } from '../../src/runtime/stall-evidence.ts';

test('one of something, and several', () => {
  expect([0, 1, 2].map((count) => counted(count, 'record'))).toEqual([
    '0 records',
    '1 record',
    '2 records',
  ]);
});

test('times as people say them', () => {
  expect([400, 90_000, 700_000].map(seconds)).toEqual(['0 s', '90 s', '12 min']);
});

test('of somebody in the way what is known', () => {
  const known = { ageMs: 90_000, statement: 'LOCK TABLE t', waiting: 'SELECT 1' };
  const who = { kind: 'lock', who: 'pid 1', cure: '', table: null } as const;
  expect(ofBlocker({ ...who, ...known })).toEqual([
    'open for 90 s',
    'its statement: LOCK TABLE t',
    'ours that waits: SELECT 1',
  ]);
  expect(ofBlocker({ ...who, ageMs: null, statement: null, waiting: null })).toEqual([]);
});
