import { describe, expect, test } from 'vitest';
import { ConfigErrors } from '../../src/config/resolve-options.ts';
import { alertsConfig } from '../support/alert-fixtures.ts';

function problemsOf(section: unknown): readonly string[] {
  try {
    alertsConfig(section);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    return error.errors.map(({ message }) => message.replace(/ \(shop\.yaml:\d+\)/, ''));
  }
}

describe('a rule that nothing fits is refused, with the reason', () => {
  test.each([
    [
      { classes: String.raw`lag\.tabel`, for: '1m' },
      String.raw`classes fits no class of alerts with lag\.tabel: did you mean lag.table?`,
    ],
    [{ classes: 'pigeon' }, 'classes fits no class of alerts with pigeon: the README lists them'],
    [
      { classes: String.raw`lag\..*`, threshold: '5gb' },
      'threshold 5gb fits nothing that the rule is for: of lag.source, lag.sink, lag.table ' +
        'a time (90s) is measured',
    ],
    [
      { classes: String.raw`store\.space`, threshold: '90s' },
      'threshold 90s fits nothing that the rule is for: of store.space a share (10%) is measured',
    ],
    [
      { classes: String.raw`lag\.sink`, threshold: '90' },
      'threshold 90 fits nothing that the rule is for: of lag.sink a time (90s) is measured',
    ],
    [
      { classes: String.raw`lag\.sink, dead_letters`, threshold: '90s' },
      'threshold 90s fits nothing that the rule is for: of dead_letters a count (3) is measured',
    ],
    [
      { classes: String.raw`budget\.retention`, threshold: '20%' },
      'threshold 20% fits nothing that the rule is for: budget.retention has its stages in ' +
        'retention.budget.alerts',
    ],
    [
      { classes: String.raw`task\..*`, threshold: '90s' },
      'threshold 90s fits nothing that the rule is for: nothing is measured of task.failed, ' +
        'task.retrying; enabled, severity and for may be said of it',
    ],
    [
      { tables: String.raw`public\..*`, threshold: '5%' },
      /^threshold 5% fits nothing that the rule is for: of lag\.table, table\.hold_deadline a time/,
    ],
    [
      { classes: String.raw`lag\.sink`, tables: String.raw`public\..*` },
      String.raw`tables never fits beside classes lag\.sink: lag.sink has no table`,
    ],
    [
      { classes: String.raw`heartbeat\..*`, sinks: 'warehouse' },
      String.raw`sinks never fits beside classes heartbeat\..*: heartbeat.missing has no sink`,
    ],
    [
      { classes: String.raw`schema\..*`, for: '5m' },
      String.raw`for changes nothing of classes schema\..*: they happen once, and are told at once`,
    ],
    [
      { classes: String.raw`schema\.column_.*`, 'repeat.interval': '5m' },
      /^repeat\.interval changes nothing of classes schema/,
    ],
  ] as const)('%j', (rule, expected) => {
    const [problem, ...more] = problemsOf({ rules: [rule] });
    const text = problem?.replace('alerts.rules[0]: ', '') ?? '';
    if (typeof expected === 'string') expect([text, ...more]).toEqual([expected]);
    else expect([text, ...more]).toEqual([expect.stringMatching(expected)]);
  });
});

test.each([
  { classes: '.*', threshold: '5gb' },
  { classes: String.raw`lag\..*`, threshold: '90s' },
  { classes: String.raw`lag\..*`, threshold: '10000' },
  { classes: String.raw`lag\.sink`, threshold: '0' },
  { classes: String.raw`budget\.bytes`, threshold: '5gb' },
  { classes: String.raw`budget\.time`, threshold: '2h' },
  { classes: 'dead_letters', threshold: '3', sinks: 'warehouse' },
  { tables: String.raw`public\.orders`, threshold: '30s' },
  { classes: '.*', for: '1m', 'repeat.interval': '1h' },
])('%j has something to decide', (rule) => {
  expect(problemsOf({ rules: [rule] })).toEqual([]);
});

test('channels and maintenance are about known classes, too', () => {
  const hook = { type: 'webhook', url: 'https://hooks.example/x' };
  expect(problemsOf([{ ...hook, classes: 'schema' }])).toEqual([
    'alerts.channels[0]: classes fits no class of alerts with schema: the README lists them',
  ]);
  const maintenance = [{ days: 'sun', classes: 'lag.sinks' }];
  expect(problemsOf({ maintenance })).toEqual([
    'alerts.maintenance[0]: classes fits no class of alerts with lag.sinks: did you mean lag.sink?',
  ]);
});
