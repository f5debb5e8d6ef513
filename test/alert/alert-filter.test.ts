import { expect, test } from 'vitest';
import { covers, judge } from '../../src/alert/alert-filter.ts';
import type { AlertMeasure } from '../../src/model/alert.ts';
import { alertCondition, alertsConfig } from '../support/alert-fixtures.ts';

const LAG: AlertMeasure = { value: 70_000, unit: 'ms', threshold: 60_000, bad: 'above' };

function judged(rules: readonly unknown[], measure: AlertMeasure | undefined = LAG) {
  const condition = alertCondition({ measure, holdMs: 5000 });
  return judge(condition, alertsConfig({ rules }).rules, 1000);
}

test('without a rule a condition is as it says', () => {
  expect(judged([])).toMatchObject({ severity: 'warning', holdMs: 5000, repeatMs: 1000 });
  expect(judged([])).toMatchObject({ isBad: true, measure: LAG });
  expect(judged([], { ...LAG, value: 60_000 })?.isBad).toBe(false);
});

test('the first rule that fits decides, and says what it says', () => {
  const rule = {
    classes: String.raw`lag\..*`,
    threshold: '90s',
    for: '10m',
    severity: 'critical',
    'repeat.interval': '1h',
  };
  expect(judged([rule, { classes: '.*', enabled: false }])).toMatchObject({
    isBad: false,
    severity: 'critical',
    holdMs: 600_000,
    repeatMs: 3_600_000,
    measure: { threshold: 90_000 },
  });
  expect(judged([{ sinks: 'warehouse', enabled: false }])).toBeNull();
  expect(judged([{ sinks: 'other', enabled: false }])?.isBad).toBe(true);
});

test('a threshold of another unit is of another measure', () => {
  const gigabytes = [{ classes: '.*', threshold: '1gb' }];
  expect(judged(gigabytes)?.measure).toEqual(LAG);
  const left: AlertMeasure = { value: 8, unit: 'percent', threshold: 25, bad: 'below' };
  expect(judged([{ classes: '.*', threshold: '5%' }], left)?.isBad).toBe(false);
  expect(judged([{ classes: '.*', threshold: '9' }], left)?.isBad).toBe(true);
});

test('an alert of no table is of none that a filter names', () => {
  const [rule] = alertsConfig({ rules: [{ tables: String.raw`public\..*` }] }).rules;
  const filter = rule?.filter ?? { classes: [], tables: [], sinks: [] };
  const alert = { class: 'a', sink: null };
  expect(covers(filter, { ...alert, table: null })).toBe(false);
  expect(covers(filter, { ...alert, table: 'public.orders' })).toBe(true);
  expect(covers(filter, { ...alert, table: 'audit.public.orders' })).toBe(false);
});
