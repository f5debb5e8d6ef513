import { expect, test } from 'vitest';
import { ALERT_CLASSES, STALL_CAUSES } from '../../src/config/alert-classes.ts';
import { budgetConditions, stallConditions } from '../../src/runtime/stall-conditions.ts';
import { loadSources } from '../support/source-tree.ts';

const known = new Set(ALERT_CLASSES.map(({ name }) => name));

/** What channels get beside alerts: no rule is asked. */
const NOTICES_ONLY = ['alerts.suppressed', 'alerts.test'];

test('every class that the code raises is known, so that rules may name it', () => {
  const sources = loadSources('src').filter(({ path }) => /^src\/(alert|runtime)\//.test(path));
  const raised = sources.flatMap(({ text }) =>
    [...text.matchAll(/\bclass: '([a-z_]+\.[a-z_]+)'|'([a-z]+\.[a-z]+)', (?:table|this\.#t)/g)].map(
      ([, literal, argument]) => literal ?? argument ?? '',
    ),
  );
  expect(raised.length).toBeGreaterThan(10);
  expect(raised.filter((name) => !known.has(name) && !NOTICES_ONLY.includes(name))).toEqual([]);
});

test('a cause of a stall is told under a known class', () => {
  const stalls = STALL_CAUSES.map((cause) => ({
    cause,
    sink: null,
    table: null,
    severity: ['idle', 'server_busy'].includes(cause) ? ('info' as const) : ('warning' as const),
    title: '',
    evidence: [],
    cure: '',
  }));
  const told = stallConditions(stalls).map((condition) => condition.class);
  expect(told).toEqual([...known].filter((name) => name.startsWith('stall.')));
});

test('budgets are measured as their classes say', () => {
  const budget = {
    setting: 's',
    leftPercent: 20,
    leftBytes: 200,
    leftMs: 7_500_000,
    isEstimate: false,
  };
  const conditions = budgetConditions(
    {
      floor: '0/10',
      heldBytes: 900,
      bytesPerSecond: 10,
      state: null,
      isLost: false,
      isHeldByTransaction: false,
      budget,
    },
    [50],
  );
  const units = conditions.map((one) => [
    one.class,
    one.measure?.isStage === true ? null : one.measure?.unit,
  ]);
  const wanted = ALERT_CLASSES.filter(({ name }) => name.startsWith('budget.'));
  expect(units).toEqual(wanted.map(({ name, unit }) => [name, unit]));
});
