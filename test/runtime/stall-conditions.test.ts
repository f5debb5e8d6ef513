import { expect, test } from 'vitest';
import type { RetentionView } from '../../src/runtime/retention-forecast.ts';
import { budgetConditions, stallConditions } from '../../src/runtime/stall-conditions.ts';
import type { Stall } from '../../src/runtime/watch-view.ts';

const STALL: Stall = {
  cause: 'lock_wait',
  sink: null,
  table: 'public.t',
  severity: 'warning',
  title: 'waits',
  evidence: ['a', 'b'],
  cure: 'c',
};

test('a stall has the same key for as long as it holds; what is idle is no condition', () => {
  const other: Stall = { ...STALL, cause: 'slow_target', sink: 'dwh', table: null };
  const idle: Stall = { ...STALL, cause: 'idle', severity: 'info' };
  expect(stallConditions([STALL, other, idle])).toMatchObject([
    { key: 'stall:lock_wait:source:public.t', class: 'stall.lock_wait', cause: 'a; b', cure: 'c' },
    { key: 'stall:slow_target:dwh', class: 'stall.slow_target', sink: 'dwh', table: null },
  ]);
});

const RETENTION: RetentionView = {
  floor: '0/10',
  heldBytes: 900,
  bytesPerSecond: 10,
  state: 'extended',
  isLost: false,
  isHeldByTransaction: false,
  budget: {
    setting: 'max_slot_wal_keep_size = 1kB',
    leftPercent: 20,
    leftBytes: 200,
    leftMs: 7_500_000,
    isEstimate: false,
  },
};

test('each stage of a budget is a condition of its own; the last one is critical', () => {
  const found = budgetConditions(RETENTION, [50, 25, 10]);
  expect(found.map(({ key, severity }) => [key, severity])).toEqual([
    ['budget:source:50', 'warning'],
    ['budget:source:25', 'warning'],
    ['budget:source:10', 'critical'],
    ['budget:source:bytes', 'warning'],
    ['budget:source:time', 'warning'],
  ]);
  expect(found.at(-2)?.measure).toMatchObject({ value: 900, unit: 'bytes', bad: 'above' });
  expect(found.at(-1)?.measure).toMatchObject({ value: 7_500_000, unit: 'ms', bad: 'below' });
  expect(found[1]).toMatchObject({
    title: '20 % left of what the server keeps for the source, 2 h at the pace of now',
    cause: 'max_slot_wal_keep_size = 1kB; 900 bytes are kept, from 0/10 on',
    measure: { value: 20, unit: 'percent', threshold: 25, bad: 'below' },
  });
  const held = budgetConditions({ ...RETENTION, isHeldByTransaction: true }, [50]);
  expect(held[0]?.cure).toContain('end it');
  const tables = budgetConditions({ ...RETENTION, heldFor: ['public.a', 'public.b'] }, [50]);
  expect(tables[0]?.cure).toBe(
    'public.a, public.b wait in it before a change: tidemark schema approve or reject.',
  );
});

test('without a limit only what is kept is measured', () => {
  const found = budgetConditions({ ...RETENTION, budget: null }, [50]);
  expect(found.map(({ key }) => key)).toEqual(['budget:source:bytes']);
  const unknown = { ...RETENTION, budget: null, heldBytes: null };
  expect(budgetConditions(unknown, [50])).toEqual([]);
  expect(budgetConditions(null, [50])).toEqual([]);
});
